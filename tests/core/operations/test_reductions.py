from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenon as tf
from tenon.base import InvalidArgumentError

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
NUMPY = {
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "std": np.std,
    "variance": np.var,
}
TRUTHS = {"any": np.any, "all": np.all}


@st.composite
def shapes_and_axes(draw, min_side=0):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=min_side, max_side=3))
    count = draw(st.integers(0, len(shape)))
    places = draw(st.permutations(range(len(shape))))[:count]
    axes = [place - len(shape) if draw(st.booleans()) else place for place in places]
    return shape, draw(st.sampled_from([axes, tuple(axes), None if count == 0 else axes[0]]))


@given(shapes_and_axes(min_side=1), st.sampled_from(sorted(NUMPY)), st.booleans(), st.data())
@settings(max_examples=50)
def test_floats_are_reduced_over_axes_as_numpy_does(shape_and_axis, name, keepdims, data):
    shape, axis = shape_and_axis
    x = data.draw(hnp.arrays(np.float64, shape, elements=st.floats(-4, 4, allow_subnormal=False)))
    found = getattr(tf.math, f"reduce_{name}")(x, axis, keepdims)
    expected = NUMPY[name](x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)
    assert tuple(found.shape) == expected.shape
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-9)


@given(shapes_and_axes(), st.sampled_from(sorted(TRUTHS)), st.booleans(), st.data())
@settings(max_examples=30)
def test_truths_are_reduced_over_axes_as_numpy_does(shape_and_axis, name, keepdims, data):
    shape, axis = shape_and_axis
    x = data.draw(hnp.arrays(np.bool_, shape))
    found = getattr(tf, f"reduce_{name}")(x, axis, keepdims)
    expected = TRUTHS[name](x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)
    np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_integers_stay_what_they_are_and_wrap(name, dtype):
    x = np.array([100, 50, 3], dtype)
    found = getattr(tf, f"reduce_{name}")(x)
    assert found.dtype == dtype
    with np.errstate(over="ignore"):
        assert found.numpy() == NUMPY[name](x, **({"dtype": dtype} if name in ("sum", "prod") else {}))


def test_means_of_integers_are_cut_towards_zero():
    assert tf.reduce_mean([-3, -4]).numpy() == -3
    assert tf.reduce_mean([[1, 2], [3, 5]], 0).numpy().tolist() == [2, 3]


@pytest.mark.parametrize(
    ("name", "dtype", "expected"),
    [
        ("sum", "float32", 0.0),
        ("prod", "float32", 1.0),
        ("max", "float32", -np.inf),
        ("min", "float32", np.inf),
        ("max", "int32", -(2**31)),
        ("min", "int8", 127),
        ("mean", "float32", np.nan),
        ("logsumexp", "float32", -np.inf),
        ("any", "bool", False),
        ("all", "bool", True),
    ],
)
@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_nothing_is_reduced_to_the_neutral_element(name, dtype, expected):
    np.testing.assert_equal(
        getattr(tf.math, f"reduce_{name}")(tf.zeros([0], dtype)).numpy(), np.dtype(dtype).type(expected)
    )


def test_no_axes_reduce_nothing_and_none_reduces_all():
    x = tf.constant([[1, 2], [3, 4]])
    assert tf.reduce_sum(x, []).numpy().tolist() == [[1, 2], [3, 4]]
    assert tf.reduce_sum(x).numpy() == 10
    assert tf.reduce_sum(5).numpy() == 5


@pytest.mark.parametrize("axis", [2, -3, [0, 0], [0, -2]])
def test_axes_that_do_not_exist_or_come_twice_are_refused(axis):
    with pytest.raises(InvalidArgumentError, match=r"tf\.math\.reduce_sum"):
        tf.reduce_sum([[1.0, 2.0]], axis)


def test_gradients_of_extremes_are_shared_among_equals():
    x = tf.constant([1.0, 1.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_max(x)
    assert tape.gradient(y, x).numpy().tolist() == [0.5, 0.5, 0.0]


def test_gradients_of_products_pass_zeros():
    x = tf.constant([0.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_prod(x)
    assert tape.gradient(y, x).numpy().tolist() == [6.0, 0.0, 0.0]


def test_what_is_no_number_is_the_extreme():
    assert np.isnan(tf.reduce_max([float("nan"), 1.0]).numpy())
    assert np.isnan(tf.reduce_min([float("nan"), 1.0]).numpy())


def test_log_sum_exp_does_not_overflow():
    assert tf.reduce_logsumexp([1000.0, 1000.0]).numpy() == pytest.approx(1000 + np.log(2))
    assert tf.reduce_logsumexp([-np.inf, -np.inf]).numpy() == -np.inf


def test_variances_are_of_floats_and_real():
    assert tf.math.reduce_variance([1 + 1j, 2]).numpy() == 0.5
    with pytest.raises(TypeError, match="of int32 is not in the list"):
        tf.math.reduce_variance([1, 2])


def test_norms_keep_the_dtype():
    assert tf.math.reduce_euclidean_norm([3, 4]).numpy() == 5
    assert tf.math.reduce_euclidean_norm([3, 4]).dtype == tf.int32
    assert tf.math.reduce_euclidean_norm([3.0, 4.0]).numpy() == 5.0


def test_zeros_are_counted():
    assert tf.math.count_nonzero([[1, 0], [1, 1]], 1, True, tf.int32).numpy().tolist() == [[1], [2]]
    assert tf.math.count_nonzero(["a", ""]).numpy() == 1
    assert tf.math.count_nonzero([True, False]).dtype == tf.int64
    assert tf.math.zero_fraction([0, 1, 0, 0]).numpy() == 0.75
