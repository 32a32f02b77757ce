"""Read checkpoints that TensorFlow or Tenon wrote: TensorBundle V2, any number of shards."""

from __future__ import annotations

import math
import os
import sys
from io import BufferedReader
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import google_crc32c
import numpy as np
from google.protobuf.message import DecodeError

from tenon.base import DataLossError, InvalidArgumentError, NotFoundError, TensorSpec, UnimplementedError
from tenon.formats._bundle_layout import HEADER_KEY, VERSION, fixed_lengths, index_path, shard_path
from tenon.formats._checksum import mask_crc32c
from tenon.formats._dtypes import numpy_dtype
from tenon.formats._ordered_code import FULL_EXTENT, tensor_slice_key
from tenon.formats._protos import message_class
from tenon.formats._table import decode_table
from tenon.formats._varint import decode_varint

_BundleHeader: Final = message_class("tensorflow.BundleHeaderProto")
_BundleEntry: Final = message_class("tensorflow.BundleEntryProto")
_SLICE = b"\0"
_ALIGNMENT: Final = 64
_ADVICE = "Restore it from a copy, or save the checkpoint again."


class BundleReader:
    """Read the tensors of a bundle.

    The index is read and checked at once; a shard is opened for each tensor that is read, so a reader may be shared
    by threads and holds no file open.

    Args:
        prefix: the path without ``.index``.

    Raises:
        NotFoundError: there is no ``PREFIX.index``.
        DataLossError: the index is truncated or damaged.
        UnimplementedError: the bundle is compressed, big-endian or of a later version.
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> from tenon.formats import BundleWriter
        >>> prefix = tempfile.mkdtemp() + "/variables"
        >>> with BundleWriter(prefix) as writer:
        ...     writer.add("step", np.int64(7))
        >>> reader = BundleReader(prefix)
        >>> reader.keys(), int(reader.read("step"))
        (('step',), 7)
    """

    def __init__(self, prefix: str | os.PathLike[str]) -> None:
        self._prefix = prefix
        self._index = index_path(prefix)
        table = dict(decode_table(_whole(self._index), self._index))
        self._shards = self._checked_header(table.pop(HEADER_KEY, None))
        self._entries = {key: self._parsed(_BundleEntry, value) for key, value in table.items()}
        self._keys = tuple(self._decoded(key) for key in self._entries if not key.startswith(_SLICE))

    def keys(self) -> tuple[str, ...]:
        """Return the tensors' keys, sorted."""
        return self._keys

    def spec(self, key: str) -> TensorSpec:
        """Return a tensor's shape and dtype, named by its key, without reading it.

        Raises:
            NotFoundError: there is no such key; the message names close ones.
            UnimplementedError: the tensor is a resource or a variant.
        """
        return self._spec(key, self._entry(key))

    def read(self, key: str) -> np.ndarray:
        """Return a tensor, checked against its checksum; strings are an object array of ``bytes``.

        A tensor that was saved in slices (partitioned variables) is put together.

        Raises:
            NotFoundError: there is no such key.
            DataLossError: the shard is missing, truncated or damaged; the message names the file.
            UnimplementedError: the tensor is a resource or a variant.
            OSError: the file system refuses.
        """
        entry = self._entry(key)
        spec = self._spec(key, entry)
        return self._assembled(key, entry, spec) if entry.slices else self._stored(key, entry, spec.dtype)

    def _checked_header(self, value: bytes | None) -> int:
        if value is None:
            raise self._damaged("it has no header")
        header = self._parsed(_BundleHeader, value)
        if header.endianness != _BundleHeader.LITTLE or header.version.min_consumer > VERSION:
            raise UnimplementedError(
                f"{self._index}: only little-endian bundles of version {VERSION} can be read; "
                f"received endianness {header.endianness}, version {header.version.min_consumer}. Save it again."
            )
        shards: int = header.num_shards
        return shards

    def _parsed(self, message: type[Any], value: bytes) -> Any:
        try:
            return message.FromString(value)
        except DecodeError as error:
            raise self._damaged("an entry is no message") from error

    def _decoded(self, key: bytes) -> str:
        try:
            return key.decode()
        except UnicodeDecodeError as error:
            raise self._damaged(f"the key {key!r} is not UTF-8") from error

    def _damaged(self, reason: str, path: Path | None = None) -> DataLossError:
        return DataLossError(f"{path or self._index}: the bundle is damaged: {reason}. {_ADVICE}")

    def _entry(self, key: str) -> Any:
        entry = self._entries.get(key.encode())
        if entry is None:
            raise NotFoundError(f"{self._index}: there is no tensor {key!r}; {_some(self._keys)}.")
        return entry

    def _spec(self, key: str, entry: Any) -> TensorSpec:
        try:
            dtype = numpy_dtype(entry.dtype)
        except InvalidArgumentError as error:
            raise UnimplementedError(f"{self._index}: the tensor {key!r} cannot be read: {error}") from error
        try:
            return TensorSpec(tuple(dim.size for dim in entry.shape.dim), dtype, key)
        except InvalidArgumentError as error:
            raise self._damaged(f"the shape of {key!r} is impossible") from error

    def _stored(self, key: str, entry: Any, dtype: np.dtype) -> np.ndarray:
        path = shard_path(self._prefix, entry.shard_id, self._shards)
        try:
            with open(path, "rb") as file:
                if os.fstat(file.fileno()).st_size < entry.offset + entry.size or entry.offset < 0:
                    raise ValueError("the file is truncated")
                file.seek(entry.offset)
                return _strings(file, entry) if dtype.hasobject else _numbers(file, entry, dtype)
        except FileNotFoundError as error:
            raise DataLossError(f"{path}: the shard that holds the tensor {key!r} is missing. {_ADVICE}") from error
        except ValueError as error:
            raise self._damaged(f"the tensor {key!r} cannot be read: {error}", path) from error

    def _assembled(self, key: str, entry: Any, spec: TensorSpec) -> np.ndarray:
        whole = np.empty(_sizes(entry), spec.dtype)
        covered = 0
        for box in entry.slices:
            extents = [_extent(extent) for extent in box.extent]
            part = self._part(key, extents)
            place = tuple(slice(start, None if size == FULL_EXTENT else start + size) for start, size in extents)
            if whole[place].shape != part.shape or whole.dtype != part.dtype:
                raise self._damaged(f"a slice of {key!r} does not fit its place")
            whole[place] = part
            covered += part.size
        if covered != whole.size:
            raise self._damaged(f"the slices of {key!r} hold {covered} of {whole.size} elements")
        return whole

    def _part(self, key: str, extents: list[tuple[int, int]]) -> np.ndarray:
        part = self._entries.get(tensor_slice_key(key.encode(), extents))
        if part is None:
            raise self._damaged(f"the slice {extents} of {key!r} is missing")
        return self._stored(key, part, self._spec(key, part).dtype)


def _whole(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: there is no such bundle. Name the path without '.index'.") from error


def _some(keys: tuple[str, ...], count: int = 10) -> str:
    return f"the keys are: {list(keys[:count])}" + (f" and {len(keys) - count} more" if len(keys) > count else "")


def _extent(proto: Any) -> tuple[int, int]:
    return proto.start, proto.length if proto.HasField("length") else FULL_EXTENT


def _sizes(entry: Any) -> tuple[int, ...]:
    return tuple(dim.size for dim in entry.shape.dim)


def _numbers(file: BufferedReader, entry: Any, dtype: np.dtype) -> np.ndarray:
    shape = _sizes(entry)
    if entry.size != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"shape {list(shape)} of {dtype} does not take {entry.size} bytes")
    data = _aligned(entry.size)
    array = data.view(dtype).reshape(shape)
    if file.readinto(data.data) != entry.size:
        raise ValueError("the file is truncated")
    _check_crc(google_crc32c.value(data), entry.crc32c)
    return array if sys.byteorder == "little" else array.byteswap()


def _aligned(size: int) -> np.ndarray:
    """Return memory that begins where XLA wants an array to begin, so that JAX need not copy it."""
    memory = np.empty(size + _ALIGNMENT - 1, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size]


def _strings(file: BufferedReader, entry: Any) -> np.ndarray:
    data = file.read(entry.size)
    count = math.prod(_sizes(entry))
    lengths, position = _lengths(data, count)
    crc = google_crc32c.value(fixed_lengths(lengths))
    if int.from_bytes(data[position : position + 4], "little") != mask_crc32c(crc):
        raise ValueError("the checksum of the strings' lengths does not match")
    if position + 4 + sum(lengths) != entry.size:
        raise ValueError(f"strings of {sum(lengths)} bytes do not take {entry.size} bytes")
    _check_crc(google_crc32c.extend(crc, data[position:]), entry.crc32c)
    array = np.empty(count, object)
    ends = [position + 4 + end for end in accumulate(lengths)]
    array[:] = [data[end - length : end] for length, end in zip(lengths, ends, strict=True)]
    return array.reshape(_sizes(entry))


def _lengths(data: bytes, count: int) -> tuple[list[int], int]:
    if count > len(data):
        raise ValueError(f"{count} strings do not fit {len(data)} bytes")
    lengths, position = [], 0
    for _ in range(count):
        length, position = decode_varint(data, position)
        lengths.append(length)
    return lengths, position


def _check_crc(crc: int, expected: int) -> None:
    if mask_crc32c(crc) != expected:
        raise ValueError("the checksum does not match")
