import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.util import tensor_util

from tenon.base import InvalidArgumentError
from tenon.summary import DEFAULT_BUCKETS, histogram_buckets

FINITE = hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=40), elements=st.floats(-1e6, 1e6, width=32))


@given(values=FINITE, buckets=st.integers(1, 40))
def test_buckets_are_those_of_tensorboards_own_summary(values: np.ndarray, buckets: int) -> None:
    expected = tensor_util.make_ndarray(histogram_pb("tag", values, buckets).value[0].tensor)
    found = histogram_buckets(values, buckets)
    np.testing.assert_array_equal(found[:, 2], expected[:, 2])
    np.testing.assert_allclose(found[:, :2], expected[:, :2], rtol=1e-12, atol=1e-6)


@given(values=FINITE)
def test_every_value_is_counted_once_and_the_edges_are_the_extremes(values: np.ndarray) -> None:
    found = histogram_buckets(values)
    assert found.shape == (DEFAULT_BUCKETS, 3)
    assert found[:, 2].sum() == values.size
    assert (found[0, 0], found[-1, 1]) == (values.min(), values.max())
    assert (np.diff(found[:, 0]) >= 0).all()


@given(values=hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(allow_nan=False)))
def test_no_finite_or_infinite_value_is_lost(values: np.ndarray) -> None:
    found = histogram_buckets(values, 5)
    assert found[:, 2].sum() == (values.size if np.isfinite(values).any() else 0)


def test_no_values_give_zero_rows() -> None:
    assert histogram_buckets([], 4).tolist() == [[0.0, 0.0, 0.0]] * 4


def test_one_distinct_value_is_counted_in_the_last_bucket() -> None:
    assert histogram_buckets([2.0, 2.0], 3).tolist() == [[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [2.0, 2.0, 2.0]]


def test_a_nan_makes_every_edge_nan() -> None:
    found = histogram_buckets([1.0, math.nan, 2.0], 2)
    assert np.isnan(found[:, :2]).all()
    assert found[:, 2].tolist() == [0.0, 0.0]


def test_infinities_are_counted_in_the_outermost_buckets() -> None:
    assert histogram_buckets([-math.inf, 1.0, 2.0, 3.0, math.inf], 2)[:, 2].tolist() == [2.0, 3.0]


def test_huge_values_of_opposite_sign_do_not_overflow() -> None:
    huge = np.finfo(np.float64).max
    found = histogram_buckets([-huge, huge], 2)
    assert found.tolist() == [[-huge, 0.0, 1.0], [0.0, huge, 1.0]]


def test_the_smallest_difference_is_still_a_histogram() -> None:
    assert histogram_buckets([0.0, 5e-324], 3)[:, 2].tolist() == [1.0, 0.0, 1.0]


def test_bfloat16_and_booleans_are_counted() -> None:
    import ml_dtypes

    assert histogram_buckets(np.array([0, 1, 1], ml_dtypes.bfloat16), 2)[:, 2].tolist() == [1.0, 2.0]
    assert histogram_buckets([True, False, True], 2)[:, 2].tolist() == [1.0, 2.0]


def test_no_bucket_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="buckets: must be at least 1; received 0"):
        histogram_buckets([1.0], 0)
