"""Compiled programs on disk, so that a second start does not compile again."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jax
from filelock import FileLock, Timeout
from jax.experimental.compilation_cache import compilation_cache

from tenon.base import write_file

MAX_BYTES = 4 * 1024**3
"""Size at which the least recently used programs are dropped."""

LOCK_SECONDS = 10.0
"""How long to wait for other processes that use the directory, as JAX does."""

_PROGRAM, _USED = "-cache", "-atime"
"""JAX keeps two files for each program: what was compiled, and when it was used last."""

_log = logging.getLogger("tenon.xla")


def default_cache_directory() -> Path:
    """Return ``$TENON_CACHE_DIR``, or ``tenon`` in the user's cache folder, plus ``xla``.

    Example:
        >>> default_cache_directory().name
        'xla'
    """
    own = os.environ.get("TENON_CACHE_DIR")
    shared = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return (Path(own) if own else Path(shared) / "tenon") / "xla"


def enable_compile_cache(directory: str | os.PathLike[str] | None = None) -> Path | None:
    """Keep every program that XLA compiles in this process from now on.

    Entries are keyed by program, compiler flags, versions and processor (JAX's persistent compilation cache); a
    damaged entry is compiled anew, and one that was being written when a process died or a disk was full is removed.
    Processes may share one directory.

    Args:
        directory: where; ``default_cache_directory()`` when ``None``.

    Returns:
        The directory, or ``None`` with a logged warning when it cannot be written: a cache is no reason not to run.
    """
    path = Path(directory) if directory is not None else default_cache_directory()
    try:
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        _log.warning("compile cache: %s cannot be written; every start compiles again.", path)
        return None
    _remove_partial(path)
    for name, value in _SETTINGS.items():
        jax.config.update(name, value)
    jax.config.update("jax_compilation_cache_dir", str(path))
    return path


_SETTINGS = {
    "jax_compilation_cache_max_size": MAX_BYTES,
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
    "jax_persistent_cache_enable_xla_caches": "none",  # they would put the directory's name into every key
}


def compile_cache_directory() -> Path | None:
    """Return where this process keeps what XLA compiles, or ``None`` if it does not."""
    directory = getattr(jax.config, "jax_compilation_cache_dir", None)
    return Path(directory) if directory else None


@contextmanager
def compile_cache_in(directory: str | os.PathLike[str]) -> Iterator[Path]:
    """Keep what XLA compiles during a block in another directory; then everything is as it was.

    The setting is the process's: no other thread may compile meanwhile.

    Args:
        directory: where; it exists and can be written.

    Example:
        >>> import tempfile
        >>> with compile_cache_in(tempfile.mkdtemp()) as folder:
        ...     _ = jax.jit(lambda x: x + 1).lower(1.0).compile()
        >>> len(compiled_programs(folder))
        1
    """
    before = {name: getattr(jax.config, name) for name in (*_SETTINGS, "jax_compilation_cache_dir")}
    compilation_cache.reset_cache()
    enable_compile_cache(directory)
    try:
        yield Path(directory)
    finally:
        for name, value in before.items():
            jax.config.update(name, value)
        compilation_cache.reset_cache()


def compiled_programs(directory: str | os.PathLike[str]) -> list[Path]:
    """Return the files of the programs in a compile cache, in the order of their names.

    Args:
        directory: what ``enable_compile_cache`` returned.
    """
    return sorted(Path(directory).glob(f"*{_PROGRAM}"))


def add_compiled_programs(directory: str | os.PathLike[str], programs: Mapping[str, bytes]) -> None:
    """Put programs that were compiled elsewhere into a compile cache; those that it has stay.

    They are machine code: whoever made them can do what this process may.

    Args:
        directory: what ``enable_compile_cache`` returned.
        programs: the content of the files that ``compiled_programs`` names, by file name.

    Raises:
        OSError: the file system refuses, or other processes keep the directory locked.
    """
    path = Path(directory)
    with FileLock(path / ".lockfile", timeout=LOCK_SECONDS):
        for name, content in programs.items():
            file = path / Path(name).name
            if not file.exists():
                write_file(file.with_name(file.name.removesuffix(_PROGRAM) + _USED), bytes(8))
                write_file(file, content)


def _remove_partial(path: Path) -> None:
    """Remove programs without the file that JAX writes after them: their writer died, or the disk was full.

    JAX would neither replace them nor, once it has to make room, get past them.
    """
    try:
        with FileLock(path / ".lockfile", timeout=LOCK_SECONDS):
            for file in compiled_programs(path):
                if not file.with_name(file.name.removesuffix(_PROGRAM) + _USED).is_file():
                    file.unlink(missing_ok=True)
    except (OSError, Timeout) as error:
        _log.warning("compile cache: %s cannot be checked for partial entries: %s", path, error)
