"""The shipped doubles keep the contracts that they stand in for."""

import asyncio
import threading

import numpy as np
import pytest

from tenon.base import InvalidArgumentError, NotFoundError, TensorSpec
from tenon.serving import ServableRequest, State
from tenon.serving.testing import FakeLoader, FakeServable, StaticManager, fake_signature, half_plus_two

MATRIX = TensorSpec((None, 2), np.dtype("float32"))
PAIR = fake_signature(
    {"a": MATRIX, "b": MATRIX}, {"sum": MATRIX, "product": MATRIX}, lambda a, b: {"sum": a + b, "product": a * b}
)


def run(servable, inputs, outputs=None, signature="serving_default"):
    return asyncio.run(servable.run(signature, inputs, outputs))


def ones(rows, columns=2):
    return np.ones((rows, columns), np.float32)


def test_a_fake_servable_answers_every_output_in_the_signature_s_order():
    answer = run(FakeServable({"serving_default": PAIR}), {"a": ones(3), "b": ones(3)})
    assert list(answer) == ["sum", "product"]
    assert answer["sum"].tolist() == [[2, 2]] * 3


def test_a_fake_servable_answers_only_the_outputs_asked_for_in_their_order():
    answer = run(FakeServable({"serving_default": PAIR}), {"a": ones(1), "b": ones(1)}, ["product", "sum"])
    assert list(answer) == ["product", "sum"]
    assert list(run(FakeServable({"serving_default": PAIR}), {"a": ones(1), "b": ones(1)}, ["product"])) == ["product"]


@pytest.mark.parametrize(
    ("a", "b", "match"),
    [
        (ones(1, 3), ones(1), r"input 'a': the shape must fit \(None, 2\); received \(1, 3\)"),
        (ones(1), ones(2), "one batch size; received {'a': 1, 'b': 2}"),
    ],
)
def test_a_fake_servable_refuses_shapes_that_do_not_fit(a, b, match):
    with pytest.raises(InvalidArgumentError, match=match):
        run(FakeServable({"serving_default": PAIR}), {"a": a, "b": b})


def test_a_gated_fake_servable_keeps_a_request_in_flight():
    async def scenario():
        gate = asyncio.Event()
        servable = FakeServable({"serving_default": PAIR}, gate)
        request = asyncio.create_task(servable.run("serving_default", {"a": ones(1), "b": ones(1)}))
        await asyncio.sleep(0)
        assert not request.done()
        gate.set()
        assert (await request)["sum"].tolist() == [[2, 2]]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("dtype", "enum"),
    [("float32", 1), ("float64", 2), ("int32", 3), ("object", 7), ("int64", 9), ("bool", 10), ("float16", 19)],
)
def test_a_fake_signature_s_definition_has_tensorflow_s_dtypes_and_shapes(dtype, enum):
    spec = TensorSpec((None, 3), np.dtype(dtype))
    info = fake_signature({"x": spec}, {"y": spec}, lambda x: {"y": x}).signature.definition.inputs["x"]
    assert info.dtype == enum
    assert [dimension.size for dimension in info.tensor_shape.dim] == [-1, 3]


def test_a_fake_loader_waits_for_its_gate():
    gate = threading.Event()
    loader = FakeLoader(gate=gate)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(loader.load()))
    thread.start()
    assert not answers
    gate.set()
    thread.join()
    assert answers == [loader.servable]
    assert loader.loads == 1


def test_a_fake_loader_fails_with_its_error():
    with pytest.raises(NotFoundError, match="no such file"):
        FakeLoader(error=NotFoundError("no such file")).load()


def test_a_static_manager_serves_the_newest_unless_asked_otherwise():
    manager = StaticManager({"m": {2: half_plus_two(), 10: half_plus_two()}})
    assert manager.servable_handle(ServableRequest.latest("m")).id.version == 10
    assert manager.servable_handle(ServableRequest.specific("m", 2)).id.version == 2


def test_a_static_manager_shows_failed_versions_and_never_serves_them():
    error = NotFoundError("saved_model.pb is missing")
    manager = StaticManager({"m": {1: half_plus_two()}}, errors={"m": {2: error}, "broken": {1: error}})
    assert [(state.id.version, state.state, state.error) for state in manager.states("m")] == [
        (2, State.END, error),
        (1, State.AVAILABLE, None),
    ]
    assert manager.names() == ("broken", "m")
    with pytest.raises(NotFoundError, match=r"^Servable not found for request: Latest\(broken\)$"):
        manager.servable_handle(ServableRequest.latest("broken"))


def test_a_static_manager_counts_the_handles_that_are_held():
    manager = StaticManager({"m": {1: half_plus_two()}})
    with manager.servable_handle(ServableRequest.latest("m")) as handle:
        assert manager.open_handles[handle.id] == 1
    handle.release()
    assert manager.open_handles[handle.id] == 0
