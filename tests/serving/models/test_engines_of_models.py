"""A model's signatures say which engine answers them, and why."""

from __future__ import annotations

import asyncio
import json
import shutil

import numpy as np
import pytest

from tenon.saved_model import read, save
from tenon.serving import ServableId
from tenon.serving.batching import BatchingParameters
from tenon.serving.engines import EngineKind, EngineReport
from tenon.serving.models import LoadingOptions, SavedModelLoader
from tenon.serving.models._saved_model_loader import model_digest, useful_sizes
from tests.serving.batchings import batching
from tests.serving.engines.signatures import MODELS, expected

SIZES = (1, 2, 4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    for name in ("dense", "rows of a table", "loop", "sequence"):
        function, inputs, variables = MODELS[name]
        save(function, root / name, {"serving_default": inputs}, variables=variables)
    return root


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def load(folder, cache):
    with batching(*SIZES) as way:
        loaded = []

        def load_one(name, kind):
            options = LoadingOptions(kind, cache)
            loaded.append(SavedModelLoader(ServableId("m", 1), folder / name, way, 1, options).load())
            return loaded[-1]

        yield load_one
        for servable in loaded:
            servable.close()


def ask(servable, **inputs):
    return asyncio.run(servable.run("serving_default", inputs))


@pytest.mark.parametrize(
    ("name", "kind", "engine", "reason"),
    [
        ("dense", EngineKind.AUTO, "xla", "so short"),
        ("dense", EngineKind.XLA, "xla", "asked for"),
        ("dense", EngineKind.LITERT, "litert", "asked for"),
        ("loop", EngineKind.LITERT, "xla", "LiteRT cannot run it: "),
    ],
)
def test_a_signature_says_what_computes_it_and_why(load, name, kind, engine, reason):
    description = load(name, kind).signatures["serving_default"]
    assert description.engine == engine
    assert reason in description.engine_report["reason"]
    assert json.loads(json.dumps(description.engine_report))["engine"] == engine


def test_whatever_computes_gives_the_answers_of_the_signature(load):
    x = np.random.default_rng(4).standard_normal((7, 4)).astype("f4")
    for kind in (EngineKind.XLA, EngineKind.LITERT):
        np.testing.assert_allclose(ask(load("dense", kind), x=x)["p"], expected("dense", x)[0], rtol=1e-5, atol=1e-6)


def test_one_client_s_bad_index_does_not_harm_another_in_the_same_batch(load):
    servable = load("rows of a table", EngineKind.LITERT)

    async def both():
        requests = [np.array([1], "i4"), np.array([99], "i4")]
        return await asyncio.gather(*(servable.run("serving_default", {"i": each}) for each in requests))

    good, bad = asyncio.run(both())
    assert good["y"].tolist() == [[3, 4, 5]]
    np.testing.assert_array_equal(bad["y"], expected("rows of a table", np.array([99], "i4"))[0])


def test_lengths_that_were_not_foreseen_are_answered(load):
    servable = load("sequence", EngineKind.LITERT)
    for length in (2, 9):
        x = np.ones((3, length), "f4")
        np.testing.assert_allclose(ask(servable, x=x)["y"], np.full_like(x, 1 / length), rtol=1e-6)


def test_a_second_load_finds_the_conversion_and_the_probe(load, cache):
    load("dense", EngineKind.LITERT)
    before = {path.name: path.stat().st_ino for path in (cache / "tenon").iterdir()}
    load("dense", EngineKind.LITERT)
    assert {path.name: path.stat().st_ino for path in (cache / "tenon").iterdir()} == before
    assert {name.partition("-")[0] for name in before} == {"litert", "report", "probe"}


@pytest.mark.parametrize(("largest", "sizes"), [(None, SIZES), (1, (1,)), (3, (1, 2)), (64, SIZES)])
def test_sizes_end_where_a_row_gets_no_cheaper(largest, sizes):
    assert useful_sizes(BatchingParameters(), SIZES, EngineReport("measured", largest_batch=largest)) == sizes


def test_the_smallest_size_stays_whatever_was_measured():
    assert useful_sizes(BatchingParameters(), (8, 16), EngineReport("measured", largest_batch=1)) == (8,)
    assert useful_sizes(BatchingParameters(), (), EngineReport("measured", largest_batch=1)) == ()


def test_sizes_that_an_operator_names_stay_whatever_was_measured():
    named = BatchingParameters(max_batch_size=16, allowed_batch_sizes=(8, 16))
    assert useful_sizes(named, named.batch_sizes, EngineReport("measured", largest_batch=1)) == (8, 16)


def test_a_copy_has_the_digest_and_other_weights_have_not(folder, tmp_path):
    function, inputs, weight = MODELS["dense"]
    save(function, tmp_path / "other", {"serving_default": inputs}, variables=weight + 1)
    shutil.copytree(folder / "dense", tmp_path / "copy")
    one, same, other = (model_digest(read(each)) for each in (folder / "dense", tmp_path / "copy", tmp_path / "other"))
    assert one == same
    assert one != other
