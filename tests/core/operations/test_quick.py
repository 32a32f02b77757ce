"""The short way and the long way of a call give the same."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

import tenon as tf
from tenon.core.operations import OPERATIONS
from tenon.core.operations._call import caller
from tenon.core.operations._quick import is_quick, quick_caller

VALUES = {
    "tensor": tf.constant([1.0, 2.0]),
    "variable": tf.Variable([3.0, 4.0]),
    "float": 2.5,
    "int": 2,
    "bool": True,
    "array": np.array([5.0, 6.0], np.float32),
    "wide array": np.array([5.0, 6.0]),
    "number of numpy": np.float64(7.0),
    "list": [8.0, 9.0],
    "jax": jnp.array([1.0, 0.5]),
    "other dtype": tf.constant([1, 2]),
    "other shape": tf.constant([1.0, 2.0, 3.0]),
    "text": "a",
    "nothing": None,
}


def outcome(call):
    try:
        result = call()
    except (TypeError, ValueError) as error:
        return type(error).__name__
    return result.dtype, result.numpy().tolist()


@pytest.mark.parametrize("first", sorted(VALUES))
@pytest.mark.parametrize("second", sorted(VALUES))
def test_both_ways_give_one_result_or_one_error(first, second):
    row = OPERATIONS["math.multiply"]
    x, y = VALUES[first], VALUES[second]
    assert outcome(lambda: quick_caller(row)(x, y)) == outcome(lambda: caller(row)((x, y), ()))


@pytest.mark.parametrize("name", sorted(VALUES))
def test_both_ways_of_one_tensor_give_one_result_or_one_error(name):
    row = OPERATIONS["math.sqrt"]
    assert outcome(lambda: quick_caller(row)(VALUES[name])) == outcome(lambda: caller(row)((VALUES[name],), ()))


def test_rows_that_do_more_than_run_a_kernel_are_not_quick():
    quick = {name for name, row in OPERATIONS.items() if is_quick(row)}
    assert {"math.add", "math.exp", "math.logical_and", "math.floordiv"} <= quick
    assert not {"math.reduce_sum", "math.add_n", "dtypes.cast", "linalg.slogdet", "identity", "zeros"} & quick


def test_a_check_runs_on_the_short_way_too():
    with pytest.raises(ValueError, match="Integer division by zero"):
        tf.math.floordiv(tf.constant([1]), tf.constant([0]))
    traced = tf.function(lambda x, y: tf.math.floordiv(x, y))
    assert traced(tf.constant([7]), tf.constant([2])).numpy().tolist() == [3]
