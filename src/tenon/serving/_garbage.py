"""When Python looks for garbage: hardly ever while requests are answered, soon after versions came or went."""

from __future__ import annotations

import asyncio
import gc

THRESHOLD = (50_000, 20, 100)
"""Requests make hardly any cycles; Python's default would look for them after every few dozen requests."""

SECONDS = 1.0
"""How long a look waits after a change, so that many changes share one."""


class Garbage:
    """Look for garbage in the running event loop.

    A load leaves cycles behind (JAX keeps exceptions with their frames, and so with everything that the frames knew),
    and in them whole versions with their weights. At the threshold above, the collector would find them hours later.
    A look takes some milliseconds; the event loop stands still meanwhile, as it would in a thread.
    """

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Leave what there is now out of all looks: modules stay for good, models come later and may go."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLD)

    def look_soon(self) -> None:
        """A version came or went."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        gc.collect()
