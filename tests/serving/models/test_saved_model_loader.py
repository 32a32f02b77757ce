"""A SavedModel answers many requests at once, each with its own rows and nobody else's."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import suppress

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import DataLossError, InvalidArgumentError, NotFoundError, UnavailableError
from tenon.saved_model import TensorSpec, read, save
from tenon.serving import SavedModelLoader, ServableId
from tenon.serving.batching import Batching, BatchingParameters, BatchScheduler
from tenon.serving.batching._signature_runner import MAX_BATCHERS
from tenon.serving.engines._xla import CompiledProgram

RNG = np.random.default_rng(11)
PARAMETERS = BatchingParameters(max_batch_size=8)
KERNEL = RNG.standard_normal((4, 3)).astype("f4")


def softmax(w, x):
    return {"p": jax.nn.softmax(x @ w)}


MODELS = {
    "dense": (softmax, {"x": TensorSpec((None, 4), "float32")}, KERNEL),
    "two inputs": (
        lambda w, x, n: {"a": (x @ w) * n[:, None], "b": n + 1},
        {"x": TensorSpec((None, 4), "float32"), "n": TensorSpec((None,), "int32")},
        KERNEL,
    ),
    "coupled rows": (lambda x: {"y": x - x.mean(0)}, {"x": TensorSpec((None, 2), "float32")}, None),
    "coupled sequences": (
        lambda x: {"y": x - x.mean(0)},
        {"x": TensorSpec((None, None), "float32")},
        None,
    ),
    "no batch": (lambda x: {"y": x.sum()}, {"x": TensorSpec((None,), "float32")}, None),
    "fixed": (lambda x: {"y": x * 2}, {"x": TensorSpec((2, 2), "float32")}, None),
    "sequence": (lambda x: {"y": jnp.cumsum(x, 1)}, {"x": TensorSpec((None, None), "float32")}, None),
    "scalar": (lambda x: {"y": x * 2}, {"x": TensorSpec((), "float32")}, None),
    "long": (lambda x: {"y": x + 1}, {"x": TensorSpec((None,), "int64")}, None),
    "slow": (
        lambda x: {"y": jax.lax.fori_loop(0, 200, lambda _, m: jnp.tanh(m @ m), x)},
        {"x": TensorSpec((None, 64, 64), "float32")},
        None,
    ),
}


@pytest.fixture(scope="module")
def scheduler():
    made = BatchScheduler(2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("servables")
    for name, (function, inputs, variables) in MODELS.items():
        save(function, root / name, {"serving_default": inputs}, variables=variables)
    return root


@pytest.fixture(scope="module")
def servables(folder, scheduler):
    return {
        name: SavedModelLoader(
            ServableId(name, 1), folder / name, Batching(scheduler, BatchingParameters(max_batch_size=8))
        ).load()
        for name in MODELS
    }


def answers(servable, *requests):
    """Send all requests in one turn of an event loop; return their answers in order, errors included."""

    async def send():
        runs = (servable.run("serving_default", request) for request in requests)
        return await asyncio.gather(*runs, return_exceptions=True)

    return asyncio.run(send())


@settings(max_examples=30)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=12))
def test_every_answer_is_that_of_its_own_rows(servables, sizes):
    requests = [RNG.standard_normal((size, 4)).astype("f4") for size in sizes]
    for x, answer in zip(requests, answers(servables["dense"], *({"x": x} for x in requests)), strict=True):
        np.testing.assert_allclose(answer["p"], softmax(KERNEL, x)["p"], rtol=1e-5, atol=1e-6)


def test_an_answer_does_not_depend_on_who_shares_the_batch(servables):
    x = RNG.standard_normal((1, 4)).astype("f4")
    strangers = [{"x": np.full((1, 4), value, "f4")} for value in (np.nan, np.inf, 1e30, 0.0)]
    [alone] = answers(servables["dense"], {"x": x})
    [together, *_] = answers(servables["dense"], {"x": x}, *strangers)
    np.testing.assert_allclose(alone["p"], together["p"], rtol=1e-6)


def test_nan_is_answered_with_nan_for_its_own_row_only(servables):
    x = np.array([[1, 2, 3, 4], [np.nan, 0, 0, 0]], "f4")
    [answer] = answers(servables["dense"], {"x": x})
    assert np.isfinite(answer["p"][0]).all()
    assert np.isnan(answer["p"][1]).all()


def test_several_inputs_travel_together(servables):
    requests = [{"x": RNG.standard_normal((k, 4)).astype("f4"), "n": np.arange(k, dtype="i4")} for k in (1, 3, 2)]
    for request, answer in zip(requests, answers(servables["two inputs"], *requests), strict=True):
        np.testing.assert_allclose(answer["a"], (request["x"] @ KERNEL) * request["n"][:, None], rtol=1e-5, atol=1e-5)
        assert answer["b"].tolist() == (request["n"] + 1).tolist()


def test_outputs_may_be_chosen(servables):
    request = {"x": np.ones((1, 4), "f4"), "n": np.ones(1, "i4")}
    answer = asyncio.run(servables["two inputs"].run("serving_default", request, ["b"]))
    assert list(answer) == ["b"]


def test_an_empty_batch_has_an_empty_answer(servables):
    [answer] = answers(servables["dense"], {"x": np.zeros((0, 4), "f4")})
    assert answer["p"].shape == (0, 3)


@pytest.mark.parametrize("name", ["coupled rows", "coupled sequences"])
def test_a_model_that_mixes_rows_is_never_batched(servables, name):
    requests = [RNG.standard_normal((size, 2)).astype("f4") for size in (2, 3, 2)]
    for x, answer in zip(requests, answers(servables[name], *({"x": x} for x in requests)), strict=True):
        np.testing.assert_allclose(answer["y"], x - x.mean(0), rtol=1e-5, atol=1e-6)


def test_mixing_rows_is_noticed_and_logged_at_load(folder, scheduler, caplog):
    with caplog.at_level(logging.WARNING, "tenon.serving"):
        SavedModelLoader(
            ServableId("m", 1), folder / "coupled rows", Batching(scheduler, BatchingParameters(max_batch_size=4))
        ).load()
    assert "its rows depend on each other" in caplog.text


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("no batch", np.arange(5, dtype="f4"), 10.0),
        ("fixed", np.ones((2, 2), "f4"), [[2, 2], [2, 2]]),
        ("scalar", np.float32(3).reshape(()), 6.0),
        ("sequence", np.ones((2, 3), "f4"), [[1, 2, 3], [1, 2, 3]]),
        ("sequence", np.ones((1, 5), "f4"), [[1, 2, 3, 4, 5]]),
        ("long", np.array([1, 2]), [2, 3]),
    ],
)
def test_models_of_other_shapes_answer_too(servables, name, x, expected):
    [answer] = answers(servables[name], {"x": x})
    assert answer["y"].tolist() == expected


def test_different_lengths_never_share_a_batch(servables):
    requests = [np.ones((1, length), "f4") for length in (2, 5, 2, 3)]
    got = answers(servables["sequence"], *({"x": x} for x in requests))
    assert [answer["y"].shape[1] for answer in got] == [2, 5, 2, 3]


def test_slow_programs_leave_the_event_loop_free(servables):
    """While a slow batch runs in a thread, the loop goes on turning."""

    async def turns_while_running():
        run = asyncio.ensure_future(servables["slow"].run("serving_default", {"x": np.ones((8, 64, 64), "f4")}))
        turns = 0
        while not run.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(turns_while_running()) > 5


REFUSED = [
    ("dense", {"x": np.ones((1, 5), "f4")}, r"input 'x' .*must have the shape \[\?,4\]; received \[1,5\]"),
    ("dense", {"x": np.ones(4, "f4")}, r"received \[4\]"),
    ("dense", {"x": np.float32(1).reshape(())}, r"received \[\]"),
    ("two inputs", {"x": np.ones((2, 4), "f4"), "n": np.ones(3, "i4")}, r"one batch size.*\{'x': 2, 'n': 3\}"),
    ("fixed", {"x": np.ones((3, 2), "f4")}, r"must have the shape \[2,2\]; received \[3,2\]"),
    ("long", {"x": np.array([2**40])}, "the program computes in int32"),
    ("sequence", {"x": np.zeros((0, 3), "f4")}, "send at least one row"),
    ("sequence", {"x": np.zeros((2, 0), "f4")}, r"no program can be made for the shapes \(\(2, 0\),\).*value >= 1"),
]


@pytest.mark.parametrize(("name", "request_", "text"), REFUSED)
def test_a_shape_that_does_not_fit_is_refused(servables, name, request_, text, caplog):
    [error] = answers(servables[name], request_)
    assert isinstance(error, InvalidArgumentError)
    assert not caplog.records  # a client's mistake is no news for the operator
    with pytest.raises(InvalidArgumentError, match=text):
        raise error


def test_a_damaged_model_is_not_loaded(folder, tmp_path, scheduler):
    save(*MODELS["dense"][:1], tmp_path / "m", {"f": MODELS["dense"][1]}, variables=KERNEL)
    data = tmp_path / "m" / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(bytes(len(data.read_bytes())))
    with pytest.raises(DataLossError, match=r"variables\.data-00000-of-00001"):
        SavedModelLoader(ServableId("m", 1), tmp_path / "m", PARAMETERS, scheduler).load()


def test_a_missing_model_is_not_found(tmp_path, scheduler):
    with pytest.raises(NotFoundError, match="no SavedModel directory"):
        SavedModelLoader(ServableId("m", 1), tmp_path / "m", PARAMETERS, scheduler).load()


def test_more_new_sizes_than_can_wait_are_refused_until_there_is_room(servables):
    async def scenario():
        waiting = [ask(servables["sequence"], length) for length in range(100, 100 + MAX_BATCHERS)]
        with pytest.raises(UnavailableError, match="256 different input sizes wait"):
            await asyncio.gather(*waiting, ask(servables["sequence"], 99))
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        while True:
            with suppress(UnavailableError):
                return await ask(servables["sequence"], 99)
            await asyncio.sleep(0.01)

    def ask(servable, length):
        return asyncio.ensure_future(servable.run("serving_default", {"x": np.ones((1, length), "f4")}))

    assert asyncio.run(scenario())["y"].shape == (1, 99)


def test_a_program_that_is_dropped_leaves_nothing_behind(folder):
    signature = read(folder / "sequence").signatures["serving_default"]
    live = jax.devices()[0].client.live_executables
    CompiledProgram(signature, [], ((1, 7),))
    gc.collect()
    before = len(live())
    program = CompiledProgram(signature, [], ((1, 8),))
    assert len(live()) > before
    del program
    gc.collect()
    assert len(live()) == before


def test_a_loaded_servable_agrees_with_the_loaded_model(folder, servables):
    x = RNG.standard_normal((5, 4)).astype("f4")
    [answer] = answers(servables["dense"], {"x": x})
    np.testing.assert_allclose(answer["p"], read(folder / "dense").signatures["serving_default"](x)["p"], rtol=1e-6)
