"""The calls of connections: refused, or run as tasks and answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tenon.base import Code, DeadlineExceededError, InternalError, ResourceExhaustedError, TenonError
from tenon.serving.http2._connection import Connection, StreamHandler
from tenon.serving.http2._headers import header_block
from tenon.serving.http2._messages import (
    OK_TRAILERS,
    PREFIX,
    RESPONSE_HEAD,
    Fields,
    framed,
    inflated,
    pushback,
    refusal,
    timeout_seconds,
    trailers,
    unframed,
)
from tenon.serving.http2._stream import Stream

_NO_GRPC = header_block([(":status", "415")])
_INTERNAL = InternalError("Internal error. The server's log has the details.")
_EXPIRED = DeadlineExceededError("Deadline Exceeded")
_log = logging.getLogger("tenon.serving")


class CallContext:
    """What a method may know and say of one call.

    Args:
        metadata: the request's headers by name in lower case; binary values are still base64.
        deadline: the event loop's time at which the client gives up; ``None`` for no such time.
        remote: the client's address; empty where it has none.

    Attributes:
        trailing_metadata: what the answer shall end with.
    """

    __slots__ = ("deadline", "metadata", "remote", "trailing_metadata")

    def __init__(self, metadata: Mapping[str, str], deadline: float | None, remote: str) -> None:
        self.metadata, self.deadline, self.remote = metadata, deadline, remote
        self.trailing_metadata: Fields = ()


@dataclass(frozen=True)
class Unary:
    """A method of one request and one response.

    Args:
        handler: returns the serialized response; a ``TenonError`` that it raises becomes the call's status. It is
            cancelled when the client gives up or its deadline passes.
    """

    handler: Callable[[bytes, CallContext], Awaitable[bytes]]


@dataclass(frozen=True)
class Streaming:
    """A method of any number of requests and responses.

    Args:
        handler: given the serialized requests as they come, yields the serialized responses; otherwise as in
            ``Unary``.
    """

    handler: Callable[[AsyncIterator[bytes], CallContext], AsyncIterator[bytes]]


class Calls(StreamHandler):
    """Run the calls of connections.

    Args:
        methods: what answers, by the path of the call.
        message_bytes: the largest message of a request.
    """

    def __init__(self, methods: Mapping[str, Unary | Streaming], message_bytes: int) -> None:
        self._methods = dict(methods)
        self._message_bytes = message_bytes
        self._loop = asyncio.get_running_loop()

    def opened(self, connection: Connection, stream: Stream) -> None:
        """Refuse what is no gRPC call; begin to answer a streaming method."""
        headers = stream.headers
        path = headers.get(":path", "")
        if not headers.get("content-type", "").startswith("application/grpc") or headers.get(":method") != "POST":
            connection.writer.begin(stream, _NO_GRPC, end=True)
            return
        method = self._methods.get(path)
        if method is None:
            connection.writer.begin(stream, refusal(Code.UNIMPLEMENTED, f"Method not found: {path}"), end=True)
        elif isinstance(method, Streaming):
            stream.task = self._loop.create_task(
                self._run(connection, stream, partial(self._stream, connection, stream, method))
            )

    def ended(self, connection: Connection, stream: Stream) -> None:
        """Begin to answer a unary method; its message is taken at once, while it is in the connection's buffer."""
        method = self._methods[stream.headers[":path"]]
        if isinstance(method, Unary):
            encoding = stream.headers.get("grpc-encoding", "identity")
            try:
                message = unframed(connection.take(stream), encoding, self._message_bytes)
            except TenonError as error:
                _refuse(connection, stream, error)
                return
            answer = partial(self._unary, connection, stream, method, message)
            stream.task = self._loop.create_task(self._run(connection, stream, answer))

    def overflowed(self, connection: Connection, stream: Stream) -> None:
        """Refuse a request that is too large."""
        _refuse(connection, stream, self._too_large())
        if stream.task is not None:
            stream.task.cancel()

    async def _run(
        self,
        connection: Connection,
        stream: Stream,
        answer: Callable[[CallContext], Coroutine[Any, Any, None]],
    ) -> None:
        """Answer inside the deadline, with a status whatever happens."""
        text = stream.headers.get("grpc-timeout")
        seconds = timeout_seconds(text) if text else None
        deadline = None if seconds is None else self._loop.time() + seconds
        context = CallContext(stream.headers, deadline, connection.remote)
        timer = None if deadline is None else self._loop.call_at(deadline, _expire, connection, stream)
        try:
            await answer(context)
        except TenonError as error:
            _refuse(connection, stream, error, context.trailing_metadata)
        except Exception:
            _log.exception("%s failed", stream.headers[":path"])
            _refuse(connection, stream, _INTERNAL, context.trailing_metadata)
        finally:
            if timer is not None:
                timer.cancel()

    async def _unary(
        self, connection: Connection, stream: Stream, method: Unary, message: bytes, context: CallContext
    ) -> None:
        reply = await method.handler(message, context)
        extra = context.trailing_metadata
        end = trailers(Code.OK, metadata=extra) if extra else OK_TRAILERS
        connection.writer.respond(stream, RESPONSE_HEAD, framed(reply), end)

    async def _stream(self, connection: Connection, stream: Stream, method: Streaming, context: CallContext) -> None:
        async for reply in method.handler(self._requests(connection, stream), context):
            if not stream.begun:
                connection.writer.begin(stream, RESPONSE_HEAD)
            connection.writer.write(stream, framed(reply))
            await connection.room(stream)
        if not stream.begun:
            connection.writer.begin(stream, RESPONSE_HEAD)
        connection.writer.end(stream, trailers(Code.OK, metadata=context.trailing_metadata))

    async def _requests(self, connection: Connection, stream: Stream) -> AsyncIterator[bytes]:
        """Yield the messages of a request as they come."""
        data, encoding = bytearray(), stream.headers.get("grpc-encoding", "identity")  # small pieces cost no copies
        while more := await connection.more(stream):
            data += more
            while len(data) >= PREFIX.size:
                compressed, size = PREFIX.unpack_from(data)
                if size > self._message_bytes:
                    raise self._too_large()
                stop = PREFIX.size + size
                if len(data) < stop:
                    break
                message = bytes(data[PREFIX.size : stop])
                del data[:stop]
                yield inflated(message, encoding, self._message_bytes) if compressed else message
        if data:
            raise InternalError(f"the request ends inside a message; {len(data)} bytes are left over.")

    def _too_large(self) -> ResourceExhaustedError:
        return ResourceExhaustedError(
            f"a request must be at most {self._message_bytes} bytes; received more. Send smaller batches."
        )


def _refuse(connection: Connection, stream: Stream, error: TenonError, metadata: Fields = ()) -> None:
    metadata = [*metadata, *pushback(error)]
    if stream.begun:
        connection.writer.end(stream, trailers(error.code, error.message, metadata))
    else:
        connection.writer.begin(stream, refusal(error.code, error.message, metadata), end=True)


def _expire(connection: Connection, stream: Stream) -> None:
    _refuse(connection, stream, _EXPIRED)
    if stream.task is not None:
        stream.task.cancel()
