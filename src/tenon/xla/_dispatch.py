"""How programs are handed to the processor."""

from __future__ import annotations

import os
from typing import Final

import jax

from tenon.base import processor_count

_THREADS: Final = ("PJRT_NPROC", "NPROC")
"""What XLA:CPU takes the size of its pool of threads from, where one is set."""


def run_in_calling_thread() -> None:
    """Let the CPU run programs in the thread that calls them, for a process that waits for every result.

    JAX hands CPU programs to a thread of its own so that Python may go on; a server that needs the answer at once
    pays two thread switches for it (measured: a batch of 4 rows of a small MLP takes 15 us instead of 75). Large
    programs still use every core. Call it before anything runs: JAX reads the setting once, when the CPU is set up.
    """
    jax.config.update("jax_cpu_enable_async_dispatch", False)


def program_threads() -> int:
    """Return how many threads a program for CPUs may use: what the environment says, else one for each processor."""
    set_ = (os.environ.get(name, "") for name in _THREADS)
    return next((int(each) for each in set_ if each.isdecimal() and int(each)), processor_count())


def limit_program_threads() -> None:
    """Let programs for CPUs use no more threads than the container of this process has processors.

    XLA counts the processors of the host, and a container that runs more threads than its limit is halted again and
    again. Nothing changes without such a limit, or where ``NPROC`` or ``PJRT_NPROC`` is set. Call it before anything
    runs: XLA makes its threads once.
    """
    visible = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if program_threads() < visible:
        os.environ.setdefault(_THREADS[-1], str(program_threads()))
