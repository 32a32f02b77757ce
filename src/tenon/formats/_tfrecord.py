"""TFRecord files: records of bytes, each with its length and two masked CRC-32Cs."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO

from tenon.base import DataLossError, NotFoundError
from tenon.formats._checksum import masked_crc32c

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_HEAD_SIZE = _LENGTH.size + _CRC.size


class RecordWriter:
    """Write records to a binary file that the caller opens and closes.

    Args:
        file: writable, at the place of the first record. Not for several threads at once.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> RecordWriter(file).write(b"one")
        >>> len(file.getvalue())
        19
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, record: bytes) -> None:
        """Append one record, of any length.

        Raises:
            OSError: the file system refuses.
        """
        length = _LENGTH.pack(len(record))
        head = length + _CRC.pack(masked_crc32c(length))
        self._file.write(b"".join((head, record, _CRC.pack(masked_crc32c(record)))))


def read_records(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Yield the records of an uncompressed TFRecord file, each checked against its checksums.

    Whole records before a damaged or truncated one are yielded first.

    Args:
        path: the file.

    Raises:
        NotFoundError: there is no such file.
        DataLossError: a record is truncated or damaged; the message names the file and the record's offset in bytes.
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp() + "/data.tfrecord"
        >>> with open(path, "wb") as file:
        ...     RecordWriter(file).write(b"one")
        >>> list(read_records(path))
        [b'one']
    """
    try:
        with open(path, "rb") as file:
            yield from _records(file, os.fspath(path))
    except FileNotFoundError as error:
        raise NotFoundError(f"{os.fspath(path)}: there is no such file. Check the path.") from error


def _records(file: BufferedReader, path: str) -> Iterator[bytes]:
    offset = 0
    while head := file.read(_HEAD_SIZE):
        try:
            record = _read_rest(file, head, offset)
        except ValueError as error:
            raise DataLossError(
                f"{path}: the record at offset {offset} cannot be read: {error}. "
                "The records before it are whole; restore or write the rest again."
            ) from error
        yield record
        offset += _HEAD_SIZE + len(record) + _CRC.size


def _read_rest(file: BufferedReader, head: bytes, offset: int) -> bytes:
    if len(head) < _HEAD_SIZE:
        raise ValueError(f"the file is truncated after {len(head)} of the {_HEAD_SIZE} bytes of its head")
    (length,) = _LENGTH.unpack_from(head)
    if masked_crc32c(head[: _LENGTH.size]) != _CRC.unpack_from(head, _LENGTH.size)[0]:
        raise ValueError("the checksum of its length does not match (perhaps this is no uncompressed TFRecord file)")
    available = os.fstat(file.fileno()).st_size - offset - _HEAD_SIZE
    if length + _CRC.size > available:
        raise ValueError(f"the file is truncated: {length + _CRC.size} bytes must follow, there are {available}")
    record = file.read(length)
    if masked_crc32c(record) != _CRC.unpack(file.read(_CRC.size))[0]:
        raise ValueError("the checksum of its bytes does not match")
    return record
