"""Compiled programs on disk, so that a second start does not compile again."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import jax

MAX_BYTES = 4 * 1024**3
"""Size at which the least recently used programs are dropped."""

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
    damaged entry is compiled anew. Processes may share one directory.

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
    jax.config.update("jax_compilation_cache_dir", str(path))
    jax.config.update("jax_compilation_cache_max_size", MAX_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return path
