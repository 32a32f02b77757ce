import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import linspace, meshgrid
from tenon.core.operations import range as range_
from tenon.core.tensors import Tensor, constant, convert_to_tensor


@given(st.integers(-20, 20), st.integers(0, 20), st.sampled_from([-3, -2, -1, 1, 2, 3]))
def test_a_range_of_integers_is_pythons(start, count, delta):
    limit = start + count * (1 if delta > 0 else -1)
    assert range_(start, limit, delta).numpy().tolist() == list(range(start, limit, delta))


def test_one_argument_is_the_limit():
    assert range_(3).numpy().tolist() == [0, 1, 2]
    assert range_(2.5).numpy().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "dtype"),
    [
        ((5,), "int32"),
        ((5.0,), "float32"),
        ((3, 1, -0.5), "float32"),
        ((np.int64(5),), "int64"),
        ((convert_to_tensor(5, "int64"), 8), "int64"),
        ((2**40, 2**40 + 2), "int64"),
        ((np.float64(1), 2, 0.25), "float64"),
        ((convert_to_tensor(3, "bfloat16"),), "bfloat16"),
        ((convert_to_tensor(3, "float16"),), "float16"),
        ((convert_to_tensor(3), convert_to_tensor(9, "int64"), 2), "int64"),
    ],
)
def test_the_dtype_of_a_range_holds_all_its_arguments(arguments, dtype):
    assert range_(*arguments).dtype == dtype


def test_a_range_can_be_asked_for_in_a_dtype():
    assert range_(0, 1, 0.1, dtype="float64").numpy().tolist() == [i * 0.1 for i in range(10)]
    assert range_(3, dtype="bfloat16").dtype == "bfloat16"
    assert range_(constant(3.5), dtype="int32").numpy().tolist() == [0, 1, 2]
    with pytest.raises(TypeError, match=r"Cannot convert 0\.5 to EagerTensor of dtype int32"):
        range_(0.5, 3, dtype="int32")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 5, 0), "Requires delta != 0"),
        ((5, 1), r"Requires start <= limit when delta > 0: 5/1"),
        ((1, 5, -1), r"Requires start >= limit when delta < 0: 1/5"),
        (([1, 2],), r"limit must be a scalar, not shape \[2\]"),
        ((convert_to_tensor(3, "int8"),), "received int8"),
    ],
)
def test_a_range_that_does_not_end_is_refused(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        range_(*arguments)


def test_the_length_of_a_range_must_be_known_for_all_but_loops():
    with pytest.raises(InvalidArgumentError, match=r"tf\.range: start, limit and delta .* mask it"):
        jax.jit(lambda limit: convert_to_tensor(range_(Tensor(limit))).value)(3)


def test_the_ends_of_a_range_may_be_computed_if_its_length_is_known():
    found = jax.jit(lambda start: range_(Tensor(start), Tensor(start) + 3, dtype="float32").value)(4)
    assert found.tolist() == [4, 5, 6]
    assert found.dtype == np.float32


def test_a_loop_over_a_range_gives_scalars():
    assert [int(i) for i in range_(4)] == [0, 1, 2, 3]


@given(st.floats(-5, 5, width=32), st.floats(-5, 5, width=32), st.integers(0, 9))
def test_linspace_is_numpys(start, stop, num):
    found = linspace(start, stop, num)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found.numpy(), np.linspace(start, stop, num), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
@pytest.mark.parametrize("num", [0, 1, 2, 5])
def test_linspace_has_an_axis(axis, num):
    start, stop = np.array([0.0, 1.0]), np.array([[10.0], [20.0]])
    expected = np.linspace(start, stop, num, axis=axis)
    np.testing.assert_allclose(linspace(start, stop, num, axis=axis).numpy(), expected)
    np.testing.assert_allclose(linspace(constant(start), stop, num, axis=axis).numpy(), expected)


def test_linspace_of_integers_is_of_float64():
    assert linspace(0, 10, 5).dtype == "float64"
    assert linspace(0.0, 10, 5).dtype == "float32"


def test_linspace_has_no_negative_length():
    with pytest.raises(InvalidArgumentError, match="num must not be negative"):
        linspace(0.0, 1.0, -1)


def test_gradients_flow_to_the_ends():
    start, stop = constant(0.0), constant(1.0)
    with GradientTape() as tape:
        tape.watch([start, stop])
        points = linspace(start, stop, 5)
    gradients = tape.gradient(points, [start, stop], output_gradients=constant([0.0, 1.0, 0.0, 0.0, 2.0]))
    assert [float(gradient) for gradient in gradients] == [0.75, 2.25]


@pytest.mark.parametrize("indexing", ["xy", "ij"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_meshgrid_is_numpys(indexing, count):
    axes = [np.arange(2 + i) for i in range(count)]
    for given_axes in (axes, [constant(axis) for axis in axes]):
        for found, expected in zip(
            meshgrid(*given_axes, indexing=indexing), np.meshgrid(*axes, indexing=indexing), strict=True
        ):
            np.testing.assert_array_equal(found.numpy(), expected)


def test_meshgrid_flattens_what_it_gets():
    assert [grid.shape.as_list() for grid in meshgrid([[1, 2], [3, 4]], 5)] == [[1, 4], [1, 4]]
    assert meshgrid() == []


def test_meshgrid_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="`indexing` parameter must be either 'xy' or 'ij', got 'zz'"):
        meshgrid([1], indexing="zz")
    with pytest.raises(TypeError, match="'sparse' is an invalid keyword"):
        meshgrid([1], sparse=True)
    with pytest.raises(InvalidArgumentError, match="one dtype; received"):
        meshgrid([1], [1.0])
