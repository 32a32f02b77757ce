"""What a connection sends: one write a turn of the event loop, never more than the peer's windows take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tenon.serving.http2._frames import (
    DEFAULT_FRAME_SIZE,
    DEFAULT_WINDOW,
    FRAME_HEADER,
    MAX_WINDOW,
    ErrorCode,
    Flag,
    FrameType,
    Http2Error,
    Setting,
    frame,
)
from tenon.serving.http2._stream import Piece, Stream

MAX_UNREAD_CONTROL_BYTES = 2**16
"""Answers to PING and SETTINGS that may wait for a peer that does not read."""

_END_OF_HEADERS = int(Flag.END_HEADERS)
_END_OF_BOTH = int(Flag.END_HEADERS | Flag.END_STREAM)


class Writer:
    """Write the responses of one connection.

    Args:
        loop: the event loop.
        streams: the streams of the connection that are not answered yet.
        on_finished: called with a stream whose response was written whole.

    Attributes:
        transport: where to write, while the connection stands.
        initial_window: what the peer takes of a new stream.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, streams: dict[int, Stream], on_finished: Callable[[Stream], None]
    ) -> None:
        self.transport: asyncio.WriteTransport | None = None
        self.initial_window = DEFAULT_WINDOW
        self._loop, self._streams, self._on_finished = loop, streams, on_finished
        self._window = DEFAULT_WINDOW
        self._frame_size = DEFAULT_FRAME_SIZE
        self._out: list[Piece] = []
        self._open = True
        self._unread_control_bytes = 0

    def send(self, data: bytes) -> None:
        """Write frames at the end of this turn of the event loop."""
        self._out.append(data)
        if len(self._out) == 1:
            self._loop.call_soon(self.flush)

    def send_control(self, data: bytes) -> None:
        """Write a frame that the peer asked for with one of its own.

        Raises:
            Http2Error: it asks and asks and does not read.
        """
        if not self._open:
            self._unread_control_bytes += len(data)
            if self._unread_control_bytes > MAX_UNREAD_CONTROL_BYTES:
                raise Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "PING or SETTINGS without reading the answers")
        self.send(data)

    def flush(self) -> None:
        """Write now."""
        if self._out and self.transport is not None:
            self.transport.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
        self._out.clear()

    def respond(self, stream: Stream, head: bytes, data: bytes, trailers: bytes) -> None:
        """Write a whole response: header block, body, trailers. A stream that is gone is left alone."""
        if stream.id not in self._streams:
            return
        size = len(data)
        if self._open and size <= stream.window and size <= self._window and size <= self._frame_size:
            self._window -= size
            number, pack = stream.id, FRAME_HEADER.pack
            first, middle, last = (
                pack(len(head) << 8 | 1, 4, number),
                pack(size << 8, 0, number),
                len(trailers) << 8 | 1,
            )
            self.send(b"".join((first, head, middle, data, pack(last, 5, number), trailers)))
            self._on_finished(stream)
        else:
            self.begin(stream, head)
            self.write(stream, data)
            self.end(stream, trailers)

    def begin(self, stream: Stream, head: bytes, *, end: bool = False) -> None:
        """Write the header block that begins a response, and with ``end`` is all of it."""
        if stream.id in self._streams:
            stream.begun = True
            self.send(frame(FrameType.HEADERS, _END_OF_BOTH if end else _END_OF_HEADERS, stream.id, head))
            if end:
                self._on_finished(stream)

    def write(self, stream: Stream, data: bytes) -> None:
        """Write a part of the body, as far as the windows allow; the rest goes when they open."""
        if stream.id in self._streams:
            stream.waiting.append(memoryview(data))  # what is cut off it is no copy
            self._advance(stream)

    def end(self, stream: Stream, trailers: bytes) -> None:
        """End a response behind its body."""
        if stream.id in self._streams:
            stream.trailers = trailers
            self._advance(stream)

    def pause(self) -> None:
        """Hold back bodies: the peer does not read."""
        self._open = False

    def resume(self) -> None:
        """Go on after ``pause``."""
        self._open, self._unread_control_bytes = True, 0
        self._advance_all()

    def widen(self, stream: Stream | None, increment: int) -> bool:
        """Take a WINDOW_UPDATE for a stream, or for the connection; ``False`` when the window becomes too large."""
        if stream is None:
            self._window += increment
            self._advance_all()
            return self._window <= MAX_WINDOW
        stream.window += increment
        self._advance(stream)
        return stream.window <= MAX_WINDOW

    def apply(self, setting: int, value: int) -> None:
        """Take one setting of the peer.

        Raises:
            Http2Error: it makes the window of a stream too large.
        """
        if setting == Setting.MAX_FRAME_SIZE:
            self._frame_size = value
        elif setting == Setting.INITIAL_WINDOW_SIZE:
            change, self.initial_window = value - self.initial_window, value
            for stream in tuple(self._streams.values()):
                if not self.widen(stream, change):
                    raise Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window grew beyond 2**31 - 1")

    def _advance_all(self) -> None:
        for stream in tuple(self._streams.values()):
            self._advance(stream)

    def _advance(self, stream: Stream) -> None:
        """Write what the windows take of a stream, then its trailers."""
        while stream.waiting and self._open:
            room = min(stream.window, self._window, self._frame_size)
            data = stream.waiting[0]
            if data and room <= 0:
                return
            self._write_data(stream, data[:room])
            if len(data) <= room:
                stream.waiting.popleft()
            else:
                stream.waiting[0] = data[room:]
        if not stream.waiting:
            stream.wake()
            if stream.trailers is not None:
                self.begin(stream, stream.trailers, end=True)

    def _write_data(self, stream: Stream, data: memoryview) -> None:
        size = len(data)
        stream.window -= size
        self._window -= size
        self.send(FRAME_HEADER.pack(size << 8 | FrameType.DATA, 0, stream.id))
        self._out.append(data)
