"""The audit: a line for each request, appended by a thread, chained by hashes, rotated by size."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from tenon.base import FailedPreconditionError, InvalidArgumentError, ResourceExhaustedError, UnavailableError
from tenon.serving.security._audit_files import ends_with_line, in_order, lines_backwards, rotate
from tenon.serving.security._audit_records import FIRST_HASH, AuditRecord, chain_hash, line_hash, parse_line, render

LOST = "lost"
START = "start"

_GATHER_SECONDS = 0.01
_RETRY_SECONDS = 0.5
_LINES_AT_ONCE = 96  # then other threads may run: rendering these takes a fifth of a millisecond
_CLOSE_SECONDS = 10.0
_STRICT_RETRY_AFTER = 1.0

_log = logging.getLogger("tenon.serving")


@dataclass(frozen=True)
class AuditConfig:
    """Where the audit goes, and what it is worth.

    Args:
        path: the file; older ones are ``PATH.1``, ``PATH.2`` and so on. One process writes it.
        strict: whether requests are refused while their lines could not be kept; otherwise lines are lost and counted.
        queue_lines: how many lines may wait for the disk; in strict mode, the lines of requests in work count, too.
        fsync: whether lines are flushed to the disk itself each time the queue is written, so that they survive a crash
            of the machine.
        max_bytes: the size at which a file is rotated.
        keep_files: how many older files are kept.

    Raises:
        InvalidArgumentError: a number is out of its range.
    """

    path: Path
    strict: bool = False
    queue_lines: int = 100_000
    fsync: bool = False
    max_bytes: int = 100 * 2**20
    keep_files: int = 10

    def __post_init__(self) -> None:
        for name, least in (("queue_lines", 1), ("max_bytes", 4096), ("keep_files", 1)):
            if getattr(self, name) < least:
                raise InvalidArgumentError(f"{name}: must be at least {least}; received {getattr(self, name)}.")


class AuditLog:
    """Appends records to a file, in a thread of its own.

    ``reserve`` and ``write`` take well under a microsecond and never block; a line is in the file some ten milliseconds
    later. A full disk is told in the log, and lines that were begun are completed when there is room again. A killed
    process loses the lines of its last ten milliseconds; ``close`` loses none.

    Args:
        config: where and how.

    Attributes:
        lost: lines that were not kept; the file has a line that counts them.

    Raises:
        FailedPreconditionError: another process writes this audit.
        OSError: the file cannot be opened.
    """

    def __init__(self, config: AuditConfig) -> None:
        self._config = config
        self._queue: deque[AuditRecord] = deque()
        self._reserved = self._told = self.lost = 0
        self._failing = self._closed = False
        self._awake = threading.Event()
        self._sleeping = False
        self._file = _AuditFile(config)
        self._queue.append(AuditRecord(time.time(), START))
        self._thread = threading.Thread(target=self._run, name="tenon-audit", daemon=True)
        self._thread.start()

    def reserve(self) -> None:
        """Keep a place for the line of a request that begins; ``write`` or ``give_up`` frees it.

        Raises:
            UnavailableError: strict mode, and the disk does not take lines.
            ResourceExhaustedError: strict mode, and too many lines wait.
        """
        if self._config.strict:
            if self._failing or self._closed:
                raise UnavailableError(
                    "The audit cannot be written, so nothing is answered. The server's log tells why."
                )
            if len(self._queue) + self._reserved >= self._config.queue_lines:
                raise ResourceExhaustedError(
                    "The audit cannot be written as fast as requests come.", retry_after=_STRICT_RETRY_AFTER
                )
            self._reserved += 1

    def give_up(self) -> None:
        """Free the place that ``reserve`` kept, without a line."""
        if self._config.strict:
            self._reserved -= 1

    def write(self, record: AuditRecord, *, reserved: bool = True) -> None:
        """Append a record.

        Args:
            record: what happened.
            reserved: whether ``reserve`` was called for it.
        """
        if reserved and self._config.strict:
            self._reserved -= 1
        elif len(self._queue) >= self._config.queue_lines:
            self.lost += 1
            return
        self._queue.append(record)
        if self._sleeping:
            self._awake.set()

    def close(self) -> None:
        """Write what waits, tell the log where the chain ends, and stop; waits ten seconds for a slow disk at most."""
        self._closed = True
        self._awake.set()
        self._thread.join(_CLOSE_SECONDS)
        if self._thread.is_alive() or self._queue or self._file.waits:
            _log.error(
                "audit %s: some lines could not be written; %d of them whole", self._config.path, len(self._queue)
            )

    def _run(self) -> None:
        while True:
            closing, had_records = self._closed, bool(self._queue)
            self._drain()
            if closing:
                break
            self._rest(had_records)
        self._file.close()

    def _rest(self, had_records: bool) -> None:
        """Sleep until there is a record, then a little longer, so that others can join it.

        Where there were some just now, more will come: to be woken would cost them two switches of threads.
        """
        if not had_records and not self._queue and not self._failing:
            self._sleeping = True
            if not self._queue and not self._closed:
                self._awake.wait()
            self._sleeping = False
            self._awake.clear()
        if not self._closed:
            self._awake.wait(_RETRY_SECONDS if self._failing else _GATHER_SECONDS)

    def _drain(self) -> None:
        try:
            self._file.flush()
            while self._queue or self.lost > self._told:
                self._append_some()
            if self._config.fsync:
                self._file.fsync()
        except OSError as error:
            if not self._failing:
                _log.error("audit %s: cannot be written: %s", self._config.path, error)
            self._failing = True
        else:
            if self._failing:
                _log.warning("audit %s: is written again; %d lines were lost", self._config.path, self.lost)
            self._failing = False

    def _append_some(self) -> None:
        queue, records = self._queue, []
        lost = self.lost
        if lost > self._told:
            records.append(AuditRecord(time.time(), LOST, reason=f"{lost - self._told} lines were not kept"))
            self._told = lost
        while queue and len(records) < _LINES_AT_ONCE:
            records.append(queue.popleft())
        self._file.append(records)


class _AuditFile:
    """The open file; it knows how its last line ends, and what of it the disk has not taken yet."""

    def __init__(self, config: AuditConfig) -> None:
        self._config = config
        config.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(config.path)
        try:
            self._sequence, self._previous, self._pending = _resume(config.path)
            self._descriptor = _open(config.path)
        except OSError:
            os.close(self._lock)
            raise
        self._size = os.fstat(self._descriptor).st_size
        self._dirty = False

    def append(self, records: list[AuditRecord]) -> None:
        """Write records; what an error interrupts is completed by the next ``flush``.

        Raises:
            OSError: the disk does not take them.
        """
        lines, previous = [self._pending], self._previous
        for number, record in enumerate(records, self._sequence):
            line = render(record, number, previous)
            previous = line_hash(line)
            lines += (line, b"\n")
        self._sequence, self._previous, self._pending = self._sequence + len(records), previous, b"".join(lines)
        self.flush()

    def flush(self) -> None:
        """Write what waits, into a new file where the old one is full.

        Raises:
            OSError: the disk does not take it.
        """
        if self._pending and self._size and self._size + len(self._pending) > self._config.max_bytes:
            self._rotate()
        while self._pending:
            written = os.write(self._descriptor, self._pending)
            self._pending = self._pending[written:]
            self._size += written
            self._dirty = True

    @property
    def waits(self) -> bool:
        """Whether there is something that the disk has not taken."""
        return bool(self._pending)

    def fsync(self) -> None:
        """Have the disk keep what was written."""
        if self._dirty:
            os.fsync(self._descriptor)
            self._dirty = False

    def close(self) -> None:
        """Close the file and tell the log how the chain ends: a copy kept elsewhere shows what was cut off."""
        _log.info("audit %s: ends with line %d, hash %s", self._config.path, self._sequence - 1, self._previous)
        os.close(self._descriptor)
        os.close(self._lock)

    def _rotate(self) -> None:
        if self._between_lines():
            self.fsync()
            rotate(self._config.path, self._config.keep_files)
            old, self._descriptor = self._descriptor, _open(self._config.path)
            os.close(old)
            self._size = 0

    def _between_lines(self) -> bool:
        """Tell whether what waits begins with a line, not with the rest of one that the disk took in part."""
        return self._pending.startswith(b"{")


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def _locked(path: Path) -> int:
    """Lock the audit against other processes, by a file beside it, for the audit's own files are renamed."""
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise FailedPreconditionError(
            f"audit {path}: is being written by another process. Give every server and worker an audit of its own."
        ) from error
    return descriptor


def _resume(path: Path) -> tuple[int, str, bytes]:
    """Return the number of the next line, the hash before it, and what has to be written first."""
    lines: list[bytes] = []
    number = -1
    for line in lines_backwards(in_order(path)):
        lines.insert(0, line)
        fields = parse_line(line)
        if fields is not None:
            number = fields["seq"]
            break
    return number + 1, chain_hash(lines) if lines else FIRST_HASH, b"" if ends_with_line(path) else b"\n"
