"""One time limit for every request of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from tenon.base import DeadlineExceededError

T = TypeVar("T")


class Deadlines:
    """Bound the time of many short tasks for the price of a dictionary entry each.

    All have the same limit, so they expire in the order in which they start, and one timer watches the oldest;
    ``asyncio.timeout`` sets and drops a timer per task, ten times the cost (a sixth of a small prediction).
    Belongs to one event loop.

    Args:
        seconds: the limit.

    Example:
        >>> async def main():
        ...     return await Deadlines(30.0).run(asyncio.sleep(0, "in time"))
        >>> asyncio.run(main())
        'in time'
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started: dict[asyncio.Task[Any], float] = {}
        self._expired: set[asyncio.Task[Any]] = set()
        self._watching = False

    async def run(self, work: Awaitable[T]) -> T:
        """Await ``work`` in the current task, which may run one work at a time.

        Raises:
            DeadlineExceededError: the limit passed; ``work`` was cancelled.
        """
        task = asyncio.current_task()
        assert task is not None
        self._start(task)
        try:
            return await work
        except asyncio.CancelledError as error:
            if task in self._expired and task.uncancel() == 0:
                raise DeadlineExceededError(f"Timed out: it took more than {self._seconds:g} seconds.") from error
            raise
        finally:
            self._started.pop(task, None)
            self._expired.discard(task)

    def _start(self, task: asyncio.Task[Any]) -> None:
        loop = asyncio.get_running_loop()
        self._started[task] = loop.time()
        if not self._watching:
            self._watching = True
            loop.call_later(self._seconds, self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel every task that is too old; come back when the next one will be."""
        latest = loop.time() - self._seconds
        while self._started:
            task, started = next(iter(self._started.items()))
            if started > latest:
                loop.call_at(started + self._seconds, self._expire, loop)
                return
            del self._started[task]
            self._expired.add(task)
            task.cancel()
        self._watching = False
