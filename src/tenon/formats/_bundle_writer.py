"""Write checkpoints as TensorFlow does: TensorBundle V2, one shard."""

from __future__ import annotations

import itertools
import os
import secrets
import sys
from contextlib import suppress
from io import BufferedWriter, FileIO
from types import TracebackType
from typing import Any, Final, Self

import google_crc32c
import numpy as np
from numpy.typing import ArrayLike

from tenon.base import AlreadyExistsError, FailedPreconditionError, InvalidArgumentError, write_file
from tenon.formats._bundle_layout import HEADER_KEY, VERSION, fixed_lengths, index_path, shard_files, shard_path
from tenon.formats._checksum import mask_crc32c
from tenon.formats._dtypes import DT_STRING, data_type
from tenon.formats._protos import message_class
from tenon.formats._table import encode_table
from tenon.formats._tensor_proto import encode_string
from tenon.formats._varint import encode_varint

_BundleHeader: Final = message_class("tensorflow.BundleHeaderProto")
_BundleEntry: Final = message_class("tensorflow.BundleEntryProto")


class BundleWriter:
    """Write tensors under string keys into ``PREFIX.index`` and ``PREFIX.data-00000-of-00001``.

    Tensors go to a temporary sibling as they are added; ``finish`` flushes it to disk, gives it its name and then
    writes the index, so that an index is never there without its data. Where a bundle stands at the prefix already,
    the new data gets another name (``-of-00002``, and at the next time ``-of-00001`` again): the new index takes the
    place of the old one in one step, and only then the old data is deleted. As a context manager, the end of the
    block finishes, and an exception discards. Not for several threads at once.

    Args:
        prefix: the path without ``.index``; its folder is created.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> prefix = tempfile.mkdtemp() + "/variables"
        >>> with BundleWriter(prefix) as writer:
        ...     writer.add("dense/kernel", np.zeros((2, 3), np.float32))
    """

    def __init__(self, prefix: str | os.PathLike[str]) -> None:
        self._prefix = prefix
        self._entries: dict[bytes, bytes] = {}
        self._offset = 0
        self._finished = False
        shard = shard_path(prefix)
        shard.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = shard.with_name(f".{shard.name}.tmp-{os.getpid()}-{secrets.token_hex(4)}")
        self._file = BufferedWriter(FileIO(self._temporary, "x"))

    def add(self, key: str, array: ArrayLike) -> None:
        """Write a tensor.

        Args:
            key: not empty; the bundle's index is sorted by it, whatever the order of the calls.
            array: of any dtype that TensorFlow has; text becomes UTF-8. A C-contiguous array is written without a
                copy, another one with one copy.

        Raises:
            AlreadyExistsError: there is a tensor of this key.
            InvalidArgumentError: the key is empty or starts with a zero byte, or TensorFlow has no such tensors.
            FailedPreconditionError: the bundle is finished or discarded.
            OSError: the file system refuses.
        """
        name = self._checked_key(key)
        values = np.asarray(array)
        number = data_type(values.dtype)
        crc = self._write_strings(values) if number == DT_STRING else self._write(_bytes_of(values))
        end = self._file.tell()
        entry = _BundleEntry(dtype=number, offset=self._offset, size=end - self._offset, crc32c=mask_crc32c(crc))
        entry.shape.SetInParent()
        for size in values.shape:
            entry.shape.dim.add(size=size)
        self._entries[name] = entry.SerializeToString()
        self._offset = end

    def finish(self) -> None:
        """Flush everything to disk and put the bundle in place; a second call does nothing.

        Raises:
            FailedPreconditionError: the bundle was discarded.
            OSError: the file system refuses; what stood at the prefix is as it was.
        """
        if self._finished:
            return
        self._check_open()
        old = shard_files(self._prefix)
        count = next(number for number in itertools.count(1) if number not in old.values())
        shard = shard_path(self._prefix, 0, count)
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._temporary.replace(shard)
            write_file(index_path(self._prefix), self._table(count))
        except BaseException:
            self.discard()
            shard.unlink(missing_ok=True)
            raise
        self._finished = True
        for file in old:
            file.unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete what was written; does nothing after ``finish``."""
        with suppress(OSError):  # what is still buffered may not fit on the disk either
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _table(self, shards: int) -> bytes:
        header = _BundleHeader(num_shards=shards, version={"producer": VERSION})
        return encode_table([(HEADER_KEY, header.SerializeToString()), *self._sorted_entries()])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.discard()

    def _sorted_entries(self) -> list[tuple[bytes, bytes]]:
        return sorted(self._entries.items())

    def _check_open(self) -> None:
        if self._file.closed:
            raise FailedPreconditionError(f"{self._prefix}: the bundle is closed. Make a new BundleWriter.")

    def _checked_key(self, key: str) -> bytes:
        self._check_open()
        name = key.encode()
        if not name or name.startswith(b"\0"):
            raise InvalidArgumentError(
                f"key: must not be empty nor start with a zero byte, which the format reserves; received {key!r}."
            )
        if name in self._entries:
            raise AlreadyExistsError(f"key: {key!r} is in the bundle already; choose another key.")
        return name

    def _write(self, data: Any, crc: int = 0) -> int:
        self._file.write(data)
        extended: int = google_crc32c.extend(crc, data)
        return extended

    def _write_strings(self, values: np.ndarray) -> int:
        """Write lengths, the lengths' checksum, then the strings; the checksum counts lengths as fixed integers."""
        strings = [encode_string(value) for value in values.ravel().tolist()]
        lengths = [len(string) for string in strings]
        self._file.write(b"".join(map(encode_varint, lengths)))
        crc = google_crc32c.value(fixed_lengths(lengths))
        return self._write(b"".join(strings), self._write(mask_crc32c(crc).to_bytes(4, "little"), crc))


def _bytes_of(values: np.ndarray) -> np.ndarray:
    """View an array as little-endian, row-major bytes, copying only when it lies otherwise in memory."""
    if values.dtype.byteorder == (">" if sys.byteorder == "little" else "="):
        values = values.astype(values.dtype.newbyteorder("<"))
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8)
