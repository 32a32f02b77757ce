"""Shadows run behind the back of the clients, are compared and counted, and can neither delay nor harm anybody."""

import asyncio
import json

import numpy as np
import pytest

from tenon.base import (
    CancelledError,
    DeadlineExceededError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    ResourceExhaustedError,
    TensorSpec,
    UnavailableError,
)
from tenon.serving import ServableRequest
from tenon.serving.servables import Priority
from tenon.serving.testing import FakeServable, StaticManager, fake_signature, half_plus_two
from tenon.serving.traffic import Route, Shadow, ShadowRunner

VECTOR = TensorSpec((None,), np.float32)
X = {"x": np.float32([2, 4])}
Y = {"y": np.float32([3, 4])}


def servable(function, dtype=np.float32, gate=None):
    spec = TensorSpec((None,), dtype)
    return FakeServable({"serving_default": fake_signature({"x": spec}, {"y": VECTOR}, function)}, gate)


def failing(error):
    def fail(x):
        raise error

    return servable(fail)


VERSIONS = {
    2: half_plus_two(),
    3: servable(lambda x: {"y": x}),
    4: failing(FailedPreconditionError("a secret of the client")),
    5: failing(ValueError("a secret of the server")),
    6: servable(lambda x: {"y": x}, np.int32),
    7: FakeServable({}),
    8: servable(lambda x: {"y": x[:1]}),
    9: failing(UnavailableError("the queue is full")),
}


def route_to(*versions, **tolerances):
    shadows = tuple(Shadow(ServableRequest.specific("m", version), **tolerances) for version in versions)
    return Route(ServableRequest.specific("m", 1), shadows=shadows)


def outcomes(route, answer=None, inputs=None, versions=VERSIONS):
    """Run the shadows of a route once, and return what the status says of each version."""

    async def run():
        manager = StaticManager({"m": versions})
        runner = ShadowRunner(manager)
        runner.submit(route, "serving_default", inputs or X, Y if answer is None else answer)
        await runner.idle()
        assert not any(manager.open_handles.values())
        assert runner._bytes == 0
        return json.loads(json.dumps(runner.status(), allow_nan=False))["m"]

    return asyncio.run(run())


def counted(found):
    (outcome,) = (name for name in ("agree", "differ", "error", "dropped") if found[name])
    return outcome


@pytest.mark.parametrize(
    ("version", "answer", "outcome"),
    [
        (2, Y, "agree"),
        (3, Y, "differ"),
        (8, Y, "differ"),
        (4, Y, "error"),
        (5, Y, "error"),
        (6, Y, "error"),
        (7, Y, "error"),
        (99, Y, "error"),
        (9, Y, "dropped"),
        (4, FailedPreconditionError("not yet"), "agree"),
        (4, InternalError("broken"), "differ"),
        (5, InternalError("broken"), "agree"),
        (2, InternalError("broken"), "differ"),
    ],
)
def test_every_outcome_is_counted(version, answer, outcome):
    assert counted(outcomes(route_to(version), answer)[str(version)]) == outcome


def test_differences_are_told_without_values_or_messages():
    found = outcomes(route_to(3, 4, 5))
    (difference,) = found["3"]["recent"]
    assert difference["outputs"] == [
        {"output": "y", "reason": "values", "max_absolute": 1.0, "max_relative": 1 / 3, "fraction": 0.5}
    ]
    assert [found[v]["recent"][0]["actual"] for v in "45"] == ["FAILED_PRECONDITION", "INTERNAL"]
    assert "secret" not in json.dumps(found)


def test_tolerances_are_the_rules():
    assert counted(outcomes(route_to(3, absolute_tolerance=1.5))["3"]) == "agree"


def test_only_the_outputs_that_the_client_got_are_compared():
    two = fake_signature({"x": VECTOR}, {"y": VECTOR, "z": VECTOR}, lambda x: {"y": x / 2 + 2, "z": x})
    versions = {2: FakeServable({"serving_default": two})}
    assert counted(outcomes(route_to(2), versions=versions)["2"]) == "agree"
    for answer in ({"w": Y["y"]}, {**Y, "w": Y["y"]}):
        found = outcomes(route_to(2), answer, versions=versions)["2"]
        assert found["recent"][0]["outputs"] == [{"output": "w", "reason": "missing"}]


@pytest.mark.parametrize("kind", [CancelledError, DeadlineExceededError, ResourceExhaustedError, UnavailableError])
def test_errors_that_tell_nothing_of_the_model_are_not_compared(kind):
    async def run():
        runner = ShadowRunner(StaticManager({"m": VERSIONS}))
        runner.submit(route_to(2), "serving_default", X, kind("no answer"))
        await runner.idle()
        assert runner.status() == {}

    asyncio.run(run())


def test_large_answers_are_compared_all_the_same():
    x = np.arange(100_000, dtype=np.float32)
    found = outcomes(route_to(2, 3), {"y": x * np.float32(0.5) + np.float32(2)}, {"x": x})
    assert [counted(found[version]) for version in "23"] == ["agree", "differ"]


def test_texts_have_a_size():
    texts = {"x": np.array([b"one", b"two"], object)}
    assert counted(outcomes(route_to(3), Y, texts)["3"]) == "error"  # which takes floats


def test_a_shadow_runs_with_low_priority_and_a_deadline():
    shadow = half_plus_two()
    outcomes(route_to(2), versions={2: shadow})
    assert shadow.last_options.priority is Priority.LOW
    assert shadow.last_options.deadline is not None


class Gated:
    """A runner whose shadow version runs as long as the gate is shut."""

    def __init__(self, **limits):
        self.gate = asyncio.Event()
        self.servable = servable(lambda x: {"y": x * np.float32(0.5) + np.float32(2)}, gate=self.gate)
        self.manager = StaticManager({"m": {2: self.servable}})
        self.runner = ShadowRunner(self.manager, **limits)

    def submit(self, count, inputs=X):
        for _ in range(count):
            self.runner.submit(route_to(2), "serving_default", inputs, Y)

    @property
    def running(self):
        return sum(self.manager.open_handles.values())

    def counts(self):
        return {name: value for name, value in self.runner.status()["m"]["2"].items() if name != "recent"}


def test_nothing_runs_before_the_caller_is_done_and_no_more_at_a_time_than_allowed():
    async def run():
        gated = Gated(max_concurrency=2)
        gated.submit(10)
        assert gated.running == 0
        for _ in range(10):
            await asyncio.sleep(0)
        assert gated.running == 2
        gated.gate.set()
        await gated.runner.idle()
        assert gated.counts() == {"agree": 10, "differ": 0, "error": 0, "dropped": 0}

    asyncio.run(run())


@pytest.mark.parametrize("limits", [{"max_queued": 3}, {"max_queued_bytes": 3 * 16}])
def test_what_does_not_fit_into_the_queue_is_dropped_and_counted(limits):
    async def run():
        gated = Gated(**limits)
        gated.submit(10)
        gated.gate.set()
        await gated.runner.idle()
        gated.submit(1)
        await gated.runner.idle()
        assert gated.counts() == {"agree": 4, "differ": 0, "error": 0, "dropped": 7}

    asyncio.run(run())


def test_a_shadow_that_never_answers_is_given_up():
    async def run():
        gated = Gated(timeout_seconds=0.01)
        gated.submit(3)
        await gated.runner.idle()
        assert gated.counts() == {"agree": 0, "differ": 0, "error": 3, "dropped": 0}
        assert gated.running == 0
        assert gated.runner.status()["m"]["2"]["recent"][0]["actual"] == "DEADLINE_EXCEEDED"

    asyncio.run(run())


def test_close_gives_up_everything_and_lets_go_of_the_versions():
    async def run():
        gated = Gated()
        gated.submit(5)
        for _ in range(10):
            await asyncio.sleep(0)
        await gated.runner.close()
        assert gated.counts() == {"agree": 0, "differ": 0, "error": 0, "dropped": 5}
        assert gated.running == 0
        await gated.runner.close()

    asyncio.run(run())


@pytest.mark.parametrize("turns", range(16))
def test_a_request_that_comes_at_any_turn_of_another_runs(turns):
    async def run():
        gated = Gated(max_concurrency=1)
        gated.gate.set()
        gated.submit(1)
        for _ in range(turns):
            await asyncio.sleep(0)
        gated.submit(1)
        await gated.runner.idle()
        assert gated.counts()["agree"] == 2

    asyncio.run(run())


def test_memory_does_not_grow_with_versions_and_differences():
    async def run():
        runner = ShadowRunner(StaticManager({"m": {3: VERSIONS[3]}}), max_queued=1000)
        for version in range(1000):
            runner.submit(route_to(version), "serving_default", X, Y)
        await runner.idle()
        for _ in range(100):
            runner.submit(route_to(3), "serving_default", X, Y)
        await runner.idle()
        assert len(runner.status()["m"]) == 256
        assert len(runner.status()["m"]["3"]["recent"]) == 32

    asyncio.run(run())


@pytest.mark.parametrize("limit", ["max_concurrency", "timeout_seconds"])
def test_limits_make_sense(limit):
    with pytest.raises(InvalidArgumentError, match=f"^{limit}: must be more than 0; received 0"):
        ShadowRunner(StaticManager({}), **{limit: 0})
