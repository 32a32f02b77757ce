"""``tf.Variable``."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tenon as tf


def test_it_holds_what_it_was_given_and_nothing_else():
    start = np.array([1.0, 2.0], np.float32)
    variable = tf.Variable(start, name="w")
    start[:] = 0.0
    assert variable.numpy().tolist() == [1.0, 2.0]
    assert (variable.name, variable.shape, variable.dtype, variable.trainable) == ("w:0", (2,), tf.float32, True)
    assert tf.Variable(lambda: tf.constant(3)).numpy() == 3
    assert tf.Variable("text").numpy() == b"text"


def test_assignments_return_the_variable_and_keep_read_values():
    variable = tf.Variable([1.0, 2.0])
    before = variable.read_value()
    assert variable.assign([3.0, 4.0]) is variable
    variable.assign_add([1.0, 1.0])
    variable.assign_sub([0.5, 0.5])
    assert variable.numpy().tolist() == [3.5, 4.5]
    assert before.numpy().tolist() == [1.0, 2.0]
    assert variable.assign([0.0, 0.0], read_value=False) is None


@pytest.mark.parametrize(
    ("value", "error", "match"),
    [
        ([1.0], ValueError, "Shape mismatch"),
        (tf.constant([1, 2]), ValueError, "requested dtype float32"),
        ("a", TypeError, "float32"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(value, error, match):
    variable = tf.Variable([1.0, 2.0])
    with pytest.raises(error, match=match):
        variable.assign(value)
    assert variable.numpy().tolist() == [1.0, 2.0]


def test_open_shapes_take_values_of_other_sizes():
    variable = tf.Variable([[1.0]], shape=[None, 1])
    variable.assign([[1.0], [2.0]])
    assert tf.shape(variable).numpy().tolist() == [2, 1]
    anything = tf.Variable(0.0, shape=tf.TensorShape(None))
    anything.assign([[1.0]])
    with pytest.raises(ValueError, match="not compatible with the explicitly supplied"):
        tf.Variable([1.0], shape=[2])


def test_operators_read_the_value():
    variable = tf.Variable([2.0, 4.0])
    found = [variable + 1.0, 1.0 - variable, variable[0], -variable, variable * variable]
    assert [value.numpy().tolist() for value in found] == [[3.0, 5.0], [-1.0, -3.0], 2.0, [-2.0, -4.0], [4.0, 16.0]]


def test_without_a_value_there_is_no_variable():
    with pytest.raises(ValueError, match="initial_value"):
        tf.Variable()


def test_it_is_referred_to_and_copied():
    variable = tf.Variable(1.0, name="v", trainable=False)
    twin = copy.deepcopy(variable)
    twin.assign(2.0)
    assert (variable.numpy(), twin.numpy(), twin.name, twin.trainable) == (1.0, 2.0, "v:0", False)
    assert {variable.ref(): 1}[variable.ref()] == 1
    with pytest.raises(TypeError, match=r"variable.ref\(\)"):
        hash(variable)


def test_it_prints_as_tensorflows():
    assert repr(tf.Variable(1.0, name="v")) == "<tf.Variable 'v:0' shape=() dtype=float32, numpy=1.0>"
    shown = "<tf.Variable 'v:0' shape=(2, 1) dtype=int32, numpy=\narray([[1],\n       [2]], dtype=int32)>"
    assert repr(tf.Variable([[1], [2]], name="v")) == shown


def test_wide_types_stay_wide():
    variable = tf.Variable(np.float64(1) / 3)
    variable.assign_add(np.float64(1) / 3)
    assert variable.dtype == tf.float64
    assert variable.numpy() == 2 / 3
