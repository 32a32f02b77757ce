"""Event files: what TensorBoard reads, a TFRecord file of ``tensorflow.Event`` messages."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from google.protobuf.message import DecodeError

from tenon.base import DataLossError, FailedPreconditionError
from tenon.formats._protos import message_class
from tenon.formats._tfrecord import RecordWriter, read_records

_Event: Final = message_class("tensorflow.Event")
_FILE_VERSION: Final = "brain.Event:2"
_numbers: Final = itertools.count()


class EventFileWriter:
    """Append events to a new ``events.out.tfevents.SECONDS.HOST.PID.NUMBER[SUFFIX]`` in ``log_dir``.

    Events wait in a buffer until ``max_queue`` of them have come or ``flush_seconds`` have passed since the last
    flush; both are looked at when an event is written, so no thread runs. What was flushed survives the death of the
    process. Safe for several threads. Defaults are those of ``tf.summary.create_file_writer``.

    Args:
        log_dir: the folder; made if missing.
        filename_suffix: appended to the file's name, for instance ``".v2"``.
        max_queue: the number of events that may wait.
        flush_seconds: the age of the last flush at which a write flushes.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> with EventFileWriter(tempfile.mkdtemp()) as writer:
        ...     writer.write(message_class("tensorflow.Event")(step=3, wall_time=1.5))
        >>> [event.step for event in read_events(writer.path)]
        [0, 3]
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        filename_suffix: str = "",
        *,
        max_queue: int = 10,
        flush_seconds: float = 120.0,
    ) -> None:
        self._max_queue = max_queue
        self._flush_seconds = flush_seconds
        self._lock = threading.Lock()
        self._waiting = 0
        self._flushed_at = time.monotonic()
        self.path, self._file = _new_file(Path(log_dir), filename_suffix)
        self._records = RecordWriter(self._file)
        self.write(_first_event())
        self.flush()

    def write(self, event: Any) -> None:
        """Append a ``tensorflow.Event``.

        Raises:
            FailedPreconditionError: the writer is closed.
            OSError: the file system refuses.
        """
        record = event.SerializeToString()
        with self._lock:
            if self._file.closed:
                raise FailedPreconditionError(f"{self.path}: the event file is closed. Make a new EventFileWriter.")
            self._records.write(record)
            self._waiting += 1
            if self._waiting >= self._max_queue or time.monotonic() - self._flushed_at >= self._flush_seconds:
                self._flush()

    def flush(self) -> None:
        """Hand every event to the operating system; does nothing after ``close``.

        Raises:
            OSError: the file system refuses.
        """
        with self._lock:
            if not self._file.closed:
                self._flush()

    def close(self) -> None:
        """Flush and close the file; a second call does nothing.

        Raises:
            OSError: the file system refuses.
        """
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _flush(self) -> None:
        self._file.flush()
        self._waiting = 0
        self._flushed_at = time.monotonic()


def read_events(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Yield the ``tensorflow.Event`` messages of an event file, the version's event first.

    Args:
        path: the file, which may still grow.

    Raises:
        NotFoundError: there is no such file.
        DataLossError: a record is truncated or damaged, or holds no event. The file of a live or killed writer may
            end so; the events before it have been yielded.
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> with EventFileWriter(tempfile.mkdtemp()) as writer:
        ...     writer.write(message_class("tensorflow.Event")(step=7))
        >>> [event.file_version or event.step for event in read_events(writer.path)]
        ['brain.Event:2', 7]
    """
    for number, record in enumerate(read_records(path)):
        try:
            event = _Event.FromString(record)
        except DecodeError as error:
            raise DataLossError(
                f"{os.fspath(path)}: record {number} is no tensorflow.Event. Is this an event file?"
            ) from error
        yield event


def _new_file(log_dir: Path, suffix: str) -> tuple[Path, BinaryIO]:
    log_dir.mkdir(parents=True, exist_ok=True)
    host, pid = socket.gethostname(), os.getpid()
    while True:
        path = log_dir / f"events.out.tfevents.{int(time.time()):010d}.{host}.{pid}.{next(_numbers)}{suffix}"
        try:
            return path, open(path, "xb")
        except FileExistsError:  # a container's process often has the pid of another's; the next number is free
            continue


def _first_event() -> Any:
    event = _Event(wall_time=time.time(), file_version=_FILE_VERSION)
    event.source_metadata.writer = "tenon.formats"
    return event
