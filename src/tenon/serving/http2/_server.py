"""gRPC servers: listeners, connections, a stop that loses nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tenon.serving._ports import listening_socket
from tenon.serving.http2._calls import Calls, Streaming, Unary
from tenon.serving.http2._connection import Connection, Limits

GREETING_SECONDS = 30.0
"""How long a connection may stand before its client has said that it speaks HTTP/2."""

RECEIVED_BYTES = 2**18
"""What is received at once: more than a request with an image has, less than a processor's second cache holds."""


_BACKLOG = 1024


class GrpcServer:
    """Serve gRPC over HTTP/2 in the running event loop.

    What ``grpc.aio.server`` does for the calls of model servers, at a fraction of its cost: no second thread, no copies
    between languages, one write a turn of the event loop (``docs/decisions/grpc_over_asyncio.md`` has the figures).

    Args:
        methods: what answers, by the path of the call, ``/package.Service/Method``.
        limits: how much a connection may hold.
        max_connections: more are closed as soon as they open.

    Example:
        >>> async def echo(request, context):
        ...     return request
        >>> async def main():
        ...     server = GrpcServer({"/test.Echo/Say": Unary(echo)})
        ...     port = await server.listen("127.0.0.1", 0)
        ...     await server.stop(grace=1.0)
        ...     return port > 0
        >>> asyncio.run(main())
        True
    """

    def __init__(
        self, methods: Mapping[str, Unary | Streaming], limits: Limits | None = None, max_connections: int = 2**16
    ) -> None:
        self._limits = limits or Limits()
        self._calls = Calls(methods, self._limits.message_bytes)
        self._max_connections = max_connections
        self._listeners: list[asyncio.AbstractServer] = []
        self._connections: set[Connection] = set()
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(RECEIVED_BYTES)
        self._all_gone = asyncio.Event()
        self._is_stopping = False

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None, reuse_port: bool = False) -> int:
        """Accept connections at an address.

        Args:
            host: the address in digits.
            port: the port; 0 takes a free one.
            tls: speak TLS; the context must offer ``h2`` by ALPN. Certificates loaded into it later count for
                connections made later.
            reuse_port: share the port with other processes that do so too.

        Returns:
            The port.

        Raises:
            OSError: the port is taken, or the host is no address of this machine.
        """
        own = listening_socket(host, port, _BACKLOG, reuse_port=reuse_port)
        listener = await self._loop.create_server(self._connect, sock=own, ssl=tls, backlog=_BACKLOG)
        self._listeners.append(listener)
        bound: int = listener.sockets[0].getsockname()[1]
        return bound

    async def listen_unix(self, where: str | socket.socket) -> None:
        """Accept connections at a UNIX socket.

        Args:
            where: the path of the socket's file (one that is left over there must be removed first), or a socket that
                is bound already, which other processes may share.

        Raises:
            OSError: the socket cannot be made.
        """
        address: dict[str, Any] = {"path": where} if isinstance(where, str) else {"sock": where}
        self._listeners.append(await self._loop.create_unix_server(self._connect, **address, backlog=_BACKLOG))

    async def stop(self, grace: float) -> None:
        """Take no new connections and calls, answer those under way, close.

        Args:
            grace: seconds after which calls that are not answered are given up.
        """
        self._is_stopping = True
        for listener in self._listeners:
            listener.close()
        for connection in tuple(self._connections):
            connection.say_goodbye()
        with suppress(TimeoutError):
            if self._connections:
                await asyncio.wait_for(self._all_gone.wait(), grace)
        for connection in tuple(self._connections):
            connection.close()

    def _connect(self) -> Connection:
        return Connection(self._calls, self._limits, self._buffer, self._made, self._lost)

    def _made(self, connection: Connection) -> None:
        self._connections.add(connection)
        if len(self._connections) > self._max_connections:
            connection.close()
        else:
            self._loop.call_later(GREETING_SECONDS, connection.close_unless_greeted)
            if self._is_stopping:
                connection.say_goodbye()

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()
