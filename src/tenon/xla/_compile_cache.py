"""Compiled programs on disk, so that a second start does not compile again."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import jax

from tenon.xla._jax_internals import Store, forget_store, keep_programs_in
from tenon.xla._program_cache import PROGRAM, ProgramCache, add_program

MAX_BYTES = 4 * 1024**3
"""Size at which the least recently used programs are dropped."""

SWITCH: Final = "TENON_COMPILE_CACHE"
"""The environment variable that turns off the cache that nobody asked for."""

_OFF: Final = frozenset({"0", "false", "no", "off"})

_config: Any = jax.config
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

    Entries are keyed by program, compiler flags, versions and processor (JAX's persistent compilation cache); they
    appear whole or not at all, and a damaged one is compiled anew. Processes may share one directory. The least
    recently used programs make room beyond 4 GiB; a disk that is full or refuses costs new entries and nothing else.

    Args:
        directory: where; ``default_cache_directory()`` when ``None``.

    Returns:
        The directory, or ``None`` with a logged warning when it cannot be written: a cache is no reason not to run.
    """
    path = Path(directory) if directory is not None else default_cache_directory()
    if not _made(path):
        _log.warning("compile cache: %s cannot be written; every start compiles again.", path)
        return None
    _use(path)
    return path


def enable_compile_cache_by_default() -> Path | None:
    """Keep compiled programs in the user's cache folder, unless somebody decided otherwise or it is not safe.

    Nothing happens when ``$TENON_COMPILE_CACHE`` is ``off``, when JAX was given a directory (or told to have none, by
    ``JAX_COMPILATION_CACHE_DIR`` and ``JAX_ENABLE_COMPILATION_CACHE``), or when the folder cannot be made, belongs to
    another user or can be written by others: programs are machine code. ``tenon.keras`` calls it when it is imported.

    Returns:
        The directory, or ``None`` when there is no cache because of this call.
    """
    given = _config.jax_compilation_cache_dir or not _config.jax_enable_compilation_cache
    if given or os.environ.get(SWITCH, "").lower() in _OFF:
        return None
    try:
        path = default_cache_directory()
    except RuntimeError:  # there is no home
        return None
    if not (_made(path) and _is_own(path)):
        _log.info("compile cache: %s is not ours to write; every start compiles again.", path)
        return None
    _use(path)
    return path


def _made(path: Path) -> bool:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.access(path, os.W_OK)
    except OSError:
        return False


def _is_own(path: Path) -> bool:
    status = path.stat()
    return os.name != "posix" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _use(path: Path) -> None:
    _directories.add(str(path))
    for name, value in _SETTINGS.items():
        jax.config.update(name, value)
    jax.config.update("jax_compilation_cache_dir", str(path))
    forget_store()  # JAX looks at its settings at the first program only


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
    forget_store()
    enable_compile_cache(directory)
    try:
        yield Path(directory)
    finally:
        for name, value in before.items():
            jax.config.update(name, value)
        forget_store()


def compiled_programs(directory: str | os.PathLike[str]) -> list[Path]:
    """Return the files of the programs in a compile cache, in the order of their names.

    Args:
        directory: what ``enable_compile_cache`` returned.
    """
    return sorted(Path(directory).glob(f"*{PROGRAM}"))


def add_compiled_programs(directory: str | os.PathLike[str], programs: Mapping[str, bytes]) -> None:
    """Put programs that were compiled elsewhere into a compile cache; those that it has stay.

    They are machine code: whoever made them can do what this process may.

    Args:
        directory: what ``enable_compile_cache`` returned.
        programs: the content of the files that ``compiled_programs`` names, by file name.

    Raises:
        OSError: the file system refuses.
    """
    for name, content in programs.items():
        file = Path(directory) / Path(name).name
        if not file.exists():
            add_program(file, content)


def _store(path: str) -> Store | None:
    """Return what JAX keeps programs in, for a directory of ours; ``None`` for one that the user gave to JAX."""
    return (ProgramCache(Path(path), _config.jax_compilation_cache_max_size), path) if path in _directories else None


keep_programs_in(_store)
_directories: Final[set[str]] = set()
"""The directories whose files Tenon reads and writes."""
