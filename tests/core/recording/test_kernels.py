"""Kernels: one object for one function, real 64-bit types, on whatever trace is current."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.core.recording import Recorder, is_differentiable, kernel, on_device, run, run_unrecorded


def scaled(x, factor):
    return x * factor


def test_the_same_function_with_the_same_attributes_is_the_same_kernel():
    assert kernel(scaled, factor=2) is kernel(scaled, factor=2)
    assert kernel(jnp.sum, axis=[0, 1]) is kernel(jnp.sum, axis=(0, 1))


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), (0.0, False), (0.0, -0.0), ((2,), (2.0,)), ([1, (0.0,)], [1, (-0.0,)])]
)
def test_equal_attributes_of_other_types_are_other_kernels(one, other):
    assert kernel(scaled, factor=one) is not kernel(scaled, factor=other)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_64_bit_types_keep_their_precision_and_the_process_keeps_its_mode(values):
    array = np.array(values, np.float64)
    found = run(kernel(jnp.negative), (array,))
    assert found.dtype == np.float64
    assert (np.asarray(found) == -array).all()
    assert jnp.asarray(1.0).dtype == np.float32
    assert not jax.config.jax_enable_x64


def test_the_mode_is_given_back_after_an_error():
    with pytest.raises(TypeError):
        run(kernel(jnp.add), (np.ones(2), np.ones(3)))
    assert jnp.asarray(1.0).dtype == np.float32


def test_a_kernel_is_written_into_the_program_that_jax_traces():
    program = jax.make_jaxpr(lambda x: run(kernel(jnp.sin), (x,)))(1.0)
    assert [equation.primitive.name for equation in program.eqns] == ["sin"]


def test_what_is_known_while_tracing_is_computed_at_once():
    def function(x):
        known = run(kernel(jnp.multiply), (np.int32(6), np.int32(7)))
        assert int(known) == 42
        return x

    jax.jit(function)(1.0)


def test_copies_to_the_device_share_no_memory():
    array = np.zeros(4)
    copied = on_device(array)
    array[:] = 1.0
    assert copied.tolist() == [0.0] * 4


def test_an_unrecorded_run_is_a_constant_for_every_recorder():
    x, recorder = jnp.ones(2), Recorder()
    recorder.watch(x)
    with recorder:
        run(kernel(jnp.sin), (x,))
        run_unrecorded(kernel(jnp.cos), (x,))
    assert [node.kernel for node in recorder.nodes] == [kernel(jnp.sin)]


@pytest.mark.parametrize(
    ("dtype", "answer"), [("float16", True), ("complex64", True), ("int32", False), ("bool", False)]
)
def test_floating_point_and_complex_numbers_have_derivatives(dtype, answer):
    assert is_differentiable(np.zeros(1, dtype)) is answer
    assert is_differentiable(jnp.zeros(1, jnp.bfloat16))
