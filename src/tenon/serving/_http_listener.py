"""A port of HTTP, with certificates that may change."""

from __future__ import annotations

from tenon.serving._ports import cannot_listen
from tenon.serving.http import HttpServer
from tenon.serving.security import TlsMaterial

_PROTOCOLS = ("http/1.1",)


class HttpListener:
    """Have a server listen on one port, over TLS where there is a certificate.

    Args:
        server: what answers.
        address: the address in digits.
        port: the port.
        name: the option that named the port, for errors.
        shares: whether other processes listen there too.
    """

    def __init__(self, server: HttpServer, address: str, port: int, name: str, *, shares: bool = False) -> None:
        self._server, self._address, self._port, self._name, self._shares = server, address, port, name, shares

    async def start(self, tls: TlsMaterial | None = None) -> None:
        """Listen.

        Args:
            tls: certificate and key; ``None`` to speak in clear.

        Raises:
            FailedPreconditionError: the port is taken, or the address is none of this machine.
        """
        context = None if tls is None else tls.ssl_context(_PROTOCOLS)
        try:
            await self._server.listen(self._address, self._port, tls=context, reuse_port=self._shares)
        except OSError as error:
            raise cannot_listen(self._name, self._address, self._port, error.strerror or str(error)) from error

    def renew(self, tls: TlsMaterial) -> None:
        """Speak TLS with other certificates.

        Args:
            tls: the certificates.
        """
        self._server.renew(tls.ssl_context(_PROTOCOLS))

    async def stop(self, drain_seconds: float) -> None:
        """End connections in use with an answer that says so, then close all; answer what is under way.

        Args:
            drain_seconds: how long that may take.
        """
        await self._server.stop(drain_seconds)
