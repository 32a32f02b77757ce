"""A port of HTTP: granian in this event loop, with certificates that may change."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from typing import Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.server.embed import Server as Granian

from tenon.serving._open_files import max_rest_connections
from tenon.serving._ports import until_listening
from tenon.serving.http import RsgiApp
from tenon.serving.security import TlsMaterial

_LEAVE_SECONDS = 2.0
"""How long clients have to ask once more, and be told that their connection ends, before an idle one is closed."""


_GOODBYE_SECONDS = 0.2
"""The same when the server stops, and whoever started it waits."""


class HttpListener:
    """Serve an application on one port, over TLS where there is a certificate.

    The port is shared with other processes, and with a successor of this listener's own web server: new certificates
    come with a new server beside the old one, which then answers what it has and stops.

    Args:
        app: what answers.
        address: the address in digits.
        port: the port.
        name: the option that named the port, for errors.
    """

    def __init__(self, app: RsgiApp, address: str, port: int, name: str) -> None:
        self._app, self._address, self._port, self._name = app, address, port, name
        self._server: Granian | None = None
        self._task: asyncio.Task[None] | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None

    async def start(self, tls: TlsMaterial | None = None) -> None:
        """Listen.

        Args:
            tls: certificate and key; ``None`` to speak in clear.

        Raises:
            FailedPreconditionError: the web server ended at once.
        """
        self._files = tempfile.TemporaryDirectory(prefix="tenon-tls-") if tls is not None else None
        self._server = Granian(
            self._app,
            address=self._address,
            port=self._port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=1024,
            backpressure=max_rest_connections(),
            log_enabled=False,
            **_tls_arguments(tls, self._files.name if self._files is not None else ""),
        )
        self._task = asyncio.create_task(self._server.serve())
        await until_listening(self._address, self._port, self._task, self._name)

    async def renew(self, tls: TlsMaterial, drain_seconds: float) -> None:
        """Listen with other certificates; requests under way are answered.

        A connection that is closed while a client sends its next request loses that request, so those in use are ended
        by an answer that says so.

        Args:
            tls: the certificates.
            drain_seconds: how long those requests may take.
        """
        old, old_app = (self._server, self._task, self._files), self._app
        self._app = old_app.successor()
        await self.start(tls)
        old_app.leave()
        await asyncio.sleep(min(_LEAVE_SECONDS, drain_seconds))
        await _end(*old, drain_seconds)

    async def stop(self, drain_seconds: float) -> None:
        """End connections in use with an answer that says so, then close all; answer what is under way.

        Args:
            drain_seconds: how long that may take.
        """
        self._app.leave()
        if self._server is not None:
            await asyncio.sleep(min(_GOODBYE_SECONDS, drain_seconds))
        await _end(self._server, self._task, self._files, drain_seconds)
        self._server = self._task = self._files = None


async def _end(
    server: Granian | None,
    task: asyncio.Task[None] | None,
    files: tempfile.TemporaryDirectory[str] | None,
    drain_seconds: float,
) -> None:
    if server is not None and task is not None:
        server.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task, drain_seconds)
    if files is not None:
        files.cleanup()


def _tls_arguments(tls: TlsMaterial | None, directory: str) -> dict[str, Any]:
    if tls is None:
        return {}
    certificate, key, client_ca = tls.write(directory)
    return {
        "ssl_cert": certificate,
        "ssl_key": key,
        "ssl_ca": client_ca if tls.client_verify else None,
        "ssl_client_verify": tls.client_verify,
        "ssl_protocol_min": SSLProtocols.tls12,
    }
