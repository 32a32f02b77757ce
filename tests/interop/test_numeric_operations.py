"""tf.nn, tf.image and tf.signal beside TensorFlow, gradients included: one process of TensorFlow answers all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tenon as tf
from tests.interop import numeric_expressions

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent
EXPRESSIONS = {
    f"{path.stem}-{place}": line
    for path in sorted((HERE / "numbers").glob("*.txt"))
    for place, line in enumerate(path.read_text().splitlines())
}


@pytest.fixture(scope="session")
def answers(tmp_path_factory, run_in_tensorflow):
    folder = tmp_path_factory.mktemp("numbers")
    (folder / "expressions.json").write_text(json.dumps(EXPRESSIONS))
    script = (HERE / "numeric_expressions.py").read_text()
    run_in_tensorflow(script, folder / "expressions.json", folder / "answers.npz")
    with np.load(folder / "answers.npz") as found:
        arrays = dict(found)
    return {name: [arrays[key] for key in sorted_keys(arrays, name)] for name in EXPRESSIONS}


def sorted_keys(arrays, name):
    keys = [key for key in arrays if key.partition("/")[0] == name]
    return sorted(keys, key=lambda key: int(key.partition("/")[2]))


def is_error(array):
    return array.dtype.kind == "U" and str(array).startswith("error")


@pytest.mark.parametrize("name", EXPRESSIONS, ids=lambda name: f"{name}: {EXPRESSIONS[name]}")
def test_an_expression_gives_tensorflows_numbers(answers, name):
    theirs, ours = answers[name], numeric_expressions.evaluated(tf, EXPRESSIONS[name])
    assert [is_error(array) for array in ours] == [is_error(array) for array in theirs], (ours, theirs)
    for own, expected in zip(ours, theirs, strict=True):
        if is_error(own):
            assert "InvalidArgumentError" in str(own) or "ValueError" in str(own)
        elif expected.dtype.kind == "U":
            assert str(own) == str(expected)
        else:
            assert (own.dtype, own.shape) == (expected.dtype, expected.shape)
            tolerance = 1e-3 if own.dtype == np.float16 else 2e-5
            np.testing.assert_allclose(own, expected, rtol=tolerance, atol=tolerance)
