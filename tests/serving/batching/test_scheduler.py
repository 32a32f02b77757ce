"""Turns: nobody starves, slow programs share threads, the loop stays free."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
import uvloop

from tenon.base import InvalidArgumentError, UnavailableError
from tenon.serving.batching import BatchScheduler
from tenon.serving.batching._lane import LONGEST_WAIT
from tenon.serving.batching._scheduler import NORMAL_RUNS
from tenon.serving.servables import Priority, RunOptions
from tests.serving.batching.engines import (
    ClosedExecutor,
    Gate,
    MemoryEngine,
    answer,
    batcher_of,
    double,
    submit,
    until,
)

LOW = RunOptions(priority=Priority.LOW)


def test_a_scheduler_needs_a_thread():
    with pytest.raises(InvalidArgumentError, match="num_batch_threads must be positive; was 0"):
        BatchScheduler(0)


def test_quick_programs_run_in_the_loop_and_slow_ones_in_threads(scheduler):
    threads = []

    def note(inputs):
        threads.append(threading.current_thread().name)
        return double(inputs)

    async def scenario():
        await submit(scheduler, batcher_of(MemoryEngine(note, 0.0)), 1)
        await submit(scheduler, batcher_of(MemoryEngine(note, 1.0)), 1)

    asyncio.run(scenario())
    assert threads[0] == threading.current_thread().name
    assert threads[1].startswith("tenon-run")


def test_the_loop_turns_while_a_slow_batch_runs_and_what_comes_is_the_next(one_thread):
    gate = Gate()
    engine = MemoryEngine(gate, 1.0)

    async def scenario():
        batcher = batcher_of(engine)
        first = submit(one_thread, batcher, 1)
        await gate.run_began()
        others = [submit(one_thread, batcher, value) for value in (2, 3, 4)]
        for _ in range(100):
            await asyncio.sleep(0)
        assert engine.values == [[1]]
        gate.opened.set()
        await asyncio.gather(first, *others)

    asyncio.run(scenario())
    assert engine.values == [[1], [2, 3, 4, 4]]


def test_slow_batches_of_one_signature_run_side_by_side(scheduler):
    meeting = threading.Barrier(2, timeout=10)

    def meet(inputs):
        meeting.wait()
        return double(inputs)

    async def scenario():
        batcher = batcher_of(MemoryEngine(meet, 1.0), sizes=(1,))
        return [answer(part) for part in await asyncio.gather(*(submit(scheduler, batcher, v) for v in (1, 2)))]

    assert asyncio.run(scenario()) == [[2], [4]]


@pytest.mark.parametrize("shapes", [1, 20])
def test_a_flood_of_slow_requests_delays_a_stranger_by_one_run(one_thread, shapes):
    """However many shapes the flood has."""
    order, gate = [], Gate()

    def noted(name):
        def run(inputs):
            order.append(name)
            return gate(inputs)

        return MemoryEngine(run, 1.0)

    async def scenario():
        first = batcher_of(noted("flood"), sizes=(1,))
        flood = [first, *(batcher_of(noted("flood"), sizes=(1,), backlog=first.backlog) for _ in range(shapes - 1))]
        futures = [submit(one_thread, batcher, value) for batcher in flood for value in range(40 // shapes)]
        await gate.run_began()
        await until(lambda: not one_thread._open)  # all who wait stand in line
        futures.append(submit(one_thread, batcher_of(noted("stranger")), 1))
        await until(lambda: not one_thread._open)
        gate.opened.set()
        await asyncio.gather(*futures)

    asyncio.run(scenario())
    assert order.index("stranger") <= 2
    assert len(order) == 41


def test_a_flood_of_quick_requests_lets_the_loop_and_strangers_have_turns(scheduler):
    order = []

    def busy(inputs):
        order.append("flood")
        until_ = monotonic() + 0.0004
        while monotonic() < until_:
            pass
        return double(inputs)

    def stranger(inputs):
        order.append("stranger")
        return double(inputs)

    async def scenario():
        batcher = batcher_of(MemoryEngine(busy), sizes=(1,), max_enqueued_batches=100)
        flood = [submit(scheduler, batcher, value) for value in range(60)]
        other = batcher_of(MemoryEngine(stranger))
        for _ in range(5):
            await asyncio.sleep(0)
        assert 0 < len(order) < 50  # the loop came back to us in between
        before = len(order)
        await submit(scheduler, other, 1)
        assert order.index("stranger") <= before + 8
        await asyncio.gather(*flood)

    asyncio.run(scenario())


def test_low_tasks_wait_for_normal_ones_but_not_for_ever(one_thread):
    order = []

    def noted(name):
        def run(inputs):
            order.append(name)
            return double(inputs)

        return run

    async def scenario():
        normal = batcher_of(MemoryEngine(noted("normal")), sizes=(1,), max_enqueued_batches=100)
        low = batcher_of(MemoryEngine(noted("low")), sizes=(1,))
        waiting = [submit(one_thread, low, value, options=LOW) for value in range(3)]
        waiting += [submit(one_thread, normal, value) for value in range(50)]
        await asyncio.gather(*waiting)

    asyncio.run(scenario())
    assert [index for index, name in enumerate(order) if name == "low"] == [
        NORMAL_RUNS,
        2 * NORMAL_RUNS + 1,
        3 * NORMAL_RUNS + 2,
    ]


def test_low_tasks_run_when_nothing_else_waits(scheduler):
    async def scenario():
        return answer(await submit(scheduler, batcher_of(MemoryEngine()), 1, options=LOW))

    assert asyncio.run(scenario()) == [2]


def test_the_loop_rests_while_low_tasks_wait_for_a_thread_behind_normal_ones(one_thread):
    gate = Gate()

    async def scenario():
        slow = batcher_of(MemoryEngine(gate, 1.0), sizes=(1,))
        normal = [submit(one_thread, slow, value) for value in (1, 2)]
        await gate.run_began()
        low = submit(one_thread, batcher_of(MemoryEngine()), 3, options=LOW)
        await until(lambda: one_thread._turning is None)
        gate.opened.set()
        return [answer(await future) for future in (*normal, low)]

    assert asyncio.run(scenario()) == [[2], [4], [6]]


def test_a_thread_is_not_kept_for_those_who_left(one_thread):
    gate = Gate()

    async def scenario():
        slow = [batcher_of(MemoryEngine(gate, 1.0), sizes=(1,)) for _ in range(3)]
        for batcher in slow:  # so that all are known to be slow
            gate.opened.set()
            await submit(one_thread, batcher, 0)
            await gate.run_began()
        gate.opened.clear()
        stays, leaves, waits = (submit(one_thread, batcher, 1) for batcher in slow)
        await gate.run_began()
        await until(lambda: one_thread._turning is None)
        leaves.cancel()
        gate.opened.set()
        await stays
        return answer(await waits)

    assert asyncio.run(scenario()) == [2]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize("micros", [300, 3000])
def test_a_timeout_keeps_a_batch_open_until_its_time_has_come(scheduler, run, micros):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine, batch_timeout_micros=micros)
        start = monotonic()
        first = submit(scheduler, batcher, 1)
        for _ in range(10):
            await asyncio.sleep(0)
        second = submit(scheduler, batcher, 2)
        await asyncio.gather(first, second)
        assert monotonic() - start >= micros / 1e6

    run(scenario())
    assert engine.values == [[1, 2]]


def test_a_full_batch_does_not_wait_for_its_timeout(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine, batch_timeout_micros=60_000_000)
        async with asyncio.timeout(10):
            await asyncio.gather(*(submit(scheduler, batcher, value) for value in (1, 2, 3, 4)))
            await submit(scheduler, batcher, 5, 6, 7, 8)

    asyncio.run(scenario())
    assert engine.values == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_batch_stays_open_while_tasks_keep_coming_for_a_bounded_time(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine, sizes=(1, 2**15), max_enqueued_batches=100)
        futures, limit = [], monotonic() + 10
        while not engine.batches:
            assert monotonic() < limit
            futures.append(submit(scheduler, batcher, 1))
            await asyncio.sleep(0)
        await asyncio.gather(*futures)
        return futures

    start = monotonic()
    assert len(asyncio.run(scenario())) > 1
    assert monotonic() - start >= LONGEST_WAIT


def test_what_nobody_waits_for_any_more_is_not_compiled(scheduler):
    gate = Gate()
    engine = MemoryEngine(gate, compiled=False)

    async def scenario():
        sizes = [batcher_of(engine) for _ in range(3)]
        stays, *leave = (submit(scheduler, batcher, value) for value, batcher in enumerate(sizes, 1))
        await gate.run_began()
        for future in leave:
            future.cancel()
        gate.opened.set()
        await stays
        await until(lambda: all(batcher.idle for batcher in sizes))

    asyncio.run(scenario())
    assert engine.values == [[1]]


def test_while_a_batcher_compiles_its_tasks_wait_and_others_run(one_thread):
    gate = Gate()
    engine = MemoryEngine(gate, compiled=False)

    async def scenario():
        compiling = batcher_of(engine)
        first = submit(one_thread, compiling, 1)
        await gate.run_began()
        second = [submit(one_thread, compiling, 2), submit(one_thread, compiling, 3, options=LOW)]
        assert answer(await submit(one_thread, batcher_of(MemoryEngine(seconds=1.0)), 4)) == [8]
        gate.opened.set()
        await asyncio.gather(first, *second)

    asyncio.run(scenario())
    assert engine.values == [[1], [2], [3]]


@pytest.mark.parametrize("compiled", [True, False])
def test_closed_threads_refuse_what_waits(compiled):
    scheduler = BatchScheduler(1)
    scheduler.close()
    engine = MemoryEngine(seconds=1.0, compiled=compiled)
    engine.compiler = ClosedExecutor()

    async def scenario():
        batcher = batcher_of(engine)
        with pytest.raises(UnavailableError, match="The model is being unloaded"):
            await submit(scheduler, batcher, 1)
        assert batcher.idle

    asyncio.run(scenario())


def test_threads_that_close_while_a_batch_waits_for_one_leave_nobody_hanging():
    scheduler, gate = BatchScheduler(1), Gate()

    async def scenario():
        batcher = batcher_of(MemoryEngine(gate, 1.0), sizes=(1,))
        runs, waits = submit(scheduler, batcher, 1), submit(scheduler, batcher, 2)
        await gate.run_began()
        scheduler.close()
        gate.opened.set()
        assert answer(await runs) == [2]
        with pytest.raises(UnavailableError, match="being unloaded"):
            await waits

    asyncio.run(scenario())


def test_a_scheduler_serves_a_second_loop_after_the_first_ended_amid_its_work(scheduler):
    batcher = batcher_of(MemoryEngine())

    async def leave():
        submit(scheduler, batcher_of(MemoryEngine()), 1)

    async def stay():
        return answer(await submit(scheduler, batcher, 1))

    asyncio.run(leave())
    assert asyncio.run(stay()) == [2]


def test_what_waits_for_a_compiler_that_closes_is_refused(scheduler):
    gate, compiler = Gate(), ThreadPoolExecutor(1)
    engine = MemoryEngine(gate, compiled=False)
    engine.compiler = compiler

    async def scenario():
        compiles, waits = (submit(scheduler, batcher_of(engine), value) for value in (1, 2))
        await gate.run_began()
        compiler.shutdown(wait=False, cancel_futures=True)
        with pytest.raises(UnavailableError, match="being unloaded"):
            await waits
        gate.opened.set()
        assert answer(await compiles) == [2]

    asyncio.run(scenario())
