"""Tasks become batches: what fits, what is dropped, what is refused."""

import asyncio

import numpy as np
import pytest

from tenon.base import (
    DeadlineExceededError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    UnavailableError,
)
from tenon.serving.batching._lane import Backlog
from tenon.serving.engines import Pace
from tenon.serving.servables import Priority, RunOptions, RunTimes
from tests.serving.batching.engines import (
    NAME,
    Batches,
    Gate,
    MemoryEngine,
    answer,
    batcher_of,
    double,
    now,
    rows_of,
    submit,
    until,
)

LOW = RunOptions(priority=Priority.LOW)


def within(seconds):
    return RunOptions(deadline=now() + seconds)


def run(test):
    return asyncio.run(test())


def test_tasks_that_come_together_share_padded_batches(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine)
        futures = [submit(scheduler, batcher, *values) for values in ((1, 2), (3,), (4, 5), (6,))]
        return [answer(await future) for future in futures]

    assert run(scenario) == [[2, 4], [6], [8, 10], [12]]
    assert engine.values == [[1, 2, 3, 3], [4, 5, 6, 6]]


def test_a_task_never_stands_in_two_batches(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine)
        await asyncio.gather(*(submit(scheduler, batcher, *[value] * 3) for value in (1, 2)))

    run(scenario)
    assert engine.values == [[1, 1, 1, 1], [2, 2, 2, 2]]


def test_tasks_whose_rows_may_not_be_batched_run_one_by_one(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine, sizes=())
        futures = [submit(scheduler, batcher, value) for value in (1, 2)]
        return [answer(await future) for future in futures]

    assert run(scenario) == [[2], [4]]
    assert engine.values == [[1], [2]]


def test_a_full_queue_refuses_more_and_goes_on(scheduler):
    async def scenario():
        batcher = batcher_of(MemoryEngine(), sizes=(1, 2), max_enqueued_batches=2)
        futures = [submit(scheduler, batcher, value) for value in range(4)]
        text = "task was submitted is full; currently 2 batches enqueued and max_enqueued_batches is 2"
        with pytest.raises(UnavailableError, match=text):
            submit(scheduler, batcher, 9)
        low = submit(scheduler, batcher, 5, options=LOW)
        late_part = submit(scheduler, batcher, 6, admitted=True)
        await asyncio.gather(*futures, low, late_part)
        return answer(await submit(scheduler, batcher, 9))

    assert run(scenario) == [18]


def test_the_bound_holds_for_all_shapes_of_a_signature_together():
    async def scenario():
        backlog = Backlog(2, 1)
        batcher_of(MemoryEngine(), sizes=(1, 2), backlog=backlog).add(rows_of(1, 2), 2)
        with pytest.raises(UnavailableError, match="currently 1 batches enqueued"):
            batcher_of(MemoryEngine(), sizes=(1, 2), backlog=backlog).add(rows_of(1), 1)

    run(scenario)


def test_those_who_left_make_room_in_a_full_queue(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine, sizes=(1, 2), max_enqueued_batches=1)
        leaves, stays = submit(scheduler, batcher, 1), submit(scheduler, batcher, 2)
        leaves.cancel()
        comes = submit(scheduler, batcher, 3)
        await asyncio.gather(stays, comes)
        assert batcher.idle
        assert batcher.backlog.rows == [0, 0]

    run(scenario)
    assert engine.values == [[2, 3]]


def test_a_client_that_left_is_dropped_before_its_run(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine)
        stays, leaves = submit(scheduler, batcher, 1), submit(scheduler, batcher, 2)
        leaves.cancel()
        await stays
        assert batcher.idle

    run(scenario)
    assert engine.values == [[1]]


def test_a_deadline_that_has_passed_costs_no_run(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine)
        late, fine = submit(scheduler, batcher, 1, options=within(-1)), submit(scheduler, batcher, 2)
        with pytest.raises(DeadlineExceededError, match=r"of model 'm' version 1: the deadline cannot be met.*not run"):
            await late
        return answer(await fine)

    assert run(scenario) == [4]
    assert engine.values == [[2]]


def test_a_deadline_shorter_than_a_run_is_given_up_before_it(scheduler):
    engine = MemoryEngine(seconds=5.0)

    async def scenario():
        batcher = batcher_of(engine, sizes=(1,))
        await submit(scheduler, batcher, 1)
        with pytest.raises(DeadlineExceededError, match="a run takes about"):
            await submit(scheduler, batcher, 2, options=within(2.0))
        return answer(await submit(scheduler, batcher, 3, options=within(60)))

    assert run(scenario) == [6]
    assert engine.values == [[1], [3]]


def test_refusing_all_who_are_in_a_hurry_ends_by_itself(scheduler):
    engine = MemoryEngine(seconds=5.0)

    async def scenario():
        batcher = batcher_of(engine, sizes=(1,))
        await submit(scheduler, batcher, 1)
        for refusals in range(100):
            try:
                return answer(await submit(scheduler, batcher, 2, options=within(1.0))), refusals
            except DeadlineExceededError:
                pass
        return None

    outputs, refusals = run(scenario)
    assert outputs == [4]
    assert 5 < refusals < 30


def test_a_batch_does_not_grow_until_a_member_would_be_late(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine, sizes=(1, 2, 4))
        for size, seconds in ((1, 0.0), (2, 0.0), (4, 100.0)):
            await submit(scheduler, batcher, *[0] * size)
            batcher._estimates[size][0].seconds = seconds
        engine.batches.clear()
        hurried = [submit(scheduler, batcher, value, options=within(20)) for value in (1, 2, 3)]
        await asyncio.gather(*hurried)

    run(scenario)
    assert engine.values == [[1, 2], [3]]


def test_low_tasks_travel_in_the_padding_of_normal_ones(scheduler):
    engine, seen = MemoryEngine(), Batches()

    async def scenario():
        batcher = batcher_of(engine, observer=seen)
        low = [submit(scheduler, batcher, value, options=LOW) for value in (7, 8)]
        normal = submit(scheduler, batcher, 1, 2, 3)
        return [answer(await future) for future in (normal, *low)]

    assert run(scenario) == [[2, 4, 6], [14], [16]]
    assert engine.values == [[1, 2, 3, 7], [8]]
    assert [(batch["priority"], batch["rows"], batch["padding"]) for batch in seen.seen] == [
        (Priority.NORMAL, 4, 0),
        (Priority.LOW, 1, 0),
    ]


def test_a_failing_program_fails_its_requests_without_details_and_serves_on(scheduler, caplog):
    def fail_on_13(inputs):
        if (inputs[0] == 13).any():
            raise RuntimeError("secret detail")
        return double(inputs)

    async def scenario():
        batcher = batcher_of(MemoryEngine(fail_on_13))
        with pytest.raises(InternalError, match=f"{NAME} failed to run; the server's log says why"):
            await submit(scheduler, batcher, 13)
        return answer(await submit(scheduler, batcher, 1))

    assert run(scenario) == [2]
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_request_that_breaks_a_program_does_not_fail_those_in_its_batch(scheduler, seconds):
    def fail_on_13(inputs):
        if (inputs[0] == 13).any():
            raise RuntimeError("13")
        return double(inputs)

    async def scenario():
        batcher = batcher_of(MemoryEngine(fail_on_13, seconds))
        options = [LOW if value == 2 else RunOptions() for value in (1, 2, 13, 3)]
        values = zip((1, 2, 13, 3), options, strict=True)
        futures = [submit(scheduler, batcher, value, options=option) for value, option in values]
        got = await asyncio.gather(*futures, return_exceptions=True)
        await until(lambda: batcher.idle)
        return got

    first, low, broken, last = run(scenario)
    assert [answer(outputs) for outputs in (first, low, last)] == [[2], [4], [6]]
    assert isinstance(broken, InternalError)


def test_an_error_that_says_what_is_wrong_is_told_to_all(scheduler, caplog):
    def refuse(inputs):
        raise InvalidArgumentError("no such size")

    async def scenario():
        batcher = batcher_of(MemoryEngine(refuse))
        futures = [submit(scheduler, batcher, value) for value in (1, 2)]
        return await asyncio.gather(*futures, return_exceptions=True)

    assert [str(error) for error in run(scenario)] == ["no such size"] * 2
    assert not caplog.records


def test_outputs_without_a_row_for_each_row_are_refused(scheduler):
    async def scenario():
        batcher = batcher_of(MemoryEngine(lambda inputs: [inputs[0].sum()]))
        with pytest.raises(FailedPreconditionError, match="0th dimension"):
            await submit(scheduler, batcher, 1, 2)

    run(scenario)


def test_the_times_of_a_run_are_written_down(scheduler):
    times = RunTimes()
    before = now()

    async def scenario():
        batcher = batcher_of(MemoryEngine())
        await submit(scheduler, batcher, 1, 2, 3, options=RunOptions(times=times))

    run(scenario)
    assert before <= times.queued <= times.closed <= times.started <= times.ended <= now()
    assert (times.batch_rows, times.padding_rows) == (4, 1)


def test_an_observer_is_told_of_every_batch_and_its_failure_loses_no_answer(scheduler, caplog):
    seen = Batches()

    class Broken(Batches):
        def batch_ran(self, *arguments):
            raise ValueError("miscounted")

    async def scenario(observer):
        batcher = batcher_of(MemoryEngine(), observer=observer)
        return [
            answer(outputs) for outputs in await asyncio.gather(*(submit(scheduler, batcher, v) for v in (1, 2, 3)))
        ]

    assert asyncio.run(scenario(seen)) == asyncio.run(scenario(Broken())) == [[2], [4], [6]]
    assert seen.seen == [{"signature_id": NAME, "priority": Priority.NORMAL, "tasks": 3, "rows": 3, "padding": 1}]
    assert "miscounted" in caplog.text


def test_lengths_are_padded_where_that_is_asked_for(scheduler):
    engine = MemoryEngine()

    async def scenario():
        batcher = batcher_of(engine, pad_variable_length_inputs=True)
        tasks = [np.array([[1, 2, 3]]), np.array([[4]])]
        lanes = [batcher.add([array], 1) for array in tasks]
        for lane, _ in lanes:
            scheduler.task_added(lane)
        return [(await future)[0].tolist() for _, future in lanes]

    assert run(scenario) == [[[2, 4, 6]], [[8, 8, 8]]]


PACES = (Pace(1, 1, 2, 0.003), Pace(4, 1, 2, 0.008), Pace(1, 2, 1, 0.002), Pace(4, 2, 1, 0.007))


def test_what_waits_is_divided_among_runs_side_by_side(scheduler):
    gate = Gate()
    engine = MemoryEngine(gate, 1.0)

    async def scenario():
        batcher = batcher_of(engine, paces=PACES)
        futures = [submit(scheduler, batcher, value) for value in (1, 2, 3, 4)]
        await gate.run_began()
        await gate.run_began()
        gate.opened.set()
        return [answer(await future) for future in futures]

    assert run(scenario) == [[2], [4], [6], [8]]
    assert sorted(engine.values) == [[1, 2], [3, 4]]
    assert engine.threads == [1, 1]


def test_a_request_alone_gets_all_processors_and_the_next_waits_for_them(scheduler):
    gate = Gate()
    engine = MemoryEngine(gate, 1.0)

    async def scenario():
        batcher = batcher_of(engine, paces=PACES)
        first = submit(scheduler, batcher, 1)
        await gate.run_began()
        others = [submit(scheduler, batcher, value) for value in (2, 3)]
        for _ in range(50):
            await asyncio.sleep(0)
        running = len(engine.batches)
        gate.opened.set()
        await asyncio.gather(first, *others)
        return running

    assert run(scenario) == 1
    assert engine.threads == [2, 1, 1]
