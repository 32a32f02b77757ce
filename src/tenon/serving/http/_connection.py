"""One connection of HTTP/1.1: requests come in, one after the other, and are answered."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import Any, cast

from tenon.base import CancelledError, InternalError
from tenon.serving.http._answers import CONTINUE, ResponseWriter
from tenon.serving.http._bodies import JSON_HEADERS, error_body
from tenon.serving.http._deadlines import Deadlines
from tenon.serving.http._heads import END, MAX_HEAD_BYTES, BadRequestError, HeadReader, RequestHead
from tenon.serving.http._incoming import ChunkedBody, IncomingBody, SizedBody
from tenon.serving.http._messages import BodyTooLargeError, HttpApi, HttpRequest, Response

HEAD_SECONDS = 30.0
"""How long a head may take to come."""

IDLE_SECONDS = 90.0
"""How long a connection may stand between two requests."""

STALL_SECONDS = 60.0
"""How long a client may take nothing of an answer."""

PARTING_SECONDS = 1.0
"""How long a connection on which all is said waits for its client to close it."""

_MAX_HELD_BYTES = 2**16
"""What may wait of a connection that is not its turn yet: the next requests, or a body that nobody asked for."""

_TASK = "tenon-http"

_log = logging.getLogger("tenon.serving")


class ConnectionOwner(ABC):
    """What the connections of a server share.

    Args:
        max_request_bytes: a larger body is refused.
        timeout: seconds from the head of a request to its answer.

    Attributes:
        loop: the event loop.
        answers: writes responses.
        deadlines: end requests that take too long.
        is_leaving: whether every answer ends its connection.
    """

    def __init__(self, max_request_bytes: int, timeout: float) -> None:
        self.max_request_bytes, self.timeout = max_request_bytes, timeout
        self.loop = asyncio.get_running_loop()
        self.answers, self.deadlines = ResponseWriter(), Deadlines(timeout, self.loop)
        self.is_leaving = False

    @abstractmethod
    def api(self, path: str) -> HttpApi:
        """Return what answers requests for a path."""

    @abstractmethod
    def made(self, connection: Connection) -> None:
        """A connection stands."""

    @abstractmethod
    def lost(self, connection: Connection) -> None:
        """A connection is gone."""


class Exchange:
    """A request on its way to its answer.

    Args:
        connection: where it came.
        head: its head.
        body: its body; ``None`` while that is still coming.
        incoming: collects the body then.
    """

    __slots__ = ("_connection", "_refusal", "_waiter", "body", "head", "incoming", "task")

    def __init__(
        self, connection: Connection, head: RequestHead, body: bytes | None, incoming: IncomingBody | None
    ) -> None:
        self._connection, self.head, self.body, self.incoming = connection, head, body, incoming
        self._waiter: asyncio.Future[None] | None = None
        self._refusal: Exception | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether somebody wants the body."""
        return self._waiter is not None

    async def read_body(self) -> bytes:
        """Wait for the body.

        Raises:
            BodyTooLargeError: it is.
            CancelledError: the client went away.
        """
        most = self._connection.owner.max_request_bytes
        if (self.head.length or 0) > most:
            raise _too_large(most)
        if self.body is None and self._refusal is None:
            self._waiter = asyncio.get_running_loop().create_future()
            self._connection.want_body()
            await self._waiter
        if self._refusal is not None:
            raise self._refusal
        assert self.body is not None
        return self.body

    def feed(self, data: bytes) -> bytes:
        """Take a part of the body, and return what stands behind its end.

        Raises:
            BadRequestError: it breaks a rule.
        """
        assert self.incoming is not None
        rest = self.incoming.feed(data)
        if self.incoming.is_whole:
            self.body = bytes(self.incoming.data)
            self._wake()
        elif len(self.incoming.data) > self._connection.owner.max_request_bytes:
            self.refuse(_too_large(self._connection.owner.max_request_bytes))
        return rest

    def refuse(self, error: Exception) -> None:
        """Give the body up."""
        self._refusal = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Connection(asyncio.Protocol):
    """The server's side of one connection.

    Belongs to one event loop. Nothing that a client sends raises: what breaks the RFC is answered, and ends the
    connection. Requests that come before the last one is answered wait for it.

    Args:
        owner: what it shares with others.
    """

    def __init__(self, owner: ConnectionOwner) -> None:
        self.owner = owner
        self._loop = owner.loop
        self._heads = HeadReader()
        self._transport: asyncio.Transport | None = None
        self._remote = ""
        self._buffer = b""
        self._exchange: Exchange | None = None
        self._can_write, self._is_reading = True, True
        self._leaves = self._has_parted = self._is_tls = False
        self._since = self._loop.time()  # when the client's turn began
        self._unsent = 0
        self._parting: asyncio.TimerHandle | None = None

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know the client's address."""
        self._transport = cast(asyncio.Transport, transport)
        self._remote = _address(transport.get_extra_info("peername"))
        self._is_tls = transport.get_extra_info("sslcontext") is not None
        self.owner.made(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Give up a body that is still coming; a request that is whole runs to its end."""
        self._transport = None
        self._buffer = b""
        if self._parting is not None:
            self._parting.cancel()
        if self._exchange is not None and self._exchange.body is None:
            self._exchange.refuse(CancelledError("The client went away in the middle of its body."))
        self.owner.lost(self)

    def eof_received(self) -> bool:
        """Answer a client that says no more what it has asked; then close."""
        self._leaves = True
        return self._exchange is not None and self._exchange.body is not None and not self._is_tls

    def pause_writing(self) -> None:
        """Take no more requests of a client that does not read."""
        self._can_write = False
        self._since = self._loop.time()

    def resume_writing(self) -> None:
        """Go on."""
        self._can_write = True
        self._since = self._loop.time()
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        if self._has_parted:
            return
        held = self._buffer
        if held:
            data, self._buffer = held + data, b""
        try:
            while data:
                exchange = self._exchange
                if exchange is None and self._can_write:
                    data = self._read_head(data)
                elif exchange is not None and exchange.body is None:
                    data = self._read_body(exchange, data)
                else:
                    self._hold(data)
                    return
        except BadRequestError as error:
            self._refuse(error)
            return
        if self._buffer and not held:
            self._since = self._loop.time()

    # Reading

    def _read_head(self, data: bytes) -> bytes:
        """Begin to answer a request; return what stands behind its head and what there is of its body."""
        heads = self._heads
        if heads.text and data.startswith(heads.text):  # a head ends where its bytes first say so: this is all of it
            head, rest = heads.head, data[len(heads.text) :]
        else:
            found, rest = self._find_head(data)
            if found is None:
                return rest
            head = found
        length = head.length
        if length is not None and len(rest) >= length:
            self._begin(Exchange(self, head, rest[:length], None))
            return rest[length:]
        incoming = ChunkedBody() if length is None else SizedBody(length)
        self._begin(Exchange(self, head, None, incoming))
        return rest

    def _find_head(self, data: bytes) -> tuple[RequestHead | None, bytes]:
        """Return a head and what stands behind it; ``None`` where it is still coming, and what to read then."""
        if data.startswith(b"\r\n"):  # some clients send an empty line behind a body
            return None, data.lstrip(b"\r\n")
        stop = data.find(END, 0, MAX_HEAD_BYTES) + len(END)
        if stop >= len(END):
            return self._heads.read(data[:stop]), data[stop:]
        if len(data) >= MAX_HEAD_BYTES:
            raise BadRequestError(431, f"The head of a request must have at most {MAX_HEAD_BYTES} bytes.")
        self._buffer = data
        return None, b""

    def _begin(self, exchange: Exchange) -> None:
        head, now, owner = exchange.head, self._loop.time(), self.owner
        due = now + owner.timeout
        content = exchange.body if exchange.body is None or len(exchange.body) <= owner.max_request_bytes else None
        request = HttpRequest(
            head.method, head.path, head.query, head.headers, exchange.read_body, self._remote, due, content
        )
        self._exchange = exchange
        # what the loop's own `create_task` adds, and a number in the name, is a fifth of a task (1.24 us, and 0.99)
        task = exchange.task = asyncio.Task(self._answer(exchange, request), loop=self._loop, name=_TASK)
        owner.deadlines.start(task, now)

    def _read_body(self, exchange: Exchange, data: bytes) -> bytes:
        rest = exchange.feed(data)
        assert exchange.incoming is not None
        if not exchange.is_awaited and len(exchange.incoming.data) > _MAX_HELD_BYTES:
            self._pause_reading()
        return rest

    def want_body(self) -> None:
        """Let the client send its body."""
        exchange = self._exchange
        if exchange is not None and exchange.head.expects_continue and self._transport is not None:
            assert exchange.incoming is not None
            if not exchange.incoming.data:
                self._transport.write(CONTINUE)
        self._resume_reading()

    def _hold(self, data: bytes) -> None:
        """Keep what cannot be read yet."""
        self._buffer = data
        if len(data) > _MAX_HELD_BYTES:
            self._pause_reading()

    def _pause_reading(self) -> None:
        if self._is_reading and self._transport is not None:
            self._is_reading = False
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if not self._is_reading and self._transport is not None:
            self._is_reading = True
            self._transport.resume_reading()

    def _go_on(self) -> None:
        """Read what was held, and more."""
        self._resume_reading()
        data, self._buffer = self._buffer, b""
        if data:
            self.data_received(data)

    # Answering

    async def _answer(self, exchange: Exchange, request: HttpRequest) -> None:
        task, deadlines = exchange.task, self.owner.deadlines
        assert task is not None
        api = self.owner.api(request.path)
        try:
            response = await api.respond(request)
            deadlines.stop(task)
        except asyncio.CancelledError:
            error = deadlines.stop(task)
            if error is None:
                raise
            response = api.error(error)
        except Exception:
            deadlines.stop(task)
            _log.exception("%s %s failed", request.method, request.path)
            response = api.error(InternalError("Internal error. The server's log has the details."))
        self._finish(exchange, response)

    def _finish(self, exchange: Exchange, response: Response) -> None:
        self._exchange = None
        if self._transport is None or self._has_parted:
            return
        head = exchange.head
        ends = not head.keeps_alive or exchange.body is None or self._leaves or self.owner.is_leaving
        connection = "close" if ends else "keep-alive" if head.is_old else ""
        self._transport.write(self.owner.answers.write(response, connection, has_body=head.method != "HEAD"))
        self._since = self._loop.time()
        if ends:
            self._part(exchange.body is None)
        elif self._buffer:
            self._go_on()

    def _refuse(self, error: BadRequestError) -> None:
        """Answer what is no request, and end the connection."""
        exchange = self._exchange
        if exchange is not None:  # its body is broken; it gets this answer and no other
            exchange.refuse(CancelledError("The client's body broke the rules of HTTP."))
        if self._transport is not None:
            response = Response(error.status, JSON_HEADERS, error_body(error.reason))
            self._transport.write(self.owner.answers.write(response, "close"))
            self._part(True)

    # Ending

    def leave(self) -> None:
        """End the connection with its next answer."""
        self._leaves = True

    def close_if_idle(self) -> None:
        """Close unless a request is being answered, or has begun to come."""
        if self._exchange is None and not self._buffer and not self._has_parted:
            self._part(False)

    def close(self) -> None:
        """Close, whatever is under way; what is written goes out."""
        if self._transport is not None:
            self._transport.close()

    def check(self, now: float) -> None:
        """Close when the client takes longer than it may; to be called every few seconds.

        Args:
            now: the event loop's time.
        """
        transport = self._transport
        if transport is None:
            return
        unsent, before = transport.get_write_buffer_size(), self._unsent
        self._unsent = unsent
        if unsent:
            if unsent != before:
                self._since = now
            elif now - self._since > STALL_SECONDS:
                transport.abort()
        elif self._has_parted:
            return
        elif self._exchange is None and now - self._since > (HEAD_SECONDS if self._buffer else IDLE_SECONDS):
            self._part(False)

    def _part(self, has_unread: bool) -> None:
        """Say no more and wait for the client to close; to close over what it sends would lose what it has not read."""
        transport = self._transport
        self._has_parted, self._buffer = True, b""
        if transport is None or transport.is_closing():
            return
        if transport.can_write_eof():
            transport.write_eof()
        elif not has_unread:
            transport.close()
            return
        self._resume_reading()  # and drop it
        self._parting = self._loop.call_later(PARTING_SECONDS, self.close)


def _too_large(most: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"The request body must be at most {most} bytes. Send smaller batches.")


def _address(peer: Any) -> str:
    return f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) and len(peer) >= 2 else ""
