"""HTTP/1.1 over connections that are kept, with a deadline for the whole of a request."""

from __future__ import annotations

import io
import select
import socket
import ssl
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import Any, Final, NamedTuple

from tenon.base import DeadlineExceededError, FailedPreconditionError, TenonError, UnavailableError, UnknownError
from tenon.serving.client._address import Address
from tenon.serving.client._errors import TryAgainError
from tenon.serving.client._transport import Headers

_MAX_ANSWER_BYTES: Final = 2**31 - 1
_MAX_IDLE: Final = 64
_CHUNK: Final = 2**20


class Answer(NamedTuple):
    """An HTTP response.

    Args:
        status: its status.
        headers: its headers; finds values by names in any case.
        body: its body.
    """

    status: int
    headers: Any
    body: bytes


class HttpConnections:
    """Connections to one server; any number of threads may ask.

    Args:
        address: the server.
        context: for TLS; ``None`` without.
    """

    def __init__(self, address: Address, context: ssl.SSLContext | None) -> None:
        self._address, self._context = address, context
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    def ask(self, method: str, path: str, body: bytes | None, headers: Headers, timeout: float) -> Answer:
        """Send one request and read its answer.

        A kept connection that the server closed before it answered is replaced at once, for servers close idle ones.

        Raises:
            TryAgainError: nobody listens.
            UnavailableError: the connection broke, or cannot be made.
            DeadlineExceededError: the time ran out.
            UnknownError: the answer is no HTTP, or too large.
            FailedPreconditionError: the connections were closed.
        """
        deadline = time.monotonic() + timeout
        request = (method, path, body, headers)
        try:
            while (kept := self._take()) is not None:
                try:
                    return self._exchange(kept, request, deadline)
                except ConnectionError:
                    if kept.socket.received:
                        raise
            return self._exchange(self._connected(deadline), request, deadline)
        except (TimeoutError, HTTPException, OSError) as error:
            if isinstance(error, TenonError):
                raise
            raise self._translated(error, timeout) from error

    def close(self) -> None:
        """Close the kept connections; those in use are closed after their answer."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.http.close()

    def _take(self) -> _Connection | None:
        with self._lock:
            if self._closed:
                raise FailedPreconditionError("client: it was closed. Make another one.")
            while self._idle:
                connection = self._idle.pop()
                if not connection.socket.readable():
                    return connection
                connection.http.close()  # bytes that nobody asked for, or the end
        return None

    def _give_back(self, connection: _Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.http.close()

    def _connected(self, deadline: float) -> _Connection:
        host, port, left = self._address.host, self._address.port, _left(deadline)
        http = (
            HTTPConnection(host, port, timeout=left)
            if self._context is None
            else HTTPSConnection(host, port, timeout=left, context=self._context)
        )
        try:
            http.connect()
        except ConnectionRefusedError as error:
            raise TryAgainError(self._unavailable(error)) from error
        http.sock = wrapped = _DeadlineSocket(http.sock)
        return _Connection(http, wrapped)

    def _exchange(
        self, connection: _Connection, request: tuple[str, str, bytes | None, Headers], deadline: float
    ) -> Answer:
        method, path, body, headers = request
        done = False
        try:
            connection.socket.deadline, connection.socket.received = deadline, 0
            with suppress(ConnectionError):  # a server may refuse a long body before its end; what it says comes now
                connection.http.request(method, path, body, dict(headers))
            with connection.http.getresponse() as response:
                answer = Answer(response.status, response.headers, _read(response))
                done = not response.will_close
            return answer
        finally:
            if done:
                self._give_back(connection)
            else:
                connection.http.close()

    def _translated(self, error: Exception, timeout: float) -> TenonError:
        server = self._address.authority
        if isinstance(error, TimeoutError):
            return DeadlineExceededError(f"{server}: did not answer within {timeout:.3g} seconds.")
        if isinstance(error, (OSError, IncompleteRead)):
            return self._unavailable(error)
        return UnknownError(f"{server}: answered something that is no HTTP: {error!r:.200}. Is it the REST port?")

    def _unavailable(self, error: Exception) -> UnavailableError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return UnavailableError(f"{self._address.authority}: the connection failed: {reason}.")


def _read(response: Any) -> bytes:
    body = bytearray()
    while chunk := response.read(_CHUNK):
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            raise UnknownError(f"answer: must have at most {_MAX_ANSWER_BYTES} bytes; it has more.")
    if response.length:
        raise IncompleteRead(b"", response.length)
    return bytes(body)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Connection(NamedTuple):
    http: HTTPConnection
    socket: _DeadlineSocket


class _DeadlineSocket:
    """What ``http.client`` uses of a socket, with one deadline for all of it: a drip of bytes does not renew it."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self.deadline = 0.0
        self.received = 0

    def readable(self) -> bool:
        """Tell whether bytes, or the end, have come though nothing was asked."""
        poll = select.poll()
        poll.register(self._inner, select.POLLIN)
        return bool(poll.poll(0))

    def sendall(self, data: Any) -> None:
        self._inner.settimeout(_left(self.deadline))
        self._inner.sendall(data)

    def recv_into(self, buffer: Any) -> int:
        self._inner.settimeout(_left(self.deadline))
        count = self._inner.recv_into(buffer)
        self.received += count
        return count

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode  # always for reading bytes
        return io.BufferedReader(_Incoming(self), 2**16)

    def close(self) -> None:
        self._inner.close()


class _Incoming(io.RawIOBase):
    """The bytes that come from a socket; closing it leaves the socket open."""

    def __init__(self, source: _DeadlineSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._source.recv_into(buffer)
