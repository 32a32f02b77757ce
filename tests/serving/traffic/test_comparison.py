"""Answers are compared by names, dtypes, shapes and values, and differences told in numbers."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenon.serving.traffic._comparison import compare

TEXT = np.array([b"one", b"two"], object)


def differences(expected, actual, rtol=1e-3, atol=1e-5):
    return [d.to_json() for d in compare({"y": np.asarray(expected)}, {"y": np.asarray(actual)}, rtol, atol)]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (np.float32([1, np.nan, np.inf]), np.float32([1.0005, np.nan, np.inf])),
        (np.float16(2), np.float16(2)),
        (np.complex64([1 + 1j]), np.complex64([1.0001 + 1j])),
        (np.array([1, 2], ml_dtypes.bfloat16), np.array([1, 2], ml_dtypes.bfloat16)),
        (np.int64([2**62]), np.int64([2**62])),
        (TEXT, TEXT.copy()),
        (np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)),
        (np.zeros(0, object), np.zeros(0, object)),
    ],
)
def test_answers_within_the_tolerance_agree(expected, actual):
    assert differences(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        (np.float32([1, 2, 4]), np.float32([1, 2, 5]), {"max_absolute": 1, "max_relative": 0.25, "fraction": 1 / 3}),
        (np.float32(0), np.float32(1), {"max_absolute": 1, "max_relative": "Infinity", "fraction": 1}),
        (
            np.float32([1, 1]),
            np.float32([np.nan, 1]),
            {"max_absolute": "Infinity", "max_relative": "Infinity", "fraction": 0.5},
        ),
        (
            np.float32([np.inf]),
            np.float32([-np.inf]),
            {"max_absolute": "Infinity", "max_relative": "Infinity", "fraction": 1},
        ),
        (np.int32([100, 5]), np.int32([101, 5]), {"max_absolute": 1, "max_relative": 0.01, "fraction": 0.5}),
        (np.uint8([0]), np.uint8([255]), {"max_absolute": 255, "max_relative": "Infinity", "fraction": 1}),
        (np.array([True, False]), np.array([True, True]), {"fraction": 0.5}),
        (TEXT, np.array([b"one", b"2"], object), {"fraction": 0.5}),
        (
            np.array([1, 2], ml_dtypes.bfloat16),
            np.array([1, 3], ml_dtypes.bfloat16),
            {"max_absolute": 1, "max_relative": 0.5, "fraction": 0.5},
        ),
    ],
)
def test_values_that_differ_are_told_in_numbers(expected, actual, found):
    assert differences(expected, actual) == [{"output": "y", "reason": "values", **found}]


def test_dtypes_and_shapes_must_be_equal():
    (dtype,) = differences(np.float32([1]), np.float64([1]))
    (shape,) = differences(np.zeros((2, 1)), np.zeros((1, 2)))
    assert dtype == {"output": "y", "reason": "dtype", "detail": "float32 became float64"}
    assert shape == {"output": "y", "reason": "shape", "detail": "(2, 1) became (1, 2)"}


def test_outputs_must_be_the_same():
    one = np.float32([1])
    found = compare({"a": one, "b": one}, {"b": one, "c": one}, 0, 0)
    assert [(d.output, d.reason) for d in found] == [("a", "missing"), ("c", "unexpected")]


ARRAYS = hnp.arrays(
    st.sampled_from(["float32", "float64", "int64", "uint8", "bool", "complex64"]), hnp.array_shapes(max_side=3)
)


@given(ARRAYS, ARRAYS)
def test_any_two_arrays_are_compared_without_a_warning(one, other):
    assert compare({"y": one}, {"y": one.copy()}, 0, 0) == ()
    if one.dtype != other.dtype or one.shape != other.shape:
        assert compare({"y": one}, {"y": other}, 1e9, 1e9)
    else:
        compare({"y": one}, {"y": other}, 0, 0)
