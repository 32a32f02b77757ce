"""HTTP/1.1 servers: a listener whose certificates may change, connections, a stop that loses nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress

from tenon.base import InvalidArgumentError
from tenon.serving._ports import listening_socket
from tenon.serving.http._connection import HEAD_SECONDS, Connection, ConnectionOwner
from tenon.serving.http._messages import HttpApi
from tenon.serving.http._tls_transport import TlsTransport

DEFAULT_MAX_REQUEST_BYTES = 100 * 2**20
DEFAULT_TIMEOUT_SECONDS = 30.0

BACKLOG = 1024
"""Connections that may wait in the kernel."""

CHECK_SECONDS = 5.0
"""How often connections are looked at that their clients leave standing."""

LEAVE_SECONDS = 2.0
"""How long clients have to ask once more, and be told that their connection ends, before an idle one is closed."""

GOODBYE_SECONDS = 0.2
"""The same when the server stops, and whoever started it waits."""

_REMEMBERED_PATHS = 4096
_REMEMBERED_CHARACTERS = 256


class HttpServer(ConnectionOwner):
    r"""Serve APIs over HTTP/1.1 in the running event loop; the first that handles a path answers.

    Requests cost a task each and nothing else: no other thread, no copies between languages
    (``docs/decisions/http_over_asyncio.md`` has the figures).

    Args:
        apis: what answers; the last one takes the paths that nobody else wants.
        max_request_bytes: a body above it is answered 413 without being read to its end.
        timeout: seconds from the head of a request to its answer; 504 after that.
        max_connections: more wait in the kernel until others close.

    Raises:
        InvalidArgumentError: there is no API.

    Example:
        >>> from tenon.serving.rest import ProbeApi
        >>> async def main():
        ...     server = HttpServer([ProbeApi(lambda: True, lambda: True)])
        ...     port = await server.listen("127.0.0.1", 0)
        ...     reader, writer = await asyncio.open_connection("127.0.0.1", port)
        ...     writer.write(b"GET /livez HTTP/1.0\r\n\r\n")
        ...     answer = await reader.read()
        ...     writer.close()
        ...     await server.stop(grace=1.0)
        ...     return answer
        >>> asyncio.run(main()).startswith(b"HTTP/1.1 200 OK")
        True
    """

    def __init__(
        self,
        apis: Sequence[HttpApi],
        *,
        max_request_bytes: int = DEFAULT_MAX_REQUEST_BYTES,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        max_connections: int = 2**16,
    ) -> None:
        if not apis:
            raise InvalidArgumentError("apis: at least one API must answer; received none.")
        super().__init__(max_request_bytes, timeout)
        self._apis, self._last = tuple(apis[:-1]), apis[-1]
        self._known: dict[str, HttpApi] = {}
        self._max_connections = max_connections
        self._connections: set[Connection] = set()
        self._socket: socket.socket | None = None
        self._tls: ssl.SSLContext | None = None
        self._listener: asyncio.AbstractServer | None = None
        self._listening: asyncio.Task[None] | None = None
        self._checking: asyncio.TimerHandle | None = None
        self._change = asyncio.Event()

    # What connections ask

    def api(self, path: str) -> HttpApi:
        """See ``ConnectionOwner.api``."""
        known = self._known.get(path)
        if known is not None:
            return known
        found = next((api for api in self._apis if api.handles(path)), self._last)
        if len(path) <= _REMEMBERED_CHARACTERS:
            if len(self._known) >= _REMEMBERED_PATHS:
                self._known.clear()
            self._known[path] = found
        return found

    def made(self, connection: Connection) -> None:
        """Count it; take no more when there are enough."""
        self._connections.add(connection)
        if len(self._connections) >= self._max_connections and self._listener is not None:
            self._listener.close()
            self._listener = None

    def lost(self, connection: Connection) -> None:
        """Forget it, and take another one in its place."""
        self._connections.discard(connection)
        self._change.set()
        if self._listener is None and self._socket is not None and self._listening is None:
            self._listening = self.loop.create_task(self._listen_again())

    # What whoever runs it asks

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None, reuse_port: bool = False) -> int:
        """Accept connections at an address.

        Args:
            host: the address in digits.
            port: the port; 0 takes a free one.
            tls: speak TLS.
            reuse_port: share the port with other processes that do so too.

        Returns:
            The port.

        Raises:
            OSError: the port is taken, or the host is no address of this machine.
        """
        self._socket, self._tls = listening_socket(host, port, BACKLOG, reuse_port=reuse_port), tls
        await self._listen()
        self._check()
        bound: int = self._socket.getsockname()[1]
        return bound

    def renew(self, tls: ssl.SSLContext) -> None:
        """Speak TLS with other certificates from now on; connections that stand end with their next answer.

        Args:
            tls: the context of new connections.
        """
        self._tls = tls
        before = tuple(self._connections)
        for connection in before:
            connection.leave()
        self.loop.call_later(LEAVE_SECONDS, _close_idle, before)

    async def stop(self, grace: float) -> None:
        """End connections in use with an answer that says so, then close all; answer what is under way.

        Args:
            grace: seconds after which what is not answered is given up.
        """
        self.is_leaving = True
        if self._checking is not None:
            self._checking.cancel()
        if self._socket is not None:
            await self._close_listener()
            await asyncio.sleep(min(GOODBYE_SECONDS, grace) if self._connections else 0)
        until = self.loop.time() + grace
        while self._connections and (left := until - self.loop.time()) > 0:
            _close_idle(tuple(self._connections))
            self._change.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._change.wait(), left)
        for connection in tuple(self._connections):
            connection.close()

    async def _listen(self) -> None:
        assert self._socket is not None
        own = self._socket.dup()  # the listener closes its own; connections then wait at ours
        self._listener = await self.loop.create_server(self._connect, sock=own, backlog=BACKLOG)

    def _connect(self) -> asyncio.Protocol:
        connection = Connection(self)
        return connection if self._tls is None else TlsTransport(connection, self._tls, HEAD_SECONDS)

    async def _listen_again(self) -> None:
        if self._socket is not None:
            await self._listen()
        self._listening = None

    async def _close_listener(self) -> None:
        """Take the connections that wait in the kernel, which a close would break; then listen no more."""
        listening, self._socket = self._socket, None
        if self._listener is not None:
            self._listener.close()
        assert listening is not None
        with listening, suppress(BlockingIOError):
            while True:
                accepted, _ = listening.accept()
                await self.loop.connect_accepted_socket(self._connect, accepted)

    def _check(self) -> None:
        now = self.loop.time()
        for connection in tuple(self._connections):
            connection.check(now)
        self._checking = self.loop.call_later(CHECK_SECONDS, self._check)


def _close_idle(connections: Sequence[Connection]) -> None:
    for connection in connections:
        connection.close_if_idle()
