"""One load at a time among processes: the lock of a file that all of them inherited."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager


class LoadTurns:
    """The turn to load a version, which one process at a time has; the end of a process ends its turn.

    Versions that come while all serve are compiled by one process, and read from the compile cache by the others;
    and only one process at a time holds two versions. Before ``begin`` nobody waits for anybody.

    Args:
        descriptor: of the file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryFile() as file:
        ...     turns = LoadTurns(file.fileno())
        ...     turns.begin()
        ...     with turns():
        ...         "my turn"
        'my turn'
    """

    def __init__(self, descriptor: int) -> None:
        self._path = f"/proc/self/fd/{descriptor}"
        self._has_begun = False

    def begin(self) -> None:
        """Take turns from now on."""
        self._has_begun = True

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Wait for the turn and keep it for a while; blocks, so call it in a thread."""
        if not self._has_begun:
            yield
            return
        own = os.open(self._path, os.O_RDWR)  # a lock belongs to an opening, and the inherited one is everybody's
        try:
            fcntl.flock(own, fcntl.LOCK_EX)
            yield
        finally:
            os.close(own)
