"""Values that are read again when their file changes or their time has come; a broken new one keeps the old."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Generic, TypeVar

from tenon.base import TenonError

T = TypeVar("T")

_log = logging.getLogger("tenon.serving")


class Reloading(Generic[T]):
    """A value that a thread renews while others look at it.

    ``value`` is replaced as a whole, and only by another content: whoever keeps what it concluded from a value may
    compare identities to see whether that still holds.

    Args:
        what: for the log, such as ``"the API keys of keys.json"``.
        read: gives the content; OSError and TenonError mean that it cannot be had at the moment.
        parse: makes a value of it; TenonError means that it is broken.
        seconds: between two looks.
        stamp: a content whose stamp is that of the last look is not read; ``None`` reads at every look.
        start: the value until the first content has been read; without it, the first content is read now, and its
            errors are raised.

    Attributes:
        value: the last good one.
        loaded: whether a content has been read.
        wanted: whether somebody asked for a look that has not been yet.

    Raises:
        TenonError: there is no ``start``, and the first content is broken.
        OSError: there is no ``start``, and the first content cannot be read.
    """

    def __init__(
        self,
        what: str,
        read: Callable[[], bytes],
        parse: Callable[[bytes], T],
        *,
        seconds: float,
        stamp: Callable[[], Hashable] | None = None,
        start: T | None = None,
    ) -> None:
        self._what, self._read, self._parse, self._stamp = what, read, parse, stamp
        self._seconds = seconds
        self._seen: Hashable = None
        self._content: bytes | None = None
        self._trouble = ""
        self._due = 0.0
        self.loaded = self.wanted = False
        if start is None:
            self._look()
            self._due = time.monotonic() + seconds
        else:
            self.value: T = start

    def poll(self, now: float) -> float:
        """Look again if it is time.

        Args:
            now: ``time.monotonic()``.

        Returns:
            When to call again.
        """
        if now < self._due:
            return self._due
        self.wanted = False
        try:
            self._look()
        except (TenonError, OSError) as error:
            self._report(f"{type(error).__name__}: {error}")
        else:
            self._report("")
        if not self.wanted:  # else somebody asked while we looked, perhaps at what was just replaced
            self._due = time.monotonic() + (min(self._seconds, RETRY_SECONDS) if self._trouble else self._seconds)
        return self._due

    def want(self, at: float) -> None:
        """Look at the time ``at``, if no look is due before."""
        self._due, self.wanted = min(self._due, at), True

    def _look(self) -> None:
        stamp = None if self._stamp is None else self._stamp()
        if stamp is not None and stamp == self._seen:
            return
        content = self._read()
        if content != self._content:
            self.value = self._parse(content)
            self._content, self.loaded = content, True
        self._seen = stamp  # only what was good: a broken content is told as long as it is there

    def _report(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            _log.warning("%s cannot be loaded, what was there before stays: %s", self._what, trouble)
        elif self._trouble and not trouble:
            _log.warning("%s can be loaded again", self._what)
        self._trouble = trouble


RETRY_SECONDS = 10.0
"""How long after a failure the next look is, at most."""

FILE_SECONDS = 1.0
"""How often files are looked at."""


def reloading_file(what: str, path: Path, parse: Callable[[bytes], T]) -> Reloading[T]:
    """Return the value of a file, read again when the file changes.

    Raises:
        TenonError: the file is broken now.
        OSError: it cannot be read now.
    """
    return Reloading(what, path.read_bytes, parse, seconds=FILE_SECONDS, stamp=lambda: file_stamp(path))


def file_stamp(path: Path) -> Hashable:
    """Return what changes when a file does.

    Raises:
        OSError: there is no such file.
    """
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns


class Refresher:
    """A background thread that polls a reloading value; it ends with ``close``, or with the process.

    Args:
        value: what to poll.
    """

    def __init__(self, value: Reloading[Any]) -> None:
        self._value = value
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="tenon-security-refresh", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Poll soon; cheap, and may be called from any thread."""
        self._wake.set()

    def close(self) -> None:
        """End the thread; a fetch in progress is not waited for."""
        self._closed = True
        self._wake.set()

    def _run(self) -> None:
        while not self._closed:
            due = self._value.poll(time.monotonic())
            self._wake.wait(max(0.0, min(due - time.monotonic(), FILE_SECONDS)))
            self._wake.clear()
