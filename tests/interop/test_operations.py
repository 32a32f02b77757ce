"""Every row of the table of operations answers as TensorFlow does: values, dtypes, gradients, signatures."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tenon
from tenon.core import NAMES
from tenon.core.operations import OPERATIONS, Operation
from tests.interop import operation_answers

pytestmark = pytest.mark.interop

NO_ANSWER: Mapping[str, str] = {
    "math.approx_min_k": "TensorFlow has it on TPUs alone",
    "parallel_stack": "TensorFlow has it in graphs alone",
}
"""Rows whose example real TensorFlow refuses, and why."""

OTHER_VALUES: Mapping[str, str] = {
    "linalg.eigh": "the signs of eigenvectors are free",
    "linalg.svd": "the signs of singular vectors are free",
}
"""Rows whose values may differ, and why."""

OTHER_GRADIENTS: Mapping[str, str] = {
    "linalg.eigh": "the signs of eigenvectors are free",
    "linalg.svd": "the signs of singular vectors are free",
    "linalg.eigh_tridiagonal": "TensorFlow differentiates the steps of a bisection; ours is the slope",
    "math.betainc": "the gradients of a and b are 0 here and None there",
    "math.polygamma": "the gradient of a is 0 here and None there",
    "math.zeta": "the gradient of x is 0 here and None there",
    "image.hsv_to_rgb": "TensorFlow has no gradient",
}
"""Rows whose gradients differ, and why."""

OTHER_SIGNATURES: Mapping[str, str] = {
    "linalg.einsum": "TensorFlow takes optimize and name as **kwargs",
    "einsum": "TensorFlow takes optimize and name as **kwargs",
    "group": "TensorFlow takes name as **kwargs",
    "strided_slice": "TensorFlow's var is a variable of graphs to assign to",
    "experimental.numpy.broadcast_arrays": "TensorFlow takes subok as **kwargs",
    "experimental.numpy.tri": "dtype=None means float",
}
"""Public functions whose signatures differ, and why."""

IGNORED = frozenset({"layout"})
"""Parameters that only TensorFlow has: DTensor's layouts."""


def _paths() -> list[str]:
    return sorted(path for path, value in NAMES.items() if inspect.isfunction(value))


def _questions() -> dict[str, Any]:
    return {"rows": [_question(row) for row in OPERATIONS.values()], "paths": _paths(), "expressions": []}


def _question(row: Operation) -> dict[str, Any]:
    places = {str(place): p.many for place, p in enumerate(row.parameters) if p.is_tensor}
    return {"name": row.name, "example": row.example, "tensors": places}


@pytest.fixture(scope="module")
def theirs(run_in_tensorflow, tmp_path_factory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("operations")
    (folder / "questions.json").write_text(json.dumps(_questions()))
    program = Path(operation_answers.__file__).read_text()
    run_in_tensorflow(program, folder / "questions.json", folder / "answers.json")
    return json.loads((folder / "answers.json").read_text())


@cache
def _ours(name: str) -> dict[str, Any]:
    return json.loads(json.dumps(operation_answers.answer(tenon, _question(OPERATIONS[name]))))


def agree(ours: Any, theirs: Any, tolerance: float) -> bool:
    """Tell whether two encoded answers are the same, floating point numbers up to a tolerance."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(agree(*pair, tolerance) for pair in zip(ours, theirs, strict=True))
    if not isinstance(ours, dict) or "dtype" not in ours:
        return ours == theirs
    if (ours["dtype"], ours["shape"]) != (theirs.get("dtype"), theirs.get("shape")):
        return False
    if not ours["dtype"].startswith(("float", "bfloat", "complex")):
        return ours["data"] == theirs["data"]
    numbers = [np.array(answer["data"], float) for answer in (ours, theirs)]
    return np.allclose(*numbers, rtol=tolerance, atol=tolerance, equal_nan=True)


def _reported(name: str, ours: Any, theirs: Any) -> str:
    return f"{name}\nTenon:      {str(ours)[:600]}\nTensorFlow: {str(theirs)[:600]}"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_example_gives_tensorflows_values_and_dtypes(name, theirs):
    ours, known = _ours(name), theirs["rows"][name]
    assert "error" not in ours, ours["error"]
    assert ("error" in known) == (name in NO_ANSWER), _reported(name, ours, known)
    if "error" not in known and name not in OTHER_VALUES:
        assert agree(ours["values"], known["values"], 1e-5), _reported(name, ours["values"], known["values"])


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_example_gives_tensorflows_gradients_and_none_where_it_has_none(name, theirs):
    ours, known = _ours(name).get("gradients"), theirs["rows"][name].get("gradients")
    if known is None or _is_unknown(known):
        return
    same = agree(ours, known, 1e-4)
    assert same != (name in OTHER_GRADIENTS), _reported(name, ours, known)


def _is_unknown(known: Any) -> bool:
    """Tell whether TensorFlow never learnt the derivative of the operation."""
    return isinstance(known, str) and known.startswith("LookupError")


@pytest.mark.parametrize("path", _paths())
def test_a_public_function_takes_tensorflows_arguments(path, theirs):
    ours, known = operation_answers.signature(tenon, path), theirs["signatures"][path]
    assert known is not None, f"tf.{path} is no function of TensorFlow"
    assert _takes(ours, known) != (path in OTHER_SIGNATURES), _reported(path, ours, known)


def _takes(ours: Any, theirs: Any) -> bool:
    """Tell whether every call that TensorFlow's signature allows means the same here.

    The default of ``name`` means nothing; Tenon may have a ``name`` more, and defaults where TensorFlow has none.
    """
    places = {name: place for place, (name, _, _) in enumerate(theirs)}
    mine = [p for p in ours if p[0] != "name" or "name" in places]
    other = [p for p in theirs if p[0] not in IGNORED]
    if [p[:2] for p in mine] != [p[:2] for p in other]:
        return False
    return all(a[0] == "name" or b[2] is None or _value(a[2]) == _value(b[2]) for a, b in zip(mine, other, strict=True))


def _value(default: str) -> Any:
    try:
        return ast.literal_eval(default)
    except ValueError:
        return default
