import jax
import numpy as np
import pytest
from hypothesis import given

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import eye, fill, ones, ones_like, shape, zeros, zeros_like
from tenon.core.tensors import DTYPES, Tensor, TensorShape, constant, convert_to_tensor
from tests.core.operations.strategies import SHAPES

NUMERIC = ["bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64"]


@given(SHAPES)
def test_zeros_and_ones_have_the_shape(sizes):
    np.testing.assert_array_equal(zeros(sizes).numpy(), np.zeros(sizes))
    np.testing.assert_array_equal(ones(list(sizes)).numpy(), np.ones(sizes))
    assert zeros_like(ones(sizes)).shape == sizes
    assert fill(sizes, 7).shape == sizes


@pytest.mark.parametrize("dtype", NUMERIC)
def test_zeros_and_ones_have_the_dtype(dtype):
    assert zeros([2], dtype).dtype == dtype
    assert ones([2], DTYPES[dtype]).dtype == dtype
    assert ones_like(zeros([2], dtype)).dtype == dtype
    assert zeros_like([1.5], dtype).dtype == dtype
    assert eye(2, dtype=dtype).dtype == dtype


def test_the_dtype_is_float32_where_none_is_given():
    assert {zeros([1]).dtype.name, ones([1]).dtype.name, eye(1).dtype.name} == {"float32"}


@pytest.mark.parametrize(
    "given_shape", [[2, 3], (2, 3), np.array([2, 3]), TensorShape([2, 3]), convert_to_tensor([2, 3])]
)
def test_a_shape_comes_in_many_ways(given_shape):
    assert zeros(given_shape).shape == [2, 3]


def test_a_shape_may_hold_tensors():
    assert zeros((convert_to_tensor(2), 3)).shape == [2, 3]
    assert zeros(shape(ones([4, 5]))).shape == [4, 5]


def test_zeros_of_strings_are_empty():
    assert zeros([2], "string").numpy().tolist() == [b"", b""]
    assert zeros_like(["a"]).numpy().tolist() == [b""]


def test_there_is_no_string_one():
    with pytest.raises(TypeError, match=r"no 1 of dtype string; use tf\.fill"):
        ones([2], "string")


def test_negative_sizes_are_refused():
    with pytest.raises(InvalidArgumentError, match="Dimension -1 must be >= 0"):
        zeros([2, -1])


def test_creation_compiles_nothing():
    compiled = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: compiled.append(event))
    try:
        zeros([3, 7, 11]), ones([3, 7, 13], "int64"), eye(17, 19), fill([3, 23], 2.5)
    finally:
        jax.monitoring.clear_event_listeners()
    assert [event for event in compiled if "compile" in event] == []


def test_small_tensors_are_constants_of_a_traced_function_and_large_ones_are_computed_in_it():
    small = jax.make_jaxpr(lambda: zeros([4]).value)()
    large = jax.make_jaxpr(lambda: (zeros([1000, 1000]) if True else None).value)()
    assert [equation.primitive.name for equation in small.eqns] == []
    assert [equation.primitive.name for equation in large.eqns] == ["broadcast_in_dim"]


def test_fill_repeats_one_value():
    assert fill([2, 2], 9).numpy().tolist() == [[9, 9], [9, 9]]
    assert fill([2], "a").numpy().tolist() == [b"a", b"a"]
    assert fill([], 1.5).numpy() == 1.5
    assert fill([1], convert_to_tensor(3, "int64")).dtype == "int64"


def test_fill_takes_one_value_only():
    with pytest.raises(InvalidArgumentError, match="value: must be a scalar"):
        fill([2], [1, 2])


def test_gradients_flow_to_the_value_of_fill():
    value = constant(2.0)
    with GradientTape() as tape:
        tape.watch(value)
        filled = fill([3, 2], value)
    assert tape.gradient(filled, value).numpy() == 6


def test_identity_matrices_may_have_batches():
    np.testing.assert_array_equal(eye(2, 3, [2]).numpy(), np.stack([np.eye(2, 3)] * 2))
    assert eye(2, batch_shape=[]).shape == [2, 2]


def test_zeros_like_a_traced_tensor():
    assert jax.jit(lambda array: zeros_like(Tensor(array)).value)(np.ones((2, 3))).tolist() == [[0] * 3] * 2
