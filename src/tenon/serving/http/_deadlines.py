"""One time limit for every request of an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

from tenon.base import DeadlineExceededError


class Deadlines:
    """Bound the time of many short tasks for the price of a dictionary entry each.

    All have the same limit, so they expire in the order in which they start, and one timer watches the oldest;
    ``asyncio.timeout`` sets and drops a timer per task, ten times the cost (a sixth of a small prediction).
    Belongs to one event loop.

    Args:
        seconds: the limit.
        loop: the event loop.

    Example:
        >>> async def main():
        ...     deadlines = Deadlines(0.001, asyncio.get_running_loop())
        ...     task = asyncio.current_task()
        ...     deadlines.start(task, asyncio.get_running_loop().time())
        ...     try:
        ...         await asyncio.sleep(60)
        ...     except asyncio.CancelledError:
        ...         return deadlines.stop(task).message
        >>> asyncio.run(main())
        'Timed out: it took more than 0.001 seconds.'
    """

    def __init__(self, seconds: float, loop: asyncio.AbstractEventLoop) -> None:
        self._seconds, self._loop = seconds, loop
        self._started: dict[asyncio.Task[Any], float] = {}
        self._expired: set[asyncio.Task[Any]] = set()
        self._watching = False

    def start(self, task: asyncio.Task[Any], now: float) -> None:
        """Cancel a task when it takes too long.

        Args:
            task: the task.
            now: the event loop's time.
        """
        self._started[task] = now
        if not self._watching:
            self._watching = True
            self._loop.call_later(self._seconds, self._expire)

    def stop(self, task: asyncio.Task[Any]) -> DeadlineExceededError | None:
        """Watch a task no more.

        Args:
            task: the task, which calls this itself.

        Returns:
            The error with which it is to end, if its time cancelled it and nobody else did.
        """
        self._started.pop(task, None)
        if task not in self._expired:
            return None
        self._expired.discard(task)
        if task.uncancel():
            return None
        return DeadlineExceededError(f"Timed out: it took more than {self._seconds:g} seconds.")

    def _expire(self) -> None:
        """Cancel every task that is too old; come back when the next one will be."""
        latest = self._loop.time() - self._seconds
        while self._started:
            task, started = next(iter(self._started.items()))
            if started > latest:
                self._loop.call_at(started + self._seconds, self._expire)
                return
            del self._started[task]
            self._expired.add(task)
            task.cancel()
        self._watching = False
