"""The engine for a signature is measured once, and then remembered."""

from __future__ import annotations

import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.serving.engines import BlobCache, EngineKind, EngineMaker
from tests.serving.engines.signatures import KERNEL, expected, signature, weights

IMAGES = [[np.ones((rows, 32, 32, 16), "f4")] for rows in (16, 64)]
"""Not tiny, also where a test before had the lowering rules installed."""


def make(name, samples, cache=None, kind=EngineKind.AUTO, odd=()):
    maker = EngineMaker(kind, cache or BlobCache(None), cores=1)
    return maker.make(signature(name), weights(name), f"digest of {name}", lambda: samples, lambda: odd)


def forbidden():
    raise AssertionError("nothing should be measured")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return BlobCache(tmp_path_factory.mktemp("blobs"))


@pytest.fixture(scope="module")
def measured(cache):
    return make("depthwise", IMAGES, cache)


def test_a_measured_choice_answers_and_says_why(measured):
    engine, report = measured
    assert engine.name == report.name
    assert [each.rows for each in report.measurements] == [16, 64]
    assert all(each.difference < 1e-5 for each in report.measurements)
    np.testing.assert_allclose(
        engine.compile_and_run(IMAGES[0])[0], expected("depthwise", *IMAGES[0])[0], rtol=1e-5, atol=1e-5
    )


def test_the_next_start_measures_nothing(measured, cache):
    maker = EngineMaker(EngineKind.AUTO, cache, cores=1)
    engine, report = maker.make(signature("depthwise"), [], "digest of depthwise", forbidden, forbidden)
    assert report.remembered
    assert report.engines == measured[1].engines
    assert engine.name == report.name


def test_a_damaged_memory_is_no_memory(measured, cache, tmp_path):
    damaged = BlobCache(tmp_path)
    for key, blob in cache.read_all().items():
        damaged.put(key, b"{}" if key.startswith("report") else blob)
    assert not make("depthwise", IMAGES, damaged)[1].remembered


def test_what_xla_runs_in_no_time_is_not_converted(tmp_path):
    engine, report = make("scalar", [[np.asarray(np.float32(1))]], BlobCache(tmp_path))
    assert (engine.name, report.name) == ("xla", "xla")
    assert "so short" in report.reason
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("litert")]


def test_a_signature_that_litert_cannot_run_stays_with_xla():
    engine, report = make("loop", [[np.ones((1, 4, 4), "f4")]], kind=EngineKind.LITERT)
    assert engine.name == "xla"
    assert "LiteRT cannot run it: " in report.reason


def test_litert_answers_where_it_is_asked_for_whatever_xla_takes():
    engine, report = make("dense", [[np.ones((rows, 4), "f4")] for rows in (1, 8)], kind=EngineKind.LITERT)
    assert (engine.name, report.measurements) == ("litert", ())
    assert report.reason.startswith("asked for; quickest: 1 run of ")
    assert [pace.rows for pace in report.paces][:2] == [1, 2]
    x = np.ones((2, 4), "f4")
    np.testing.assert_allclose(engine.compile_and_run([x])[0], expected("dense", x)[0], rtol=1e-5)
    with pytest.raises(InvalidArgumentError, match="no program can be made"):
        engine.compile_and_run([np.ones((0, 4), "f4")])


def test_xla_answers_where_it_is_asked_for():
    engine, report = make("dense", [], kind=EngineKind.XLA)
    assert (engine.name, report.reason) == ("xla", "asked for")
    assert engine.compile_and_run([np.ones((2, 4), "f4")])[0].shape == (2, KERNEL.shape[1])
