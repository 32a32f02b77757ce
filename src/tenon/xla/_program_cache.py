"""The files of a compile cache, in JAX's layout, written by any number of processes and in nobody's way.

JAX's own store locks the directory for every read and write, reads two files of every entry before each write, never
replaces a damaged entry and turns each refusal of the file system into a warning, which ``-W error`` makes an error.
Here entries appear by renaming and need no lock, only making room has one, and what fails costs the cache alone.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import jax
from filelock import FileLock, Timeout

from tenon.base import write_file
from tenon.xla._jax_internals import CacheInterface, forget_store, holds_a_program

PROGRAM, USED = "-cache", "-atime"
"""JAX keeps two files for each program: what was compiled, and one that tells (here by its age) when it was used."""

LOCK: Final = ".lockfile"

_FREE_BYTES: Final = 512 * 1024**2
"""A disk with less space than this is left to others."""

_SHARE: Final = 16
"""Room is looked after whenever a process has written this part of the bound."""

_config: Any = jax.config
_log = logging.getLogger("tenon.xla")


class ProgramCache(CacheInterface):
    """What JAX asks for compiled programs and gives them to.

    Args:
        path: the directory.
        max_bytes: size at which the least recently used programs are dropped; no bound when negative.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._unchecked = max_bytes  # the first write of a process looks after the room
        self._writes = True

    def get(self, key: str) -> bytes | None:
        """Return the program of a key; ``None`` where there is none that is whole."""
        if _config.jax_compilation_cache_dir != str(self._path):  # moved after JAX's first look at it
            forget_store()
            return None
        file = self._path / f"{key}{PROGRAM}"
        try:
            program = file.read_bytes()
        except OSError:
            return None
        whole = holds_a_program(program)
        if not whole:
            _log.warning("compile cache: %s is damaged; its program is compiled anew.", file.name)
        with suppress(OSError):  # the directory may be for reading only
            _used(file).touch() if whole else file.unlink()
        return program if whole else None

    def put(self, key: str, value: bytes) -> None:
        """Keep a program; after a refusal of the file system nothing more is written."""
        if not self._writes or 0 <= self._max_bytes < len(value):
            return
        try:
            self._look_after_room(len(value))
            add_program(self._path / f"{key}{PROGRAM}", value)
        except OSError as error:
            self._writes = False
            _log.info("compile cache: %s takes no more programs from this process: %s", self._path, error)

    def _look_after_room(self, size: int) -> None:
        self._unchecked += size
        if 0 <= self._max_bytes <= self._unchecked * _SHARE:
            self._unchecked = 0
            make_room(self._path, self._max_bytes - self._max_bytes // _SHARE)
        if shutil.disk_usage(self._path).free < _FREE_BYTES:
            raise OSError("the disk is almost full")


def add_program(file: Path, program: bytes) -> None:
    """Write an entry, whole or not at all.

    Raises:
        OSError: the file system refuses.
    """
    _used(file).touch()
    write_file(file, program)


def make_room(path: Path, max_bytes: int) -> None:
    """Remove the programs that were used least recently until the others fit; nothing if another process does so.

    Args:
        path: the directory.
        max_bytes: what may stay, together.

    Raises:
        OSError: the file system refuses.
    """
    with suppress(Timeout), FileLock(path / LOCK, timeout=0):
        for entry in sorted(_entries(path), reverse=True):
            max_bytes -= entry.size
            if max_bytes < 0:
                entry.file.unlink(missing_ok=True)
                _used(entry.file).unlink(missing_ok=True)


class _Entry(NamedTuple):
    used: float
    size: int
    file: Path


def _entries(path: Path) -> Iterator[_Entry]:
    with os.scandir(path) as found:
        files = {entry.name: entry.stat() for entry in found if entry.name.endswith((PROGRAM, USED))}
    for name, status in files.items():
        if name.endswith(PROGRAM):
            used = files.get(name.removesuffix(PROGRAM) + USED, status)
            yield _Entry(used.st_mtime, status.st_size, path / name)


def _used(file: Path) -> Path:
    return file.with_name(file.name.removesuffix(PROGRAM) + USED)
