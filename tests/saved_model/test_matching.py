"""Arguments find the program that takes them."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

import tenon as tf
from tenon.saved_model._matching import is_tensor, matched

Point = namedtuple("Point", "x y")
Other = namedtuple("Other", "x z")
FLOATS = tf.TensorSpec([None, 2], tf.float32)
TENSOR = tf.ones([3, 2])


@pytest.mark.parametrize(
    ("expected", "given", "convert", "fits"),
    [
        (FLOATS, TENSOR, False, True),
        (FLOATS, tf.Variable(TENSOR), False, True),
        (FLOATS, TENSOR.value, False, True),
        (FLOATS, TENSOR.numpy(), False, False),
        (FLOATS, TENSOR.numpy().astype("float64"), True, True),
        (FLOATS, tf.ones([3, 3]), True, False),
        (FLOATS, tf.ones([2]), True, False),
        (FLOATS, tf.ones([3, 2], tf.float64), True, False),
        (FLOATS, [[1, 2]], False, False),
        (FLOATS, [[1, 2]], True, True),
        (FLOATS, [["a", "b"]], True, False),
        (FLOATS, [[1], [1, 2]], True, False),
        (FLOATS, None, True, False),
        (tf.TensorSpec(None, tf.float32), tf.ones([1, 2, 3]), False, True),
        (tf.TensorSpec([], tf.int32), 3, True, True),
        (tf.TensorSpec([], tf.int32), 3.5, True, False),
        ([FLOATS], [TENSOR], False, True),
        ([FLOATS], (TENSOR,), False, False),
        ([FLOATS], [TENSOR, TENSOR], False, False),
        ({"a": FLOATS, "b": 1}, {"b": 1, "a": TENSOR}, False, True),
        ({"a": FLOATS}, {"b": TENSOR}, False, False),
        ({"a": FLOATS}, [TENSOR], False, False),
        (Point(FLOATS, None), Point(TENSOR, None), False, True),
        (Point(FLOATS, None), Other(TENSOR, None), False, False),
        (Point(FLOATS, None), (TENSOR, None), False, False),
        (True, True, False, True),
        (True, 1, False, False),
        (1, 1.0, False, False),
        (None, None, False, True),
        ("a", "b", False, False),
        (1, tf.constant(1), False, False),
    ],
)
def test_a_program_takes_what_fits(expected, given, convert, fits):
    assert (matched(expected, given, convert) is not None) is fits


def test_arrays_come_in_the_order_of_sorted_keys():
    found = matched({"b": tf.TensorSpec([]), "a": [tf.TensorSpec([])]}, {"b": 1.0, "a": [2.0]}, True)
    assert [float(array) for array in found] == [2.0, 1.0]


def test_what_has_a_dtype_is_a_tensor():
    assert [is_tensor(value) for value in (TENSOR, tf.Variable(1), 1, [1.0], np.float32(1))] == [
        True,
        True,
        False,
        False,
        False,
    ]
