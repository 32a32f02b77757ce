"""TFRecord files written, compressed or not."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from io import RawIOBase
from typing import IO, Any, Final

from tenon.core._names import export
from tenon.core.io._host import file_errors, path_of
from tenon.formats import RecordWriter


@export("io.TFRecordOptions")
@dataclass(frozen=True)
class TFRecordOptions:
    """How a TFRecord file is compressed, ``tf.io.TFRecordOptions``.

    Args:
        compression_type: ``""``, ``"GZIP"`` or ``"ZLIB"``; ``None`` for none.
        flush_mode: ignored, as the sizes of buffers and zlib's other settings are.
        input_buffer_size: ignored.
        output_buffer_size: ignored.
        window_bits: ignored.
        compression_level: 0 to 9; ``None`` or -1 for zlib's own.
        compression_method: ignored.
        mem_level: ignored.
        compression_strategy: ignored.

    Raises:
        ValueError: there is no such compression.
    """

    compression_type: str | None = None
    flush_mode: int | None = None
    input_buffer_size: int | None = None
    output_buffer_size: int | None = None
    window_bits: int | None = None
    compression_level: int | None = None
    compression_method: int | None = None
    mem_level: int | None = None
    compression_strategy: int | None = None

    def __post_init__(self) -> None:
        if (self.compression_type or "") not in _OPENERS:
            raise ValueError(f"compression_type: must be '', 'GZIP' or 'ZLIB'; received {self.compression_type!r}.")

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """Return the name of the compression that options, or their name, ask for."""
        found = options.compression_type if isinstance(options, TFRecordOptions) else options
        return found or ""


class _ZlibFile(RawIOBase):
    """A file that compresses what is written to it into one zlib stream."""

    def __init__(self, file: IO[bytes], level: int) -> None:
        self._inner = file
        self._compressor = zlib.compressobj(level)
        self._is_whole = False

    def write(self, data: Any) -> int:
        self._inner.write(self._compressor.compress(data))
        return len(data)

    def flush(self) -> None:
        if not self._is_whole:
            self._inner.write(self._compressor.flush(zlib.Z_SYNC_FLUSH))

    def close(self) -> None:
        if not self._is_whole:
            self._inner.write(self._compressor.flush())
            self._is_whole = True
            super().close()


_OPENERS: Final[dict[str, Any]] = {
    "": lambda file, _level: file,
    "GZIP": lambda file, level: gzip.GzipFile("", "wb", 6 if level < 0 else level, file, mtime=0),
    "ZLIB": _ZlibFile,
}


@export("io.TFRecordWriter")
class TFRecordWriter:
    """Writes records to a TFRecord file, ``tf.io.TFRecordWriter``.

    Args:
        path: the name of the file; an old one is replaced.
        options: ``TFRecordOptions``, or the name of a compression.

    Raises:
        ValueError: there is no such compression.
        NotFoundError: the directory is not there.

    Example:
        >>> import tempfile
        >>> from tenon.formats import read_records
        >>> path = tempfile.mkdtemp() + "/a.tfrecord"
        >>> with TFRecordWriter(path) as writer:
        ...     writer.write(b"one")
        >>> list(read_records(path))
        [b'one']
    """

    def __init__(self, path: Any, options: TFRecordOptions | str | None = None) -> None:
        chosen = options if isinstance(options, TFRecordOptions) else TFRecordOptions(options)
        name = path_of(path)
        with file_errors(name):
            self._file: IO[bytes] = open(name, "wb")  # noqa: SIM115  # closed by close()
        level = -1 if chosen.compression_level is None else chosen.compression_level
        self._compressed = _OPENERS[chosen.compression_type or ""](self._file, level)
        self._records = RecordWriter(self._compressed)

    def write(self, record: Any) -> None:
        """Append one record: bytes or text.

        Raises:
            TypeError: it is neither.
            ValueError: the file is closed.
        """
        if not isinstance(record, bytes | bytearray | memoryview | str):
            raise TypeError(f"record: must be bytes; received {record!r}. Use SerializeToString() of a message.")
        self._records.write(record.encode() if isinstance(record, str) else bytes(record))

    def flush(self) -> None:
        """Hand everything to the file system."""
        self._compressed.flush()
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._compressed is not self._file:
            self._compressed.close()
        self._file.close()

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
