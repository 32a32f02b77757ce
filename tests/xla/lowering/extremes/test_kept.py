"""Extremes of many numbers keep NaN wherever it stands, and are otherwise NumPy's."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import lowered_by

DTYPES = ("bfloat16", "float16", "float32", "float64")

SPECIALS = (np.nan, -np.nan, np.inf, -np.inf, -0.0)

CASES = {
    "rows": ((64, 64), (1,)),
    "columns": ((100, 64), (0,)),
    "few columns": ((1500, 3), (0,)),
    "all": ((65, 65), (0, 1)),
    "one row": ((4099,), (0,)),
    "image": ((2, 9, 15, 16), (1, 2)),
    "outer and inner": ((8, 16, 40), (0, 2)),
    "too few for YNNPACK": ((15, 15), (1,)),
}


def both(numbers, axes):
    return lax.reduce_max(numbers, axes), lax.reduce_min(numbers, axes)


compiled = jax.jit(both, static_argnums=1)


def numbers(shape, dtype, specials, seed=0):
    """Return few different numbers, with special ones at places told as fractions of the size."""
    values = np.random.default_rng(seed).integers(-5, 6, shape).astype("float64")
    for place, special in specials:
        values.flat[int(place * (values.size - 1))] = special
    return jnp.asarray(values, dtype)


def expected(values, axes):
    wide = np.asarray(values).astype("float64")
    return wide.max(axes), wide.min(axes)


def assert_kept(found, values, axes):
    for one, other in zip(found, expected(values, axes), strict=True):
        np.testing.assert_array_equal(np.asarray(one).astype("float64"), other)
        assert one.dtype == values.dtype


places = st.lists(st.tuples(st.floats(0, 1), st.sampled_from(SPECIALS)), max_size=4)


@settings(max_examples=40, deadline=None)
@given(case=st.sampled_from(list(CASES.values())), dtype=st.sampled_from(DTYPES), specials=places)
def test_extremes_are_those_of_numpy(case, dtype, specials):
    shape, axes = case
    with jax.enable_x64(True):
        values = numbers(shape, dtype, specials)
        assert_kept(compiled(values, axes), values, axes)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_nan_of_either_sign_is_kept_without_rules(dtype):
    with jax.enable_x64(True), without_lowering_rules():
        found = jax.jit(lambda values: both(values, (1,)))
        for special in (np.nan, -np.nan):
            values = numbers((64, 64), dtype, [(0.3, special)])
            assert_kept(found(values), values, (1,))


def test_a_larger_number_before_a_nan_is_no_excuse():
    values = numbers((2, 4096), "float32", [(0.1, 9.0), (0.2, np.nan), (0.7, 8.0)])
    found = compiled(values, (1,))
    assert np.isnan(found[0][0])
    assert found[0][1] == 8


derivative = jax.jit(jax.grad(lambda every: jnp.square(every.max(1)).sum() + every.min(1).sum()))


def test_gradients_are_those_of_few_numbers():
    """Each row alone is less than YNNPACK is asked for; ties share, and a NaN is the place of nothing."""
    values = numbers((64, 64), "float32", [(0.2, np.nan), (0.5, np.inf), (0.9, -np.inf)])
    wanted = np.concatenate([derivative(row[None]) for row in values])
    np.testing.assert_array_equal(derivative(values), wanted)


def test_extremes_are_kept_under_vmap_and_in_loops():
    values = numbers((3, 64, 64), "float32", [(0.1, np.nan), (0.5, np.inf), (0.6, -np.inf)])
    assert_kept(jax.jit(jax.vmap(lambda each: both(each, (1,))))(values), values, (2,))
    looped = jax.jit(lambda every: lax.scan(lambda carry, each: (carry, both(each, (1,))), 0, every)[1])
    assert_kept(looped(values), values, (2,))


def test_what_jax_makes_of_extremes_keeps_nan():
    values = numbers((64, 128), "float32", [(0.4, np.nan)])
    row = np.isnan(np.asarray(values)).any(1)
    for function in (
        lambda each: jax.nn.softmax(each, -1).max(1),
        lambda each: jax.nn.log_softmax(each, -1).min(1),
        lambda each: jax.nn.logsumexp(each, -1),
        lambda each: jnp.ptp(each, 1),
        lambda each: jnp.linalg.norm(each, jnp.inf, 1),
        lambda each: jnp.clip(each, each.min(1, keepdims=True), 3).max(1),
    ):
        np.testing.assert_array_equal(np.isnan(jax.jit(function)(values)), row)


def test_programs_for_other_platforms_keep_the_plain_form():
    shape = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 128"), "float32")
    function = jax.jit(lambda given: lax.reduce_max(given, (1,)))
    cpu = jax.export.export(function, platforms=["cpu"])(shape)
    assert "stablehlo.case" in cpu.mlir_module()
    assert "stablehlo.case" not in jax.export.export(function, platforms=["tpu"])(shape).mlir_module()
    values = numbers((64, 128), "float32", [(0.4, np.nan)])
    both_platforms = jax.export.export(function, platforms=["cpu", "cuda"])(shape)
    for exported in (cpu, both_platforms):
        np.testing.assert_array_equal(exported.call(values), np.asarray(values).max(1))


def test_few_numbers_and_integers_are_left_as_they_are():
    assert not lowered_by("reduce_max/", lambda given: lax.reduce_max(given, (0,)), jnp.ones(4095))
    assert not lowered_by("branch", lambda given: lax.reduce_max(given, (0,)), jnp.ones(5000, "int32"))


def test_xla_gives_no_fewer_numbers_to_ynnpack():
    """The guard's bound is that of this jaxlib; a lower one would lose NaN again."""
    for dtype in DTYPES[:3]:
        function = jax.jit(lambda given: both(given, (1,)))
        assert "__ynn_fusion" not in function.lower(jnp.ones((5, 819), dtype)).compile().as_text()
