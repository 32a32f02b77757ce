"""Calls over a socket: in both directions, many at a time, and what becomes of them when an end goes."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from tenon.base import InternalError, NotFoundError, UnavailableError
from tenon.serving.workers._channel import Channel


@asynccontextmanager
async def channels(ours=None, theirs=None):
    ends = [Channel(end, calls or {}) for end, calls in zip(socket.socketpair(), (ours, theirs), strict=True)]
    running = [asyncio.create_task(end.run()) for end in ends]
    try:
        yield ends
    finally:
        for end in ends:
            end.close()
        await asyncio.gather(*running)


def run(body, **handlers):
    async def main():
        async with channels(**handlers) as ends:
            return await body(*ends)

    return asyncio.run(asyncio.wait_for(main(), 20))


async def double(number):
    return number * 2


def test_both_ends_call_while_they_answer():
    async def ask_back(number):
        return await back[0].call("double", number=number) + 1

    back = []

    async def body(one, other):
        back.append(other)
        return await asyncio.gather(*(one.call("ask_back", number=number) for number in range(50)))

    assert run(body, ours={"double": double}, theirs={"ask_back": ask_back}) == [2 * n + 1 for n in range(50)]


def test_answers_come_in_the_order_that_suits_them():
    release = []

    async def slow():
        await release[0].wait()
        return "slow"

    async def quick():
        release[0].set()
        return "quick"

    async def body(one, _other):
        release.append(asyncio.Event())
        return await asyncio.gather(one.call("slow"), one.call("quick"))

    assert run(body, theirs={"slow": slow, "quick": quick}) == ["slow", "quick"]


def test_large_messages_arrive_whole():
    async def body(one, _other):
        return len(await one.call("double", number="x" * 5_000_000))

    assert run(body, theirs={"double": double}) == 10_000_000


def test_errors_are_raised_where_the_call_was_made():
    async def fail():
        raise NotFoundError("model 'm' is not there")

    async def body(one, _other):
        with pytest.raises(NotFoundError, match="model 'm' is not there"):
            await one.call("fail")

    run(body, theirs={"fail": fail})


def test_a_fault_of_ours_is_answered_too(caplog):
    async def body(one, _other):
        with pytest.raises(InternalError, match="KeyError"):
            await one.call("nothing of that name")

    run(body)
    assert "by a fault of Tenon" in caplog.text


def test_calls_that_wait_fail_when_the_other_end_goes():
    async def never():
        await asyncio.Event().wait()

    async def body(one, other):
        call = asyncio.create_task(one.call("never"))
        await asyncio.sleep(0)
        other.close()
        with pytest.raises(UnavailableError, match="is gone"):
            await call
        with pytest.raises(UnavailableError, match="is gone"):
            await one.call("never")

    run(body, theirs={"never": never})


def test_an_answer_that_nobody_waits_for_does_no_harm():
    async def body(one, _other):
        call = asyncio.create_task(one.call("double", number=1))
        await asyncio.sleep(0)
        call.cancel()
        return await one.call("double", number=2)

    assert run(body, theirs={"double": double}) == 4
