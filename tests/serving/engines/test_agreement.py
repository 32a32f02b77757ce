"""When answers of two engines count as the same."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.engines import agree, largest_difference

f4 = np.float32
SAME = {
    "equal": ([1, 2], [1, 2]),
    "another order of sums": ([1, 1e-7], [1.00001, 2e-7]),
    "not a number, in the same place": ([np.nan, 1], [np.nan, 1]),
    "infinite, both": ([np.inf, -np.inf], [np.inf, -np.inf]),
    "nothing": ([], []),
}
OTHER = {
    "too far": ([1, 2], [1.001, 2]),
    "not a number, in one": ([np.nan, 1], [0, 1]),
    "infinite, in one": ([np.inf, 1], [3e38, 1]),
    "infinite, the other way": ([np.inf], [-np.inf]),
    "another length": ([1, 2], [1]),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same(case):
    one, other = (np.array(each, f4) for each in SAME[case])
    assert agree([one], [other])


@pytest.mark.parametrize("case", OTHER)
def test_not_the_same(case):
    one, other = (np.array(each, f4) for each in OTHER[case])
    assert not agree([one], [other])


@pytest.mark.parametrize("dtype", ["i4", "u1", "?", "i8"])
def test_integers_must_be_equal(dtype):
    one, other = np.array([0, 1], dtype), np.array([1, 1], dtype)
    assert agree([one], [one.copy()])
    assert not agree([one], [other])


def test_strings_must_be_equal():
    one, other = (np.array([each], object) for each in (b"a", b"b"))
    assert agree([one], [one.copy()])
    assert not agree([one], [other])
    assert largest_difference([one], [other]) == 0


@pytest.mark.parametrize(("dtype", "apart"), [(np.float16, 0.01), (ml_dtypes.bfloat16, 0.01), (np.float64, 1e-7)])
def test_the_tolerance_fits_the_dtype(dtype, apart):
    one = np.array([1.0], dtype)
    assert agree([one], [(one + apart).astype(dtype)])
    assert not agree([one], [(one + 100 * apart).astype(dtype)])


def test_dtypes_and_the_number_of_outputs_must_be_equal():
    one = np.ones(1, f4)
    assert not agree([one], [one.astype("f8")])
    assert not agree([one], [one, one])


@given(st.lists(st.floats(width=32), min_size=1, max_size=5))
def test_an_answer_agrees_with_itself(values):
    array = np.array(values, f4)
    assert agree([array], [array.copy()])
    assert largest_difference([array], [array]) == 0
