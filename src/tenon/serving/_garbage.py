"""Memory that versions leave behind is looked for when they came or went, and hardly ever between."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import time
from collections.abc import Callable
from typing import Any

THRESHOLD = (50_000, 20, 100)
"""Requests make hardly any cycles; Python's default would look for them after every few dozen requests."""

SECONDS = 0.2
"""How long a look waits after a change, so that many changes share one."""

SHARE = 0.1
"""Of the event loop's time on the processor that looks may take, when change follows change."""


class Garbage:
    """Look for garbage in the running event loop, and give what is free back to the operating system.

    A load leaves cycles behind (JAX keeps exceptions with their frames, and so with everything that the frames knew),
    and in them whole versions with their weights. At the threshold above, the collector would find them hours later.
    A look takes some milliseconds; the event loop stands still meanwhile, as it would were it made in a thread.
    """

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._took = 0.0
        self._trim: Callable[[int], Any] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it

    def start(self) -> None:
        """Leave what there is now out of all looks: modules stay for good, models come later and may go."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLD)

    def look_soon(self) -> None:
        """A version came or went."""
        if self._timer is None:
            wait = max(SECONDS, self._took / SHARE)
            self._timer = asyncio.get_running_loop().call_later(wait, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        begin = time.thread_time()
        gc.collect()
        self._took = time.thread_time() - begin
        if self._trim is not None:
            asyncio.get_running_loop().run_in_executor(None, self._trim, 0)
