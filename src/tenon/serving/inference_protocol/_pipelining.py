"""Requests of one stream are answered side by side, and the answers given in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

Request = TypeVar("Request")
Reply = TypeVar("Reply")


async def in_order(
    requests: AsyncIterator[Request], answer: Callable[[Request], Awaitable[Reply]], limit: int
) -> AsyncIterator[Reply]:
    """Yield the answers to requests in the order in which they come.

    Args:
        requests: read as long as fewer than ``limit`` are under way.
        answer: answers one; what it raises ends the stream, and the other requests are given up.
        limit: how many are under way at most.

    Example:
        >>> async def requests():
        ...     for number in (1, 2, 3):
        ...         yield number
        >>> async def double(number):
        ...     await asyncio.sleep(0.001 / number)
        ...     return 2 * number
        >>> async def main():
        ...     return [reply async for reply in in_order(requests(), double, 2)]
        >>> asyncio.run(main())
        [2, 4, 6]
    """
    room = asyncio.Semaphore(limit)
    under_way: deque[asyncio.Future[Reply]] = deque()
    changed = asyncio.Event()

    async def read() -> None:
        async for request in requests:
            await room.acquire()
            under_way.append(asyncio.ensure_future(answer(request)))
            changed.set()

    reading = asyncio.ensure_future(read())
    reading.add_done_callback(lambda _: changed.set())
    try:
        while True:
            while under_way:
                reply = await under_way[0]
                under_way.popleft()
                room.release()
                yield reply
            if reading.done():
                reading.result()
                return
            changed.clear()
            await changed.wait()
    finally:
        reading.cancel()
        for task in under_way:
            _give_up(task)


def _give_up(task: asyncio.Future[Reply]) -> None:
    """Cancel a task, or take note of how it ended, lest asyncio log that nobody did."""
    if not task.cancel() and not task.cancelled():
        task.exception()
