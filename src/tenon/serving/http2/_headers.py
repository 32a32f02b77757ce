"""Header blocks (HPACK, RFC 7541): read with a memory of what comes again, written without any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hpack import Decoder
from hpack.exceptions import HPACKError

from tenon.serving.http2._frames import ErrorCode, Http2Error

MAX_HEADER_LIST_BYTES = 2**16
"""How large the headers of one request may be, names and values and 32 bytes for each."""

_REMEMBERED_BLOCKS = 64
_REMEMBERED_BYTES = 2**10
_WHOLE_PREFIX = 127  # what the seven bits of a string's length hold

RequestHeaders = Mapping[str, str]


class HeaderReader:
    """Decode the header blocks of one connection, in their order.

    A client that repeats a call sends the same few bytes again and again; a block that was decoded before is looked
    up, as long as the table to which it refers has not changed since.

    Example:
        >>> reader = HeaderReader()
        >>> reader.read(header_block([(":path", "/a"), ("x", "1")]))
        {':path': '/a', 'x': '1'}
    """

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=MAX_HEADER_LIST_BYTES)
        self._known: dict[bytes, RequestHeaders] = {}

    def read(self, block: bytes) -> RequestHeaders:
        """Return the headers of a block; values of a name that comes twice are joined with a comma.

        Raises:
            Http2Error: the block does not decode, or to more than ``MAX_HEADER_LIST_BYTES``.
        """
        known = self._known.get(block)
        return known if known is not None else self._decode(block)

    def _decode(self, block: bytes) -> RequestHeaders:
        before = self._table()
        try:
            fields = self._decoder.decode(block, raw=True)
        except (HPACKError, UnicodeDecodeError) as error:
            raise Http2Error(ErrorCode.COMPRESSION_ERROR, f"the header block does not decode: {error}") from error
        headers: dict[str, str] = {}
        for raw_name, raw_value in fields:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        self._remember(block, headers, before)
        return headers

    def _remember(self, block: bytes, headers: RequestHeaders, before: tuple[int, object]) -> None:
        length, newest = self._table()
        if length != before[0] or newest is not before[1]:
            self._known.clear()
        elif len(block) <= _REMEMBERED_BYTES:
            if len(self._known) >= _REMEMBERED_BLOCKS:
                self._known.clear()
            self._known[block] = headers

    def _table(self) -> tuple[int, object]:
        """Return the number of entries and the newest one: an entry that is added changes either."""
        entries = self._decoder.header_table.dynamic_entries
        return len(entries), entries[0] if entries else None


def header_block(fields: Iterable[tuple[str, str]]) -> bytes:
    """Write headers as literals that nobody need remember: any decoder reads them, in any order.

    Args:
        fields: names in lower case, and values; both in latin-1.
    """
    return b"".join(b"\0" + _string(name) + _string(value) for name, value in fields)


def _string(text: str) -> bytes:
    data = text.encode("latin-1", errors="replace")
    return _length(len(data)) + data


def _length(size: int) -> bytes:
    if size < _WHOLE_PREFIX:
        return bytes((size,))
    rest, encoded = size - _WHOLE_PREFIX, bytearray((_WHOLE_PREFIX,))
    while rest >= 128:
        encoded.append(rest % 128 + 128)
        rest //= 128
    encoded.append(rest)
    return bytes(encoded)
