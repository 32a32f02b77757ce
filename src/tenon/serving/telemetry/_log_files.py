"""Files of the request log: written under a name of their own, and renamed when they are finished."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tenon.base import DataLossError
from tenon.formats import read_records

UNFINISHED = ".tmp"
"""The suffix of a file that is still being written."""

_RECOVERABLE = ".tfrecord"
_RECORD_OVERHEAD = 16
_log = logging.getLogger("tenon.serving.request_log")


class LogFile:
    """One file that grows, under a temporary name until it is finished.

    The process that writes it holds a lock on it, so that another can tell a file that is written from one that was
    left behind. Not for several threads.

    Args:
        prefix: directory and begin of the file's name.
        suffix: its end, such as ``.tfrecord``.

    Attributes:
        size: bytes written.
        since: when it was created, by ``time.monotonic``.

    Raises:
        OSError: the file cannot be created.
    """

    def __init__(self, prefix: Path, suffix: str) -> None:
        self._final, self._descriptor = _create(prefix, suffix)
        self.size, self.since = 0, time.monotonic()

    @property
    def path(self) -> Path:
        """The file's name as long as it is not finished."""
        return self._final.with_name(self._final.name + UNFINISHED)

    @property
    def descriptor(self) -> int:
        """The open file."""
        return self._descriptor

    def append(self, data: bytes) -> None:
        """Write all of ``data``, or nothing of it.

        Raises:
            OSError: the file system refuses; the file is as it was.
        """
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            raise
        self.size += len(data)

    def finish(self) -> Path:
        """Flush the file to disk and give it its final name, which is returned.

        Raises:
            OSError: the file system refuses; the next start finishes the file.
        """
        try:
            os.fsync(self._descriptor)
            self.path.rename(self._final)
        finally:
            os.close(self._descriptor)
        return self._final

    def discard(self) -> None:
        """Delete the file."""
        with contextlib.suppress(OSError):
            self.path.unlink()
        os.close(self._descriptor)


def _create(prefix: Path, suffix: str) -> tuple[Path, int]:
    while True:
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        final = prefix.with_name(f"{prefix.name}-{moment}-{os.getpid()}-{secrets.token_hex(3)}{suffix}")
        path = final.with_name(final.name + UNFINISHED)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o640)
        if _locked(descriptor) and path.exists():
            return final, descriptor
        os.close(descriptor)  # another process that starts took it for one left behind, and deletes it


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def recover(prefix: Path, suffix: str) -> list[Path]:
    """Finish the TFRecord files that a killed process left behind: their whole records are kept.

    Files that another process still writes are left alone; files without one whole record are deleted, and so are
    unfinished files of another format, which nobody can read. The directory is made if there is none.

    Args:
        prefix: directory and begin of the files' names.
        suffix: the end of their final names.

    Returns:
        The files that were finished.

    Raises:
        OSError: the file system refuses.
    """
    prefix.parent.mkdir(parents=True, exist_ok=True)
    begin, end = f"{prefix.name}-", suffix + UNFINISHED
    names = sorted(path for path in prefix.parent.iterdir() if path.name.startswith(begin) and path.name.endswith(end))
    return [final for path in names if path.is_file() for final in _finish_abandoned(path, suffix)]


def _finish_abandoned(path: Path, suffix: str) -> Iterator[Path]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # another process that starts was faster
        return
    try:
        if _locked(descriptor) and path.exists():
            yield from _finish_locked(path, descriptor, suffix)
    finally:
        os.close(descriptor)


def _finish_locked(path: Path, descriptor: int, suffix: str) -> Iterator[Path]:
    size = _whole_bytes(path) if suffix == _RECOVERABLE else 0
    if not size:
        path.unlink()
        _log.warning("%s: an unfinished file without a whole record was deleted.", path)
        return
    os.ftruncate(descriptor, size)
    os.fsync(descriptor)
    final = path.with_name(path.name.removesuffix(UNFINISHED))
    path.rename(final)
    _log.info("%s: the whole records of an unfinished file were kept.", final)
    yield final


def _whole_bytes(path: Path) -> int:
    size = 0
    with contextlib.suppress(DataLossError):
        for record in read_records(path):
            size += _RECORD_OVERHEAD + len(record)
    return size
