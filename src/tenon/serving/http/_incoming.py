"""Bodies as they come over a connection: of a stated length, or in chunks."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from tenon.serving.http._heads import BadRequestError

MAX_LINE_BYTES = 4096
"""A line between chunks, or all trailers together, may be so long."""

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")


class IncomingBody(ABC):
    """Collects a body.

    Attributes:
        data: what has come of it.
        is_whole: whether all of it has come.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.is_whole = False

    @abstractmethod
    def feed(self, data: bytes) -> bytes:
        """Take what has come over the connection, and return what stands behind the body's end.

        Raises:
            BadRequestError: it breaks a rule.
        """


class SizedBody(IncomingBody):
    """A body of a stated length.

    Args:
        length: of the whole body, at least 1.
    """

    def __init__(self, length: int) -> None:
        super().__init__()
        self._length = length

    def feed(self, data: bytes) -> bytes:
        """See ``IncomingBody.feed``."""
        left = self._length - len(self.data)
        self.data += data[:left]
        self.is_whole = len(self.data) == self._length
        return data[left:]


class ChunkedBody(IncomingBody):
    r"""A body in chunks; extensions and trailers are read over.

    Example:
        >>> body = ChunkedBody()
        >>> body.feed(b"3\r\nabc\r\n0\r\n\r\nGET"), bytes(body.data), body.is_whole
        (b'GET', b'abc', True)
    """

    def __init__(self) -> None:
        super().__init__()
        self._line = b""  # the beginning of one whose end has not come
        self._left = 0  # bytes of the chunk that are still to come
        self._ends_chunk = False  # whether the empty line behind a chunk is to come
        self._trailer_bytes = -1  # of the trailers that have come; -1 before the last chunk

    def feed(self, data: bytes) -> bytes:
        """See ``IncomingBody.feed``."""
        if self._line:
            data, self._line = self._line + data, b""
        position, view = 0, memoryview(data)  # chunks may be tiny: what is left is not copied for each of them
        while position < len(data) and not self.is_whole:
            if self._left:
                part = view[position : position + self._left]
                self.data += part
                self._left -= len(part)
                position += len(part)
                continue
            end = data.find(b"\r\n", position, position + MAX_LINE_BYTES + 2)
            if end < 0:
                if len(data) - position > MAX_LINE_BYTES:
                    raise BadRequestError(400, "A line between the chunks is too long.")
                self._line = data[position:]
                return b""
            self._read_line(data[position:end])
            position = end + 2
        return data[position:]

    def _read_line(self, line: bytes) -> None:
        if self._trailer_bytes >= 0:
            self._trailer_bytes += len(line)
            if self._trailer_bytes > MAX_LINE_BYTES:
                raise BadRequestError(431, "The trailers are too long.")
            self.is_whole = not line
        elif self._ends_chunk:
            if line:
                raise BadRequestError(400, "A chunk must end where it says.")
            self._ends_chunk = False
        else:
            self._read_size(line)

    def _read_size(self, line: bytes) -> None:
        match = _SIZE.fullmatch(line)
        if match is None:
            raise BadRequestError(400, "A chunk must begin with its size in hexadecimal digits.")
        self._left = int(match[1], 16)
        self._ends_chunk = self._left > 0
        if not self._left:
            self._trailer_bytes = 0
