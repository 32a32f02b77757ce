from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

ALIGNMENTS = ["RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"]


def compact(matrix, low, high, align, padding):
    """Return the diagonals as TensorFlow's documents lay them out, element by element."""
    rows, columns = matrix.shape
    lengths = {k: min(rows + min(k, 0), columns - max(k, 0)) for k in range(low, high + 1)}
    longest = max(lengths.values())
    found = np.full((high - low + 1, longest), padding, matrix.dtype)
    for k, length in lengths.items():
        right = align.split("_")[0 if k >= 0 else 1] == "RIGHT"
        start = longest - length if right else 0
        found[high - k, start : start + length] = np.diagonal(matrix, k)
    return found


@st.composite
def matrices_and_bands(draw):
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    matrix = np.arange(1, rows * columns + 1).reshape(rows, columns)
    ends = sorted([draw(st.integers(1 - rows, columns - 1)) for _ in range(2)])
    return matrix, *ends


@given(matrices_and_bands(), st.sampled_from(ALIGNMENTS))
@settings(max_examples=30)
def test_diagonals_are_taken_out_and_put_back(matrix_and_band, align):
    matrix, low, high = matrix_and_band
    k = low if low == high else (low, high)
    found = tf.linalg.diag_part(matrix, k=k, padding_value=-1, align=align).numpy()
    expected = compact(matrix, low, high, align, -1)
    np.testing.assert_array_equal(found, expected[0] if low == high else expected)
    np.testing.assert_array_equal(
        tf.linalg.set_diag(np.zeros_like(matrix), found, k=k, align=align).numpy(), band(matrix, low, high)
    )
    built = tf.linalg.diag(found, k=k, num_rows=matrix.shape[0], num_cols=matrix.shape[1], align=align)
    np.testing.assert_array_equal(built.numpy(), band(matrix, low, high))


def band(matrix, low, high):
    offset = np.arange(matrix.shape[1])[None, :] - np.arange(matrix.shape[0])[:, None]
    return np.where((offset >= low) & (offset <= high), matrix, 0)


@given(matrices_and_bands())
@settings(max_examples=20)
def test_a_band_is_kept_and_a_negative_side_is_kept_whole(matrix_and_band):
    matrix, low, high = matrix_and_band
    found = tf.linalg.band_part(matrix, max(-low, -1), max(high, -1)).numpy()
    lower = -matrix.shape[0] if low > 0 else low
    upper = matrix.shape[1] if high < 0 else high
    np.testing.assert_array_equal(found, band(matrix, lower, upper))


def test_batches_have_diagonals_each():
    batch = np.arange(18).reshape(2, 3, 3)
    np.testing.assert_array_equal(tf.linalg.diag_part(batch).numpy(), np.diagonal(batch, axis1=1, axis2=2))
    assert tf.linalg.diag([[1, 2], [3, 4]]).shape == [2, 2, 2]
    np.testing.assert_array_equal(tf.linalg.trace(batch).numpy(), np.trace(batch, axis1=1, axis2=2))


def test_the_smallest_square_matrix_is_made_unless_sizes_are_given():
    assert tf.linalg.diag([1, 2], k=1).numpy().tolist() == [[0, 1, 0], [0, 0, 2], [0, 0, 0]]
    assert tf.linalg.diag([1, 2], num_rows=2, num_cols=3, padding_value=9).numpy().tolist() == [[1, 9, 9], [9, 2, 9]]
    assert tf.linalg.diag([True, False]).dtype == tf.bool


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: tf.linalg.diag([1, 2], num_rows=3, num_cols=4),
            "a matrix of 3 x 4 does not have diagonals of length 2",
        ),
        (lambda: tf.linalg.diag_part([[1, 2]], k=2), "has no diagonals from 2 to 2"),
        (lambda: tf.linalg.diag_part([[1, 2]], k=(1, 0)), "the lower diagonal must not be above the upper one"),
        (lambda: tf.linalg.diag_part([[1, 2]], align="MIDDLE"), "align: must be one of"),
        (lambda: tf.linalg.set_diag([[1, 2, 3], [4, 5, 6]], [0, 0, 0]), r"diagonal: must have shape \[2\]"),
        (lambda: tf.linalg.tensor_diag_part([[1, 2, 3]]), "must have each dimension twice"),
    ],
)
def test_diagonals_that_do_not_exist_are_refused(call, message):
    with pytest.raises(InvalidArgumentError, match=message):
        call()


def test_tensors_have_diagonals_of_half_their_rank():
    made = tf.linalg.tensor_diag([[1, 2], [3, 4]])
    assert made.shape == [2, 2, 2, 2]
    assert tf.linalg.tensor_diag_part(made).numpy().tolist() == [[1, 2], [3, 4]]
    assert made.numpy().sum() == 10
