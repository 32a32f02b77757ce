"""Answers of a stream: side by side, in order, bounded."""

import asyncio

import pytest

from tenon.base import UnauthenticatedError
from tenon.serving.inference_protocol._pipelining import in_order


async def stream(items, error=None):
    for item in items:
        yield item
    if error is not None:
        raise error


def collect(requests, answer, limit=4):
    async def main():
        got = []
        try:
            async for reply in in_order(requests, answer, limit):
                got += [reply]
        except UnauthenticatedError as error:
            got.append(error.message)
        return got

    return asyncio.run(main())


def test_answers_come_in_the_order_of_the_requests():
    async def answer(number):
        for _ in range(10 - number):
            await asyncio.sleep(0)
        return number

    assert collect(stream(range(10)), answer) == list(range(10))
    assert collect(stream([]), answer) == []


def test_so_many_are_under_way_and_no_more():
    most = under_way = 0

    async def answer(number):
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        under_way -= 1
        return number

    assert collect(stream(range(30)), answer, 7) == list(range(30))
    assert most == 7


def test_an_answer_that_fails_ends_the_stream_and_the_others_are_given_up(caplog):
    ended = []

    async def answer(number):
        try:
            if number >= 2:
                await asyncio.sleep(0)
                raise UnauthenticatedError(f"who are you, {number}?")
            return number
        finally:
            ended.append(number)

    assert collect(stream(range(100)), answer) == [0, 1, "who are you, 2?"]
    assert max(ended) < 10
    assert caplog.text == ""


def test_requests_that_break_off_are_answered_first():
    async def answer(number):
        await asyncio.sleep(0)
        return number

    assert collect(stream([1, 2], UnauthenticatedError("torn")), answer) == [1, 2, "torn"]


def test_a_reader_that_goes_away_gives_everything_up():
    async def main():
        begun = asyncio.Event()
        cancelled = []

        async def answer(number):
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(number)
                raise

        async def read():
            async for _ in in_order(stream(range(3)), answer, 4):
                pass

        reader = asyncio.create_task(read())
        await begun.wait()
        await asyncio.sleep(0)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        while len(cancelled) < 3:
            await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
