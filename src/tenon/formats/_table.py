"""Sorted tables of keys and values: LevelDB's table format without compression, as TensorFlow keeps a bundle's index.

A table is data blocks, an empty meta-index block, an index block (last key of each data block -> its place) and a
footer of 48 bytes. A block is entries that share prefixes with the entry before, restart points where sharing starts
anew, one byte of compression type and a masked CRC-32C.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator

from tenon.base import DataLossError, InvalidArgumentError, UnimplementedError
from tenon.formats._checksum import masked_crc32c
from tenon.formats._varint import decode_varint, encode_varint

_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_FOOTER_SIZE = 48
_HANDLES_SIZE = _FOOTER_SIZE - len(_MAGIC)
_TRAILER = struct.Struct("<BI")
_RESTART = struct.Struct("<I")
_NO_COMPRESSION = 0
_COMPRESSIONS = {1: "Snappy", 2: "zstd"}

_Handle = tuple[int, int]
"""A block's offset and its size without the trailer."""


def encode_table(items: Iterable[tuple[bytes, bytes]], *, block_size: int = 256 * 1024) -> bytes:
    """Return the bytes of a table.

    Args:
        items: keys and values, sorted by key, every key once.
        block_size: bytes of entries after which a data block ends.

    Raises:
        InvalidArgumentError: a key is not greater than the one before it.

    Example:
        >>> list(decode_table(encode_table([(b"a", b"1"), (b"ab", b"2")])))
        [(b'a', b'1'), (b'ab', b'2')]
    """
    output = bytearray()
    index, block = _BlockBuilder(restart_interval=1), _BlockBuilder(restart_interval=16)
    for key, value in _ascending(items):
        if block.size >= block_size:
            index.add(block.last_key, _append_block(output, block))
            block = _BlockBuilder(restart_interval=16)
        block.add(key, value)
    if block.count:
        index.add(block.last_key, _append_block(output, block))
    handles = _append_block(output, _BlockBuilder(restart_interval=1)) + _append_block(output, index)
    return bytes(output) + _encoded_footer(handles)


def decode_table(data: bytes, source: str | os.PathLike[str] = "table") -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a table, in order, each block after its checksum.

    Args:
        data: the whole table.
        source: the file's name, for messages.

    Raises:
        DataLossError: the bytes are truncated or damaged.
        UnimplementedError: a block is compressed.
    """
    try:
        yield from _entries_of_table(data)
    except (ValueError, struct.error) as error:
        raise DataLossError(
            f"{os.fspath(source)}: the table is damaged: {error}. Restore the file from a copy, or write it again."
        ) from error
    except UnimplementedError as error:
        raise UnimplementedError(f"{os.fspath(source)}: {error}") from error


def _ascending(items: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    previous: bytes | None = None
    for key, value in items:
        if previous is not None and key <= previous:
            raise InvalidArgumentError(
                f"items: keys must ascend and be unique; received {key!r} after {previous!r}. Sort them."
            )
        previous = key
        yield key, value


class _BlockBuilder:
    """The entries of one block, keys ascending."""

    def __init__(self, restart_interval: int) -> None:
        self.last_key = b""
        self.count = 0
        self._interval = restart_interval
        self._entries = bytearray()
        self._restarts = [0]

    @property
    def size(self) -> int:
        return len(self._entries)

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self.count % self._interval:
            shared = _shared_length(self.last_key, key)
        elif self.count:
            self._restarts.append(self.size)
        self._entries += encode_varint(shared) + encode_varint(len(key) - shared) + encode_varint(len(value))
        self._entries += key[shared:] + value
        self.last_key = key
        self.count += 1

    def finish(self) -> bytes:
        restarts = struct.pack(f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts))
        return bytes(self._entries) + restarts


def _shared_length(one: bytes, other: bytes) -> int:
    limit = min(len(one), len(other))
    return next((place for place in range(limit) if one[place] != other[place]), limit)


def _append_block(output: bytearray, block: _BlockBuilder) -> bytes:
    """Append a block and its trailer; return its encoded handle."""
    content, offset = block.finish(), len(output)
    output += content
    output += _TRAILER.pack(_NO_COMPRESSION, masked_crc32c(content + bytes([_NO_COMPRESSION])))
    return _encoded((offset, len(content)))


def _encoded(handle: _Handle) -> bytes:
    offset, size = handle
    return encode_varint(offset) + encode_varint(size)


def _encoded_footer(handles: bytes) -> bytes:
    return handles.ljust(_HANDLES_SIZE, b"\0") + _MAGIC


def _entries_of_table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    meta_index, index = _footer(data)
    _block(data, meta_index)
    last_key: bytes | None = None
    for index_key, encoded in _entries(_block(data, index)):
        handle, end = _handle(encoded, 0)
        if end != len(encoded):
            raise ValueError("an index entry has bytes after its handle")
        for key, value in _entries(_block(data, handle)):
            if key > index_key or (last_key is not None and key <= last_key):
                raise ValueError(f"the key {key!r} is out of order")
            last_key = key
            yield key, value


def _footer(data: bytes) -> tuple[_Handle, _Handle]:
    footer = data[-_FOOTER_SIZE:]
    if len(footer) < _FOOTER_SIZE or not footer.endswith(_MAGIC):
        raise ValueError(f"its {len(data)} bytes do not end with the footer of a table")
    meta_index, position = _handle(footer, 0)
    index, _ = _handle(footer, position)
    if footer != _encoded_footer(_encoded(meta_index) + _encoded(index)):
        raise ValueError("the footer is not in its one form")
    return meta_index, index


def _handle(data: bytes, position: int) -> tuple[_Handle, int]:
    offset, position = decode_varint(data, position)
    size, position = decode_varint(data, position)
    return (offset, size), position


def _block(data: bytes, handle: _Handle) -> bytes:
    offset, size = handle
    end = offset + size
    if end + _TRAILER.size > len(data) - _FOOTER_SIZE:
        raise ValueError(f"a block of {size} bytes at offset {offset} passes the end of the file")
    kind, checksum = _TRAILER.unpack_from(data, end)
    if masked_crc32c(data[offset : end + 1]) != checksum:
        raise ValueError(f"the checksum of the block at offset {offset} does not match")
    if kind != _NO_COMPRESSION:
        raise UnimplementedError(
            f"the block at offset {offset} is compressed with {_COMPRESSIONS.get(kind, f'method {kind}')}; "
            "only uncompressed tables can be read. Write the checkpoint again without compression."
        )
    return data[offset:end]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    (restarts,) = _RESTART.unpack_from(block, len(block) - _RESTART.size)
    end = len(block) - _RESTART.size * (restarts + 1)
    position, key = 0, b""
    while position < end:
        shared, position = decode_varint(block, position)
        unshared, position = decode_varint(block, position)
        size, position = decode_varint(block, position)
        value_at = position + unshared
        if shared > len(key) or value_at + size > end:
            raise ValueError("an entry passes the end of its block")
        key = key[:shared] + block[position:value_at]
        position = value_at + size
        yield key, block[value_at:position]
