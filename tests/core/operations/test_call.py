"""What the public function of any row does around the kernel."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tenon as tf
from tenon.base import InvalidArgumentError
from tenon.core import NAMES
from tenon.core.operations import OPERATIONS, operation


@pytest.fixture
def row():
    """Add a row for one test."""
    made = []

    def make(*arguments, **options):
        made.append(f"example.row{len(made)}")
        return operation(made[-1], *arguments, **options)

    yield make
    for name in made:
        del OPERATIONS[name], NAMES[name]


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(
        InvalidArgumentError, match=r"tf\.math\.add: Incompatible shapes: \[2\] vs\. \[3\].*\[Op:math.add\]"
    ):
        tf.add([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(
        InvalidArgumentError, match=r"Incompatible shapes: \[2,3\] with \{'axis': 5, 'keepdims': False\}"
    ):
        tf.reduce_sum(tf.zeros([2, 3]), 5)


def test_sixty_four_bits_are_kept_and_nothing_outside_is_switched():
    assert tf.add(tf.constant(2**40, tf.int64), 1).numpy() == 2**40 + 1
    assert tf.add(tf.constant(1.0, tf.float64), 1e-12).numpy() != 1.0
    assert jnp.ones(1).dtype == np.float32


def test_what_is_left_out_comes_as_none(row):
    function = row("x: T, y: T = None", lambda x, y: x if y is None else x + y, "Adds.", "1")
    assert function(1).numpy() == 1
    assert function(1, 2).numpy() == 3


def test_lists_come_as_tuples_and_may_be_spread(row):
    listed = row("x: [T], n=0", lambda x, n: sum(x) * n, "Adds.", "[1]")
    spread = row("*x: [T]", lambda x: sum(x), "Adds.", "1")
    assert listed([1, 2, 3], 2).numpy() == 12
    assert spread(1, 2, 3).numpy() == 6


def test_several_results_are_a_list_unless_the_row_says_otherwise(row):
    plain = row("x: T", lambda x: (x, x + 1), "Two.", "1")
    made = row("x: T", lambda x: (x, x + 1), "Two.", "1", result=lambda a, b: {"a": a, "b": b})
    assert [tensor.numpy() for tensor in plain(1)] == [1, 2]
    assert made(1)["b"].numpy() == 2


def test_attributes_that_are_equal_but_of_another_type_are_told_apart(row):
    function = row("x: T, by=1", lambda x, by: x + (10 if by is True else 1), "Adds.", "1")
    assert function(1, 1).numpy() == 2
    assert function(1, True).numpy() == 11


def test_attributes_may_be_tensors_lists_and_numbers_of_numpy():
    matrix = tf.constant([[1, 2], [3, 4]])
    for axis in (0, [0], (0,), np.int64(0), tf.constant(0), np.array([0]), tf.constant([0])):
        assert tf.reduce_sum(matrix, axis).numpy().tolist() == [4, 6]


def test_a_traced_attribute_is_refused_with_a_hint():
    with pytest.raises(InvalidArgumentError, match="must be known when a function is traced"):
        tf.function(lambda axis: tf.reduce_sum(tf.ones([2, 2]), axis))(tf.constant(0))


def test_a_check_sees_values_eagerly_and_none_while_tracing(row):
    seen = []
    function = row("x: T", lambda x: x, "Same.", "1", check=lambda x: seen.append(np.asarray(x).tolist()))
    function(3)
    tf.function(function)(tf.constant(4))
    assert seen == [3]


def test_strings_run_on_the_host():
    assert tf.add(["a"], ["b"]).numpy().tolist() == [b"ab"]
    assert tf.equal(["a", "b"], "a").numpy().tolist() == [True, False]
    assert tf.identity("a").numpy() == b"a"


def test_composite_values_say_themselves_what_an_operation_is():
    class Composite:
        def __tf_dispatch__(self, row, arguments):
            return row.name, arguments

    value = Composite()
    assert tf.add(value, 1) == ("math.add", {"x": value, "y": 1})
    assert tf.add(1, value)[0] == "math.add"
    assert tf.reduce_sum(value, 0) == ("math.reduce_sum", {"input_tensor": value, "axis": 0, "keepdims": False})
    assert tf.add_n([1, value])[0] == "math.add_n"
    assert (tf.constant(1.0) + value)[0] == "math.add"


def test_operations_without_derivative_are_constants_for_tapes_and_for_jax():
    x = tf.constant([1.5])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        rounded = tf.round(x)
        both = rounded * x
    assert tape.gradient(rounded, x) is None
    assert tape.gradient(both, x).numpy().tolist() == [2.0]
    assert jax.grad(lambda value: tf.stop_gradient(tf.add(value, 0.0)).value)(1.0) == 0.0


def test_a_kernel_that_changes_nothing_counts_once_in_a_traced_gradient():
    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            same = tf.cast(x, tf.float32)
            result = same * same
        return tape.gradient(result, x)

    assert gradient(tf.constant([1.0, 2.0])).numpy().tolist() == [2.0, 4.0]


def test_values_that_must_be_known_are_named_when_a_function_is_traced(row):
    function = row("x: T", lambda x: np.asarray(x), "Looks.", "1", composed=True)
    with pytest.raises(
        InvalidArgumentError, match="the values of its arguments must be known when a function is traced"
    ):
        tf.function(function)(tf.constant(1))


def test_a_composed_rows_own_errors_pass_as_they_are():
    with pytest.raises(ValueError, match="diagonals_format: must be one of"):
        tf.linalg.tridiagonal_matmul(tf.ones([3, 2]), tf.ones([2, 1]), "other")
