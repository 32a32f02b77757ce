"""Whether rows depend on each other is found out by running, whichever engine runs."""

from __future__ import annotations

import pytest

from tenon.saved_model import TensorSpec, read, save
from tenon.serving.engines import Flatbuffer, LiteRtEngine, XlaEngine
from tenon.serving.engines._conversion import convert
from tenon.serving.models._probe import rows_are_independent
from tests.serving.engines.signatures import litert_engine, signature, xla_engine


@pytest.fixture(scope="module")
def coupled(tmp_path_factory):
    path = tmp_path_factory.mktemp("coupled") / "1"
    save(lambda x: {"y": x - x.mean(0)}, path, {"f": {"x": TensorSpec((None, 2), "float32")}})
    return read(path).signatures["f"]


@pytest.mark.parametrize("engine", [xla_engine, litert_engine])
def test_rows_that_stand_alone_are_told(engine):
    assert rows_are_independent(signature("dense"), engine("dense"), 4)


def test_rows_that_depend_on_each_other_are_told(coupled):
    litert = LiteRtEngine(Flatbuffer.of(convert(coupled), coupled), {1: 1})
    for engine in (XlaEngine(coupled, []), litert):
        assert not rows_are_independent(coupled, engine, 4)
        assert rows_are_independent(coupled, engine, 1)


def test_a_size_that_cannot_be_run_counts_as_dependent(coupled, caplog):
    assert not rows_are_independent(coupled, litert_engine("dense"), 4)
    assert "cannot be probed" in caplog.text
