"""One connection: frames come in, requests go up."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from tenon.serving.http2._frame_reader import MAX_FRAME_SIZE, FrameReader
from tenon.serving.http2._frames import (
    DEFAULT_WINDOW,
    MAX_STREAM_ID,
    ErrorCode,
    Flag,
    FrameType,
    Http2Error,
    Setting,
    frame,
    go_away,
    read_settings,
    read_uint32,
    reset,
    settings_frame,
    unpadded,
    window_update,
)
from tenon.serving.http2._headers import MAX_HEADER_LIST_BYTES, HeaderReader
from tenon.serving.http2._stream import Piece, Stream
from tenon.serving.http2._writer import Writer

STREAM_WINDOW = 2**22
"""Bytes that a client may send of one request before it hears from us."""

CONNECTION_WINDOW = 2**24
"""Bytes that a client may send of all its requests before it hears from us."""

MAX_CONCURRENT_STREAMS = 1024
"""Requests of one connection that may be in flight."""

MAX_RESETS = 2000
"""Requests that a client may give up, beyond those that it let end; more is an attack ("rapid reset")."""

PARTING_SECONDS = 1.0
"""How long a connection on which all is said waits for its client to close it."""

_ACK, _END_STREAM, _END_HEADERS = int(Flag.ACK), int(Flag.END_STREAM), int(Flag.END_HEADERS)
_PADDED, _PRIORITY = int(Flag.PADDED), int(Flag.PRIORITY)
_MAX_CONTINUATIONS = 64
_GOODBYE = b"goodbye!"
_MAX_WAITING_PARTS = 16
_HALF_STREAM_WINDOW, _HALF_CONNECTION_WINDOW = STREAM_WINDOW // 2, CONNECTION_WINDOW // 2
_SETTINGS = {
    Setting.MAX_CONCURRENT_STREAMS: MAX_CONCURRENT_STREAMS,
    Setting.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
    Setting.MAX_FRAME_SIZE: MAX_FRAME_SIZE,
    Setting.MAX_HEADER_LIST_SIZE: MAX_HEADER_LIST_BYTES,
}


@dataclass(frozen=True)
class Limits:
    """How much one connection may hold.

    Args:
        message_bytes: the largest body of one request.
        buffered_bytes: bodies of all requests that have not been taken yet, together.
    """

    message_bytes: int = 2**31 - 1
    buffered_bytes: int = 2**31 + 2**26


class StreamHandler(ABC):
    """Answers the requests of connections."""

    @abstractmethod
    def opened(self, connection: Connection, stream: Stream) -> None:
        """The headers of a request have come; its body may follow."""

    @abstractmethod
    def ended(self, connection: Connection, stream: Stream) -> None:
        """The whole request has come."""

    @abstractmethod
    def overflowed(self, connection: Connection, stream: Stream) -> None:
        """The request is larger than the limits allow; what still comes of it is dropped."""


class Connection(asyncio.BufferedProtocol):
    """The server's side of one HTTP/2 connection.

    Belongs to one event loop. Nothing that a peer sends raises: what breaks the RFC ends the connection with GOAWAY.
    Written for small unary calls: a request costs one turn of the event loop, and all that a turn answers is one write.

    Args:
        handler: answers the requests.
        limits: how much a connection may hold.
        buffer: what comes is received here; all connections of one event loop may share it, for each reads at once what
            has come, and keeps nothing there.
        on_made: called with the connection when it stands.
        on_lost: called with it when it is gone.

    Attributes:
        streams: the requests that are not answered yet.
        writer: writes the responses.
        remote: the peer's address; empty where there is none.
    """

    def __init__(
        self,
        handler: StreamHandler,
        limits: Limits,
        buffer: bytearray,
        on_made: Callable[[Connection], None],
        on_lost: Callable[[Connection], None],
    ) -> None:
        self.streams: dict[int, Stream] = {}
        self.writer = Writer(asyncio.get_running_loop(), self.streams, self._answered)
        self.remote = ""
        self._handler, self._limits, self._on_made, self._on_lost = handler, limits, on_made, on_lost
        self._transport: asyncio.WriteTransport | None = None
        self._received = memoryview(buffer)
        self._reader = FrameReader(self._dispatch, self._read_data)
        self._borrowers: list[Stream] = []
        self._headers = HeaderReader()
        self._block: _Block | None = None
        self._last_stream = 0
        self._final_stream = MAX_STREAM_ID  # streams above it were opened after our last GOAWAY
        self._unacknowledged = self._buffered = self._resets = 0
        self._leaving = self._broken = False

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet with our settings."""
        self._transport = self.writer.transport = cast(asyncio.WriteTransport, transport)
        self.remote = _address(transport.get_extra_info("peername"))
        self.writer.send(settings_frame(_SETTINGS) + window_update(0, CONNECTION_WINDOW - DEFAULT_WINDOW))
        self._on_made(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Give up every request that is not answered."""
        self._transport = self.writer.transport = None
        for stream in tuple(self.streams.values()):
            self._give_up(stream)
        self._on_lost(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the transport may write what comes."""
        del sizehint
        return self._received

    def buffer_updated(self, nbytes: int) -> None:
        """Read the frames that have come."""
        if self._broken:
            return
        try:
            self._reader.feed(self._received[:nbytes])
        except Http2Error as fault:
            self._fail(fault)
        finally:
            self._keep_borrowed()

    def eof_received(self) -> bool:
        """A client that closes its side waits for nothing more."""
        return False

    def pause_writing(self) -> None:
        """The peer does not read."""
        self.writer.pause()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self.writer.resume()

    # What whoever answers asks

    def take(self, stream: Stream) -> list[Piece]:
        """Take what has come of a request's body; views in it are true until the caller gives way to the event loop."""
        chunks, stream.chunks = stream.chunks, []
        self._buffered -= stream.size
        stream.size = 0
        return chunks

    async def more(self, stream: Stream) -> bytes:
        """Wait for more of a request's body and take it; empty at its end."""
        while not stream.chunks and not stream.ended:
            await stream.change()
        return b"".join(self.take(stream))

    async def room(self, stream: Stream) -> None:
        """Wait until little of a response waits for the peer."""
        while len(stream.waiting) > _MAX_WAITING_PARTS and stream.id in self.streams:
            await stream.change()

    def say_goodbye(self) -> None:
        """Tell the client to open no more streams, answer those that were under way when it heard, then close."""
        self.writer.send(go_away(MAX_STREAM_ID, ErrorCode.NO_ERROR) + frame(FrameType.PING, 0, 0, _GOODBYE))

    def _heard_goodbye(self) -> None:
        self._final_stream, self._leaving = self._last_stream, True
        self.writer.send(go_away(self._final_stream, ErrorCode.NO_ERROR))
        self._close_if_done()

    def close(self) -> None:
        """Close, after what has been written."""
        self.writer.flush()
        if self._transport is not None:
            self._transport.close()

    def close_unless_greeted(self) -> None:
        """Close a connection whose client has not said yet that it speaks HTTP/2."""
        if not self._reader.greeted:
            self.close()

    # Frames

    def _dispatch(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if self._block is not None and (kind != FrameType.CONTINUATION or number != self._block.number):
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a header block was interrupted")
        read = _READERS.get(kind)
        if read is not None:
            read(self, flags, number, payload)

    def _read_padded_data(self, flags: int, number: int, payload: bytes) -> None:
        stream = self._stream(number)
        body = unpadded(payload, flags)
        self._count(stream, len(payload) - len(body))
        self._read_data(number, [memoryview(body)], flags)

    def _read_data(self, number: int, pieces: list[memoryview], flags: int) -> None:
        """Read pieces of DATA frames, with the flags of the last frame if they end it."""
        if self._block is not None:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a header block was interrupted")
        stream = self._stream(number)
        size = sum(map(len, pieces))
        self._count(stream, size)
        if stream is None:
            return
        if stream.ended:
            raise Http2Error(ErrorCode.STREAM_CLOSED, f"DATA behind the end of stream {number}")
        if size and not stream.refused:
            self._borrow(stream, pieces, size)
        if flags & _END_STREAM:
            self._end(stream)
        else:
            stream.wake()

    def _borrow(self, stream: Stream, pieces: list[memoryview], size: int) -> None:
        """Let a stream have pieces that are in the buffer, until ``_keep_borrowed``."""
        stream.chunks += pieces
        stream.size += size
        self._buffered += size
        if not self._borrowers or self._borrowers[-1] is not stream:
            self._borrowers.append(stream)
        if stream.size > self._limits.message_bytes or self._buffered > self._limits.buffered_bytes:
            stream.refused = True
            self.take(stream)
            self._handler.overflowed(self, stream)

    def _keep_borrowed(self) -> None:
        """Copy what nobody has taken yet, before the buffer changes."""
        for stream in self._borrowers:
            if stream.chunks:
                stream.keep()
        self._borrowers.clear()

    def _count(self, stream: Stream | None, size: int) -> None:
        """Give the client its windows back when half of one is used."""
        self._unacknowledged += size
        if self._unacknowledged > _HALF_CONNECTION_WINDOW:
            self.writer.send(window_update(0, self._unacknowledged))
            self._unacknowledged = 0
        if stream is None:
            return
        stream.unacknowledged += size
        if stream.unacknowledged > _HALF_STREAM_WINDOW:
            self.writer.send(window_update(stream.id, stream.unacknowledged))
            stream.unacknowledged = 0

    def _read_headers(self, flags: int, number: int, payload: bytes) -> None:
        if not number & 1:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, f"a client opens odd streams; received {number}")
        block = unpadded(payload, flags) if flags & _PADDED else payload
        if flags & _PRIORITY:
            block = block[5:]
        if flags & _END_HEADERS:
            self._open(number, flags, block)
        else:
            self._block = _Block(number, flags, bytearray(block))

    def _read_continuation(self, flags: int, number: int, payload: bytes) -> None:
        if self._block is None:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "CONTINUATION without HEADERS")
        self._block.data += payload
        self._block.frames += 1
        if len(self._block.data) > MAX_HEADER_LIST_BYTES or self._block.frames > _MAX_CONTINUATIONS:
            raise Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "the headers are too large")
        if flags & _END_HEADERS:
            block, self._block = self._block, None
            self._open(number, block.flags, bytes(block.data))

    def _open(self, number: int, flags: int, block: bytes) -> None:
        headers = self._headers.read(block)  # always: the next block may refer to what stands in this one
        stream = self.streams.get(number)
        if stream is not None or number <= self._last_stream:
            self._read_trailers(stream, flags)
            return
        self._last_stream = number
        if number > self._final_stream or len(self.streams) >= MAX_CONCURRENT_STREAMS:
            self.writer.send(reset(number, ErrorCode.REFUSED_STREAM))
            return
        stream = self.streams[number] = Stream(number, headers, self.writer.initial_window)
        self._handler.opened(self, stream)
        if flags & _END_STREAM:
            self._end(stream)

    def _read_trailers(self, stream: Stream | None, flags: int) -> None:
        if stream is None:
            return  # of a stream that we have answered already
        if stream.ended or not flags & _END_STREAM:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, f"HEADERS in the middle of stream {stream.id}")
        self._end(stream)

    def _end(self, stream: Stream) -> None:
        stream.ended = True
        stream.wake()
        if not stream.refused and stream.id in self.streams:
            self._handler.ended(self, stream)

    def _read_reset(self, _flags: int, number: int, payload: bytes) -> None:
        read_uint32(payload)
        stream = self._stream(number)
        if stream is None:
            return
        self._resets += 1
        if self._resets > MAX_RESETS:
            raise Http2Error(ErrorCode.ENHANCE_YOUR_CALM, f"{self._resets} streams were opened and reset")
        self._give_up(stream)

    def _read_settings(self, flags: int, number: int, payload: bytes) -> None:
        if number or (flags & _ACK and payload):
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "SETTINGS belong to the connection, their ACK is empty")
        if not flags & _ACK:
            for setting, value in read_settings(payload):
                self.writer.apply(setting, value)
            self.writer.send_control(frame(FrameType.SETTINGS, Flag.ACK, 0))

    def _read_ping(self, flags: int, number: int, payload: bytes) -> None:
        if number or len(payload) != 8:
            code = ErrorCode.PROTOCOL_ERROR if number else ErrorCode.FRAME_SIZE_ERROR
            raise Http2Error(code, "PING belongs to the connection and has 8 bytes")
        if not flags & _ACK:
            self.writer.send_control(frame(FrameType.PING, Flag.ACK, 0, payload))
        elif payload == _GOODBYE:
            self._heard_goodbye()

    def _read_window_update(self, _flags: int, number: int, payload: bytes) -> None:
        increment = read_uint32(payload)
        stream = self._stream(number) if number else None
        if not increment:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE by nothing")
        if (stream is not None or not number) and not self.writer.widen(stream, increment):
            raise Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window grew beyond 2**31 - 1")

    def _read_goaway(self, _flags: int, _number: int, _payload: bytes) -> None:
        self._leaving = True
        self._close_if_done()

    def _refuse_push(self, _flags: int, _number: int, _payload: bytes) -> None:
        raise Http2Error(ErrorCode.PROTOCOL_ERROR, "a client pushes nothing")

    # Streams

    def _stream(self, number: int) -> Stream | None:
        """Return a stream, ``None`` for one that has ended."""
        stream = self.streams.get(number)
        if stream is None and (number > self._last_stream or not number & 1):
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, f"stream {number} was never opened")
        return stream

    def _answered(self, stream: Stream) -> None:
        if not stream.ended:  # the answer did not wait for the request's end: tell the client to stop sending
            self.writer.send(reset(stream.id, ErrorCode.NO_ERROR))
        self._resets = max(0, self._resets - 1)
        self._forget(stream)

    def _give_up(self, stream: Stream) -> None:
        self._forget(stream)
        if stream.task is not None:
            stream.task.cancel()

    def _forget(self, stream: Stream) -> None:
        self.take(stream)
        stream.wake()
        del self.streams[stream.id]
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._leaving and not self.streams:
            self._part()

    def _part(self) -> None:
        """Say no more and wait for the client to close; to close over what it sends would lose what it has not read."""
        self.writer.flush()
        self.writer.transport = None
        if self._transport is not None and not self._transport.is_closing():
            if self._transport.can_write_eof():
                self._transport.write_eof()
            asyncio.get_running_loop().call_later(PARTING_SECONDS, self.close)

    def _fail(self, fault: Http2Error) -> None:
        """End the connection and say why."""
        self._broken = True
        self.writer.send(go_away(self._last_stream, fault.code, fault.reason))
        for stream in tuple(self.streams.values()):
            self._give_up(stream)
        self._part()


class _Block:
    """A header block that comes in several frames."""

    __slots__ = ("data", "flags", "frames", "number")

    def __init__(self, number: int, flags: int, data: bytearray) -> None:
        self.number, self.flags, self.data, self.frames = number, flags, data, 1


def _address(peer: object) -> str:
    return f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) and len(peer) >= 2 else ""


_READERS: Mapping[int, Callable[[Connection, int, int, bytes], None]] = {
    FrameType.DATA: Connection._read_padded_data,
    FrameType.HEADERS: Connection._read_headers,
    FrameType.RST_STREAM: Connection._read_reset,
    FrameType.SETTINGS: Connection._read_settings,
    FrameType.PUSH_PROMISE: Connection._refuse_push,
    FrameType.PING: Connection._read_ping,
    FrameType.GOAWAY: Connection._read_goaway,
    FrameType.WINDOW_UPDATE: Connection._read_window_update,
    FrameType.CONTINUATION: Connection._read_continuation,
}
