"""Memory that programs free stays with the process, so that the next step need not fetch it page by page."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Mapping

SWITCH = "TENON_KEEP_MEMORY"
"""Environment variable that leaves the C library's allocator as it is when it is ``off``."""

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
"""Numbers of the parameters in glibc's ``malloc.h``."""

_SETTINGS = {
    _MMAP_MAX: 0,  # a block of its own for each large buffer would go back to the system when it is freed
    _ARENA_MAX: 1,  # only the main arena grows beyond 64 MiB, and JAX allocates in threads of its own
    _TRIM_THRESHOLD: 2**31 - 1,  # more than 2 GiB free at the heap's end still go back
    _TOP_PAD: 64 * 1024**2,
}

_USERS = ("MALLOC_ARENA_MAX", "MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_TRIM_THRESHOLD_")
"""By these a user tunes the allocator."""

_log = logging.getLogger("tenon.xla")


def keep_freed_memory() -> bool:
    """Let the process keep memory that is freed, for the next program that asks for it.

    XLA allocates a program's temporary memory anew at each run. From 32 MiB on the GNU C library takes it from the
    system and gives it back each time, and the system clears every page of it: a third of the processor's time of a
    training step. Kept memory stays the process's: its size stays near its peak, which grew by a third where programs
    of eight sizes alternated. ``malloc_trim(0)`` of the C library gives back what is free.

    Nothing is changed when ``$TENON_KEEP_MEMORY`` is ``off``, when the environment tunes the allocator already
    (``MALLOC_...``, ``GLIBC_TUNABLES``, ``LD_PRELOAD``), or with another C library. Call it before JAX runs anything:
    threads that have allocated keep their ways.

    Returns:
        Whether freed memory is kept.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if _is_ours(os.environ) else None
    if mallopt is None or not _is_gnu():
        return False
    kept = all([mallopt(name, value) == 1 for name, value in _SETTINGS.items()])
    if not kept:
        _log.warning("the C library's allocator refused some settings; steps with large temporary memory are slower.")
    return kept


def _is_ours(environment: Mapping[str, str]) -> bool:
    """Return whether nobody has said how memory is to be allocated."""
    return (
        environment.get(SWITCH, "").lower() != "off"
        and not any(name in environment for name in _USERS)
        and "glibc.malloc" not in environment.get("GLIBC_TUNABLES", "")
        and "malloc" not in environment.get("LD_PRELOAD", "")
    )


def _is_gnu() -> bool:
    return hasattr(ctypes.CDLL(None), "gnu_get_libc_version")
