"""Walks the table of operations: every row's example runs, is documented, is traced alike, and has right gradients."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import jax
import numpy as np
import pytest

import tenon as tf
from tenon.base import InvalidArgumentError
from tenon.core import NAMES
from tenon.core.operations import OPERATIONS, Operation, operation, signature_of
from tests.interop.operation_answers import arguments, weights

ROWS = sorted(OPERATIONS)

NOT_THE_SLOPE: Mapping[str, str] = {
    "quantization.fake_quant_with_min_max_args": "gradients go straight through the steps",
    "quantization.fake_quant_with_min_max_vars": "gradients go straight through the steps",
    "quantization.fake_quant_with_min_max_vars_per_channel": "gradients go straight through the steps",
    "image.crop_and_resize": "the example's box ends where the image ends, beyond which is something else",
    "linalg.svd": "the example's singular vectors turn with their signs",
}
"""Rows whose gradients are not the slope by intention, and why."""

FIXED: Mapping[str, tuple[int, ...]] = {"math.polygamma": (0,), "math.zeta": (0,), "math.betainc": (0, 1)}
"""Arguments to which no gradient flows, as in TensorFlow, though the function has a slope."""

SYMMETRIC = frozenset({"linalg.cholesky", "linalg.logdet"})
"""Rows of symmetric matrices, whose gradients hold for symmetric changes."""

VALUES_DECIDE: Final = re.compile("for fixed shapes|known when a function is traced|a traced function needs shapes")
"""What rows say in a traced function whose results' shapes depend on values."""


def public(row: Operation) -> Callable[..., Any]:
    return NAMES[row.name]


def tensors_of(row: Operation, dtype: str | None = None) -> tuple[list[Any], dict[str, Any], list[int]]:
    """Return the arguments of the example with tensors for arrays, and the places of those that have derivatives."""
    args, kwargs = arguments(tf, row.example)
    given, sources = list(args), []
    for place, parameter in enumerate(row.parameters[: len(given)]):
        if parameter.is_tensor and given[place] is not None and not _is_text(given[place]):
            given[place] = _tensor(given[place], parameter.many, dtype)
            if _is_inexact(given[place]):
                sources.append(place)
    return given, kwargs, sources


def _is_text(value: Any) -> bool:
    return isinstance(value, str | bytes)


def _tensor(value: Any, many: bool, dtype: str | None) -> Any:
    if many and isinstance(value, list | tuple):
        return [_tensor(item, False, dtype) for item in value]
    tensor = tf.convert_to_tensor(value)
    if dtype is None or not _is_inexact(tensor):
        return tensor
    wide = {"float32": "complex64", "float64": "complex128"}[dtype] if tensor.dtype.is_complex else dtype
    return tf.cast(tensor, wide)


def _is_inexact(value: Any) -> bool:
    tensors = value if isinstance(value, list) else [value]
    return any(tf.is_tensor(tensor) and (tensor.dtype.is_floating or tensor.dtype.is_complex) for tensor in tensors)


def results_of(row: Operation, given: Any, kwargs: Any) -> list[Any]:
    found = tf.nest.flatten(public(row)(*given, **kwargs))
    return [result for result in found if tf.is_tensor(result)]


def with_derivatives(results: list[Any]) -> list[Any]:
    return [result for result in results if _is_inexact(result)]


@pytest.mark.parametrize("name", ROWS)
def test_the_example_of_a_row_runs(name):
    row = OPERATIONS[name]
    args, kwargs = arguments(tf, row.example)
    public(row)(*args, **kwargs)


@pytest.mark.parametrize("name", ROWS)
def test_the_public_function_is_documented_and_has_the_rows_signature(name):
    row = OPERATIONS[name]
    function = public(row)
    assert inspect.signature(function) == signature_of(row)
    assert function.__doc__.startswith(row.summary)
    assert row.summary.endswith(".")
    for parameter in inspect.signature(function).parameters:
        assert f" {parameter}: " in function.__doc__
    assert row.example in function.__doc__
    assert all(NAMES[path] is function for path in row.names)


@pytest.mark.parametrize("name", [name for name in ROWS if not OPERATIONS[name].host])
def test_a_traced_function_gives_what_eager_execution_gives(name):
    row = OPERATIONS[name]
    given, kwargs, _ = tensors_of(row)
    expected = results_of(row, given, kwargs)
    places = [place for place, value in enumerate(given) if _holds_numbers(value)]

    def call(*values: Any) -> Any:
        changed = dict(zip(places, values, strict=True))
        return results_of(row, [changed.get(place, value) for place, value in enumerate(given)], kwargs)

    found = traced_results(call, [given[place] for place in places])
    if found is None:
        assert row.composed
        return
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-5)


def traced_results(call: Callable[..., Any], values: list[Any]) -> list[Any] | None:
    """Return what a function gives when it is traced; ``None`` where it refuses because values decide its shapes."""
    try:
        found: list[Any] = tf.function(call, autograph=False)(*values)
    except InvalidArgumentError as error:
        if VALUES_DECIDE.search(str(error)) is None:
            raise
        return None
    return found


def _holds_numbers(value: Any) -> bool:
    tensors = value if isinstance(value, list) else [value]
    return all(tf.is_tensor(tensor) and tensor.dtype != tf.string for tensor in tensors) and bool(tensors)


@pytest.mark.parametrize(
    "name", [name for name in ROWS if OPERATIONS[name].differentiable and name not in NOT_THE_SLOPE]
)
def test_gradients_are_the_slopes_of_the_function_in_float64_and_float32(name):
    row = OPERATIONS[name]
    precise = _takes_float64(row)
    slope = directional_slope(row, "float64" if precise else "float32")
    if slope is None:
        return
    if precise:
        np.testing.assert_allclose(directional_gradient(row, "float64"), slope, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        directional_gradient(row, "float32"), slope, rtol=2e-2 if not precise else 1e-3, atol=1e-3
    )


def _takes_float64(row: Operation) -> bool:
    """Tell whether a row computes with 64 bits; some take float32 alone, some (of images) return float32 always."""
    given, kwargs, _ = tensors_of(row, "float64")
    try:
        results = results_of(row, given, kwargs)
    except ValueError:
        return False
    return all(result.dtype in (tf.float64, tf.complex128) for result in with_derivatives(results))


def directions(row: Operation, given: list[Any], sources: list[int]) -> dict[int, Any]:
    """Return a random change of each argument that has a gradient."""
    random = np.random.default_rng(7)
    free = [place for place in sources if place not in FIXED.get(row.name, ())]
    return {
        place: tf.nest.map_structure(lambda tensor: _direction(row, tensor, random), given[place]) for place in free
    }


def _direction(row: Operation, tensor: Any, random: np.random.Generator) -> Any:
    sizes = tuple(tensor.shape)
    change = random.uniform(0.5, 1.0, sizes) * random.choice([-1.0, 1.0], sizes)
    if tensor.dtype.is_complex:
        change = change + 1j * random.uniform(-1.0, 1.0, sizes)
    if row.name in SYMMETRIC:
        change = change + np.swapaxes(change, -1, -2)
    return tf.constant(np.asarray(change).astype(tensor.dtype.as_numpy_dtype))


def directional_slope(row: Operation, dtype: str) -> float | None:
    """Return how the weighted sum of the results changes in a random direction; ``None`` where nothing can change."""
    given, kwargs, sources = tensors_of(row, dtype)
    changes = directions(row, given, sources)
    step = 1e-5 if dtype == "float64" else 1e-2
    sums = []
    for sign in (1.0, -1.0):
        moved = [_moved(value, changes.get(place), sign * step) for place, value in enumerate(given)]
        results = with_derivatives(results_of(row, moved, kwargs))
        if not results or not changes:
            return None
        sums.append(sum(float(np.sum(weights(tf, r).numpy() * r.numpy()).real) for r in results))
    return (sums[0] - sums[1]) / (2 * step)


def _moved(value: Any, change: Any, step: float) -> Any:
    if change is None:
        return value
    return tf.nest.map_structure(
        lambda a, b: a if not _is_inexact(a) else a + tf.cast(step, a.dtype) * b, value, change
    )


def directional_gradient(row: Operation, dtype: str) -> float:
    """Return the product of the gradients and the random direction, as the tape says it."""
    given, kwargs, sources = tensors_of(row, dtype)
    changes = directions(row, given, sources)
    watched = [given[place] for place in changes]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        results = results_of(row, given, kwargs)
    targets = with_derivatives(results)
    found = tape.gradient(targets, watched, [weights(tf, target) for target in targets], "zero")
    pairs = zip(tf.nest.flatten(found), tf.nest.flatten(list(changes.values())), strict=True)
    return sum(float(np.sum(np.conj(tf.convert_to_tensor(g).numpy()) * change.numpy()).real) for g, change in pairs)


def test_a_row_makes_a_public_function_under_all_its_names():
    double = operation("example.double example.twice", "x: T", lambda x: x + x, "Doubles.", "[1, 2]")
    assert double([1, 2]).numpy().tolist() == [2, 4]
    assert NAMES.pop("example.double") is NAMES.pop("example.twice") is double
    assert double.__module__ == "tenon.example"
    del OPERATIONS["example.double"]


def test_two_rows_of_one_name_are_refused():
    with pytest.raises(AssertionError, match=r"math\.add has two rows"):
        operation("math.add", "x: T", lambda x: x, "Twice.", "1")


NOT_IN_32_BITS = ("math.special.expint", "math.special.spence")
"""Rows that JAX cannot put into a program of its 32-bit mode: it chooses the piece by a place of 64 bits."""


@pytest.mark.parametrize("name", [n for n in ROWS if not OPERATIONS[n].host and n not in NOT_IN_32_BITS])
def test_a_program_of_jax_in_its_usual_mode_may_hold_the_operation(name):
    row = OPERATIONS[name]
    given, kwargs, _ = tensors_of(row)
    expected = results_of(row, given, kwargs)
    places = [place for place, value in enumerate(given) if _holds_numbers(value)]

    def call(values: list[Any]) -> list[Any]:
        changed = dict(zip(places, values, strict=True))
        return results_of(row, [changed.get(place, value) for place, value in enumerate(given)], kwargs)

    try:
        found = jax.jit(call).lower([given[place] for place in places]).out_info
    except InvalidArgumentError as error:
        if VALUES_DECIDE.search(str(error)) is None:
            raise
        return
    assert [result.dtype for result in jax.tree.leaves(found)] == [result.value.dtype for result in expected]
