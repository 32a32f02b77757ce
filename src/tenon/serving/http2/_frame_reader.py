"""What a peer sends, cut into frames; bodies go up as they come, piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from tenon.serving.http2._frames import FRAME_HEADER, MAX_STREAM_ID, PREFACE, ErrorCode, Flag, FrameType, Http2Error

MAX_FRAME_SIZE = 2**20
"""The largest frame that we take; larger than the default, for large tensors."""

_NINE = FRAME_HEADER.size
_DATA, _PADDED, _END_STREAM = int(FrameType.DATA), int(Flag.PADDED), int(Flag.END_STREAM)


class FrameReader:
    """Cut the bytes of one connection into frames.

    DATA frames are most of what comes: theirs is handed on without waiting for the rest of the frame, and without a
    copy. All other frames, and DATA with padding, are handed on whole.

    Args:
        on_frame: called with type, flags, stream and payload.
        on_data: called with the stream, pieces of its body, and the flags of the frame that the last one ends, or 0.
            Pieces are views of what ``feed`` was given, true only until that returns.

    Attributes:
        greeted: whether the client has said that it speaks HTTP/2.

    Example:
        >>> reader = FrameReader(lambda *frame: print(*frame), lambda stream, pieces, flags: print(b"".join(pieces)))
        >>> reader.feed(memoryview(PREFACE + bytes.fromhex("000004 00 01 00000001") + b"ab"))
        b'ab'
        >>> reader.feed(memoryview(b"cd"))
        b'cd'
    """

    def __init__(
        self,
        on_frame: Callable[[int, int, int, bytes], None],
        on_data: Callable[[int, list[memoryview], int], None],
    ) -> None:
        self.greeted = False
        self._on_frame, self._on_data = on_frame, on_data
        self._rest = b""
        self._number = self._flags = self._left = 0  # of the DATA frame that has not come to its end

    def feed(self, data: memoryview) -> None:
        """Hand on what has come.

        Args:
            data: the next bytes; they may change afterwards.

        Raises:
            Http2Error: they are no frames, or a frame is too large; or what the callbacks raise.
        """
        if self._rest:
            data = memoryview(self._rest + data)
        start = 0 if self.greeted else self._greet(data)
        if self.greeted:
            if self._left:
                start = self._go_on(data)
            start = self._read(data, start)
        self._rest = bytes(data[start:])

    def _greet(self, data: memoryview) -> int:
        head = bytes(data[: len(PREFACE)])
        if not PREFACE.startswith(head):
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, "the client does not speak HTTP/2")
        self.greeted = head == PREFACE
        return len(PREFACE) if self.greeted else 0

    def _go_on(self, data: memoryview) -> int:
        """Hand on the next piece of a DATA frame and return where it ends."""
        piece = data[: self._left]
        self._left -= len(piece)
        self._on_data(self._number, [piece], 0 if self._left else self._flags)
        return len(piece)

    def _read(self, data: memoryview, start: int) -> int:
        """Hand on what is whole, and DATA as far as it has come; return where that ends."""
        end, unpack = len(data), FRAME_HEADER.unpack_from
        while end - start >= _NINE:
            word, flags, number = unpack(data, start)
            size, kind, body = word >> 8, word & 0xFF, start + _NINE
            if size > MAX_FRAME_SIZE:
                raise Http2Error(ErrorCode.FRAME_SIZE_ERROR, f"a frame of {size} bytes is too large")
            if kind == _DATA and not flags & _PADDED:
                start = self._read_data(data, start, number)
                continue
            if body + size > end:
                break
            start = body + size
            self._on_frame(kind, flags, number & MAX_STREAM_ID, bytes(data[body:start]))
        return start

    def _read_data(self, data: memoryview, start: int, number: int) -> int:
        """Hand on DATA frames of one stream that follow each other; return where they end."""
        pieces: list[memoryview] = []
        end, unpack, flags = len(data), FRAME_HEADER.unpack_from, 0
        while end - start >= _NINE and not flags & _END_STREAM:
            word, more, other = unpack(data, start)
            size, body = word >> 8, start + _NINE
            if word & 0xFF != _DATA or more & _PADDED or other != number or size > MAX_FRAME_SIZE:
                break
            start, flags = body + size, more
            if start > end:
                self._number, self._flags, self._left = number & MAX_STREAM_ID, flags, start - end
                start, flags = end, 0
            pieces.append(data[body:start])
        self._on_data(number & MAX_STREAM_ID, pieces, flags)
        return start
