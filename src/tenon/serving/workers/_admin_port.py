"""The port for operators of a server that is several processes."""

from __future__ import annotations

import asyncio
import logging

from tenon.serving._http_listener import HttpListener
from tenon.serving._ports import free_port
from tenon.serving.configuration import ServerOptions
from tenon.serving.console import DEFAULT_MAX_BODY_BYTES, AdminApi
from tenon.serving.http import HttpServer
from tenon.serving.rest import ProbeApi
from tenon.serving.security import Gate, SecurityConfig, TlsWatcher, exposure_warning, read_security
from tenon.serving.workers._fleet import Fleet
from tenon.serving.workers._fleet_controls import FleetControls

CERTIFICATE_SECONDS = 2.0
"""How often the supervisor looks whether its certificate has changed."""

_log = logging.getLogger("tenon.serving")


class AdminPort:
    """Answer operators, in the process that supervises the workers.

    Its probes tell of the whole fleet: started when all workers have served once, ready when one of them serves. Its
    audit is the file that the security configuration names; those of the workers stand beside it.

    Args:
        options: of the server; ``admin_port`` must be set.
        fleet: the workers.

    Raises:
        InvalidArgumentError: the security configuration breaks a rule.
        FailedPreconditionError: another process writes the audit, or a certificate is no good.
        OSError: a file cannot be read.

    Attributes:
        port: the port in use after ``start``.
    """

    def __init__(self, options: ServerOptions, fleet: Fleet) -> None:
        path = options.security_config_file
        self.port = options.admin_port
        self._options, self._fleet = options, fleet
        self._security = SecurityConfig() if path is None else read_security(path)
        self._gate = Gate(self._security)
        self._tls = None if options.tls is None else TlsWatcher(options.tls, self._gate.refused_connection)
        self._listener: HttpListener | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            FailedPreconditionError: the port is taken, or the host is not an address of this machine.
        """
        options = self._options
        if warning := exposure_warning(options.admin_host, options.tls, self._security):
            _log.warning("admin_port: %s", warning)
        address, self.port = free_port(options.admin_host, options.admin_port or 0, "admin_port")
        controls = FleetControls(self._fleet, lambda: self.port)
        apis = [
            ProbeApi(lambda: self._fleet.has_loaded, lambda: bool(self._fleet.members)),
            AdminApi(controls, gate=self._gate, hosts=[options.admin_host]),
        ]
        server = HttpServer(apis, max_request_bytes=DEFAULT_MAX_BODY_BYTES, timeout=options.reload_timeout_seconds)
        self._listener = HttpListener(server, address, self.port, "admin_port")
        await self._listener.start(None if self._tls is None else self._tls.material)
        if self._tls is not None:
            self._watching = asyncio.create_task(self._renew(self._tls, self._listener))

    async def stop(self) -> None:
        """Answer what is in flight, and end."""
        if self._watching is not None:
            self._watching.cancel()
        if self._listener is not None:
            await self._listener.stop(self._options.drain_seconds)
        await asyncio.to_thread(self._gate.close)

    async def _renew(self, tls: TlsWatcher, listener: HttpListener) -> None:
        """Use a new certificate when its files change."""
        while True:
            await asyncio.sleep(CERTIFICATE_SECONDS)
            if await asyncio.to_thread(tls.poll):
                listener.renew(tls.material)
                _log.info("admin_port: a new certificate is in use, until %s", tls.material.expires)
