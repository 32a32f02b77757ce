"""Whatever requests come, each gets the answer that it would get alone."""

import asyncio
import gc
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import DeadlineExceededError, InternalError, InvalidArgumentError, UnavailableError
from tenon.saved_model import TensorSpec, read, save
from tenon.serving.batching import Batching, BatchingParameters, BatchScheduler, RunPlan, SignatureRunner
from tenon.serving.servables import Priority, RunOptions, RunTimes
from tests.serving.batching.engines import NAME, Batches, Gate, MemoryEngine, double, now, until


@pytest.fixture(scope="module")
def signatures(tmp_path_factory):
    """Real signatures; what computes them is each test's own engine."""
    folder = tmp_path_factory.mktemp("signatures")
    wide = {"x": TensorSpec((None, 2), "float32"), "n": TensorSpec((None,), "int32")}
    save(lambda x, n: {"y": x, "m": n}, folder / "wide", {"f": wide})
    save(lambda x: {"y": x * 1.0}, folder / "open", {"f": {"x": TensorSpec((None, None), "float32")}})
    return {name: read(folder / name).signatures["f"] for name in ("wide", "open")}


def runner_of(signature, engine, scheduler, observer=None, batched=True, **parameters):
    made = BatchingParameters(**parameters)
    sizes = made.batch_sizes if batched else ()
    return SignatureRunner(NAME, signature, engine, RunPlan(sizes), Batching(scheduler, made, observer))


def revealing(inputs):
    """Rows do not look at each other, and no two different rows have one answer; 13 breaks the run."""
    x, n = inputs
    if (n == 13_000_000).any():
        raise RuntimeError("13")
    return [np.stack([x[:, 1], -x[:, 0]], axis=1), n.astype(np.int64) * 7919 + x[:, 0].astype(np.int64)]


def request_of(ids):
    n = np.array(ids, np.int32)
    return {"x": np.stack([n / 2, n + 1], axis=1).astype(np.float32), "n": n}


REQUESTS = st.lists(
    st.tuples(
        st.integers(0, 21),
        st.sampled_from(Priority),
        st.sampled_from(["stays", "stays", "stays", "leaves", "is late", "has time"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)
PARAMETERS = st.sampled_from(
    [
        {"max_batch_size": 8},
        {"max_batch_size": 8, "batch_timeout_micros": 100},
        {"max_batch_size": 6, "allowed_batch_sizes": (3, 6)},
        {"max_batch_size": 30, "max_execution_batch_size": 5, "num_batch_threads": 1},
        {"max_batch_size": 1},
    ]
)


@settings(max_examples=60, deadline=None)
@given(REQUESTS, PARAMETERS, st.sampled_from([0.0, 1.0]), st.booleans(), st.booleans())
def test_every_answer_is_what_its_own_rows_give(signatures, requests, parameters, seconds, compiled, breaks):
    ids, engine = count(1), MemoryEngine(revealing, seconds, compiled)

    async def ask(runner, rows, priority, fate, turn):
        own = [13_000_000 if breaks and rows == 3 else next(ids) for _ in range(rows)]
        deadline = {"is late": now() - 1, "has time": now() + 60}.get(fate)
        if turn:
            await asyncio.sleep(0)
        asked = asyncio.ensure_future(
            runner.run(request_of(own), ["m", "y"], RunOptions(deadline=deadline, priority=priority))
        )
        if fate == "leaves":
            await asyncio.sleep(0)
            asked.cancel()
        return own, fate, (await asyncio.gather(asked, return_exceptions=True))[0]

    async def scenario():
        runner = runner_of(signatures["wide"], engine, scheduler, max_enqueued_batches=1000, **parameters)
        answers = await asyncio.gather(*(ask(runner, *request) for request in requests))
        await until(lambda: all(batcher.idle for batcher in runner._batchers.values()))
        assert runner._backlog.rows == [0, 0]
        return answers

    scheduler = BatchScheduler(parameters.get("num_batch_threads", 2))
    answers = asyncio.run(scenario())
    scheduler.close()
    for own, fate, got in answers:
        if isinstance(got, dict):
            y, m = revealing(list(request_of(own if 13_000_000 not in own else []).values()))
            assert (got["y"] == y).all()
            assert (got["m"] == m).all()
        elif 13_000_000 in own and isinstance(got, InternalError):
            pass
        else:
            assert isinstance(got, {"is late": DeadlineExceededError, "leaves": asyncio.CancelledError}[fate])


def test_a_large_request_is_divided_and_put_together(signatures, scheduler):
    engine, seen, times = MemoryEngine(), Batches(), RunTimes()

    async def scenario():
        runner = runner_of(signatures["wide"], engine, scheduler, seen, max_batch_size=4)
        request = request_of(range(10))
        return request, await runner.run(request, options=RunOptions(times=times))

    request, got = asyncio.run(scenario())
    assert (got["y"] == request["x"] * 2).all()
    assert [(batch["rows"], batch["padding"]) for batch in seen.seen] == [(4, 0), (4, 0), (2, 0)]
    assert times.batch_rows == 10
    assert 0 < times.queued <= times.closed <= times.started <= times.ended


def test_a_large_request_does_not_fill_the_queue(signatures, one_thread):
    gate = Gate()

    async def scenario():
        runner = runner_of(
            signatures["wide"], MemoryEngine(gate, 1.0), one_thread, max_batch_size=2, max_enqueued_batches=2
        )
        large = asyncio.ensure_future(runner.run(request_of(range(40))))
        await gate.run_began()
        small = asyncio.ensure_future(runner.run(request_of([1])))
        await asyncio.sleep(0)
        gate.opened.set()
        return (await large)["m"].tolist(), (await small)["m"].tolist()

    assert asyncio.run(scenario()) == ([2 * n for n in range(40)], [2])


def test_a_large_request_that_fails_leaves_nothing_behind(signatures, scheduler):
    async def scenario():
        runner = runner_of(
            signatures["wide"], MemoryEngine(revealing, 1.0), scheduler, max_batch_size=2, num_batch_threads=2
        )
        with pytest.raises(InternalError, match="failed to run"):
            await runner.run(request_of([13_000_000] * 12))
        await until(lambda: all(batcher.idle for batcher in runner._batchers.values()))

    asyncio.run(scenario())
    gc.collect()  # an exception that nobody asked for would be told now


SPLITTING = [
    ({"max_batch_size": 4, "enable_large_batch_splitting": False}, 5, 4),
    ({"max_batch_size": 8, "max_execution_batch_size": 4}, 9, 8),
]


@pytest.mark.parametrize(("parameters", "rows", "limit"), SPLITTING)
def test_a_request_larger_than_allowed_is_refused(signatures, scheduler, parameters, rows, limit):
    async def scenario():
        runner = runner_of(signatures["wide"], MemoryEngine(), scheduler, **parameters)
        assert len((await runner.run(request_of(range(limit))))["m"]) == limit
        with pytest.raises(
            InvalidArgumentError, match=f"Task size {rows} is larger than maximum input batch size {limit}"
        ):
            await runner.run(request_of(range(rows)))

    asyncio.run(scenario())


def test_a_full_queue_refuses_with_tensorflow_servings_words(signatures, one_thread):
    async def scenario():
        runner = runner_of(signatures["wide"], MemoryEngine(), one_thread, batched=False, max_enqueued_batches=3)
        asked = [runner.run(request_of([n])) for n in range(4)]
        return await asyncio.gather(*asked, return_exceptions=True)

    *answered, refused = asyncio.run(scenario())
    assert [got["m"].tolist() for got in answered] == [[0], [2], [4]]
    assert isinstance(refused, UnavailableError)
    assert "currently 3 batches enqueued and max_enqueued_batches is 3" in str(refused)


def test_lengths_share_a_batch_only_where_that_is_asked_for(signatures, scheduler):
    async def scenario(**parameters):
        engine = MemoryEngine()
        runner = runner_of(signatures["open"], engine, scheduler, **parameters)
        requests = [np.full((1, length), length, np.float32) for length in (3, 1, 2)]
        got = await asyncio.gather(*(runner.run({"x": x}) for x in requests))
        return [answer["y"].shape[1] for answer in got], len(engine.batches)

    assert asyncio.run(scenario()) == ([3, 1, 2], 3)
    assert asyncio.run(scenario(pad_variable_length_inputs=True)) == ([3, 3, 3], 1)


def test_an_observer_hears_whose_batch_it_was(signatures, scheduler):
    seen = Batches()

    async def scenario():
        runner = runner_of(signatures["wide"], MemoryEngine(double), scheduler, seen)
        await asyncio.gather(*(runner.run(request_of([n])) for n in range(3)))

    asyncio.run(scenario())
    assert [(batch["signature_id"], batch["tasks"], batch["padding"]) for batch in seen.seen] == [(NAME, 3, 1)]
