"""One limit for many tasks."""

import asyncio

import pytest

from tenon.base import DeadlineExceededError
from tenon.serving.http._deadlines import Deadlines


def limit(seconds):
    return Deadlines(seconds, asyncio.get_running_loop())


async def run(deadlines, work):
    """Await work as a connection does."""
    task = asyncio.current_task()
    deadlines.start(task, asyncio.get_running_loop().time())
    try:
        return await work
    except asyncio.CancelledError as cancelled:
        if (error := deadlines.stop(task)) is not None:
            raise error from cancelled
        raise
    finally:
        deadlines.stop(task)


def test_work_in_time_gives_its_result_or_its_error():
    async def fail():
        raise KeyError("mine")

    async def main():
        deadlines = limit(60)
        assert await run(deadlines, asyncio.sleep(0, 5)) == 5
        with pytest.raises(KeyError, match="mine"):
            await run(deadlines, fail())

    asyncio.run(main())


def test_work_that_takes_too_long_is_cancelled_and_its_task_lives_on():
    async def main():
        ended = asyncio.Event()

        async def work():
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        with pytest.raises(DeadlineExceededError, match=r"more than 0.01 seconds"):
            await run(limit(0.01), work())
        assert ended.is_set()
        assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(0)

    asyncio.run(main())


def test_each_of_many_tasks_has_its_own_deadline():
    """Some end in time, and those that do not end late, whatever the order of the others."""

    async def main():
        deadlines = limit(0.05)
        never, now = asyncio.Event(), asyncio.Event()
        now.set()
        outcomes = await asyncio.gather(
            *(run(deadlines, (now if index % 3 else never).wait()) for index in range(30)), return_exceptions=True
        )
        assert [outcome is True for outcome in outcomes] == [bool(index % 3) for index in range(30)]
        with pytest.raises(DeadlineExceededError):
            await run(deadlines, never.wait())

    asyncio.run(main())


def test_work_of_a_later_time_is_still_watched():
    async def main():
        deadlines = limit(0.03)
        first = asyncio.create_task(run(deadlines, asyncio.Event().wait()))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(run(deadlines, asyncio.Event().wait()))
        done, _ = await asyncio.wait([first, second])
        assert all(isinstance(task.exception(), DeadlineExceededError) for task in done)

    asyncio.run(main())


def test_a_cancellation_from_outside_stays_a_cancellation():
    async def main():
        task = asyncio.create_task(run(limit(60), asyncio.Event().wait()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
