"""``tf.TensorArray``."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenon as tf

WRITES = st.lists(st.tuples(st.integers(0, 3), st.integers(-9, 9)), max_size=6)


@given(WRITES)
def test_it_holds_what_was_written_last(writes):
    def fill():
        array = tf.TensorArray(tf.int32, size=4, element_shape=[])
        for place, value in writes:
            array = array.write(place, value)
        return array.stack()

    wanted = np.zeros(4, int)
    for place, value in writes:
        wanted[place] = value
    assert fill().numpy().tolist() == tf.function(fill, autograph=False)().numpy().tolist() == wanted.tolist()


@cache
def writer(count):
    """Return a function that is traced once and writes so many values."""

    @tf.function(autograph=False)
    def fill(places, values):
        array = tf.TensorArray(tf.int32, size=4)
        for place in range(count):
            array = array.write(places[place], values[place])
        return array.stack() if count else tf.zeros([4], tf.int32)

    return fill


@given(WRITES)
def test_positions_may_be_known_only_when_it_runs(writes):
    wanted = np.zeros(4, int)
    for place, value in writes:
        wanted[place] = value
    places, values = [np.array(column, np.int32) for column in zip(*writes, strict=True)] or (
        np.zeros(0, np.int32),
    ) * 2
    assert writer(len(writes))(places, values).numpy().tolist() == wanted.tolist()


def test_at_top_level_writing_changes_the_array_itself():
    array = tf.TensorArray(tf.int32, size=2)
    assert array.write(0, 1) is array
    assert array.write(1, 2).stack().numpy().tolist() == [1, 2]


def test_in_a_function_writing_gives_another_array():
    @tf.function(autograph=False)
    def f():
        array = tf.TensorArray(tf.int32, size=2, element_shape=[])
        array.write(0, 1)
        return array.stack()

    assert f().numpy().tolist() == [0, 0]


def test_a_tensor_is_read_once_unless_that_is_asked():
    array = tf.TensorArray(tf.int32, size=1).write(0, 5)
    assert int(array.read(0)) == 5
    with pytest.raises(ValueError, match="Could not read index 0 twice"):
        array.read(0)
    kept = tf.TensorArray(tf.int32, size=1, clear_after_read=False).write(0, 5)
    assert int(kept.read(0)) == int(kept.read(0)) == 5


def test_a_dynamic_array_grows():
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for place in range(3):
        array = array.write(place, [float(place)])
    assert int(array.size()) == 3
    assert array.concat().numpy().tolist() == [0.0, 1.0, 2.0]
    assert array.dynamic_size
    assert array.element_shape == [1]


@pytest.mark.parametrize(
    ("write", "error", "message"),
    [
        (lambda a: a.write(5, 1), tf.errors.OutOfRangeError, "not resizeable and size is: 2"),
        (lambda a: a.write(-1, 1), tf.errors.OutOfRangeError, "negative indices"),
        (lambda a: a.read(7), tf.errors.OutOfRangeError, "read from index 7 but array size is: 2"),
        (lambda a: a.write(0, 1.5), ValueError, "dtype is int32 but Op is trying to write dtype float32"),
        (lambda a: a.write(0, [1]).write(1, [1, 2]), ValueError, r"Incompatible shape for value \(\(2,\)\)"),
        (lambda a: a.stack(), ValueError, "pass element_shape"),
        (lambda a: a.unstack([1, 2, 3]), ValueError, "it has 3 rows, but the TensorArray has size 2"),
        (lambda a: a.unstack(1), ValueError, "at least one dimension"),
    ],
)
def test_what_does_not_fit_is_refused(write, error, message):
    with pytest.raises(error, match=message):
        write(tf.TensorArray(tf.int32, size=2))


def test_rows_are_taken_apart_gathered_scattered_and_split():
    array = tf.TensorArray(tf.int32, size=3, clear_after_read=False).unstack([[1, 2], [3, 4], [5, 6]])
    assert array.gather([2, 0]).numpy().tolist() == [[5, 6], [1, 2]]
    assert array.scatter([1], [[7, 8]]).stack().numpy().tolist() == [[1, 2], [7, 8], [5, 6]]
    pieces = tf.TensorArray(tf.int32, size=2, infer_shape=False).split([1, 2, 3], [1, 2])
    assert [pieces.read(place).numpy().tolist() for place in (0, 1)] == [[1], [2, 3]]


def test_a_loop_gives_an_array_its_shape():
    @tf.function
    def f(n):
        array = tf.TensorArray(tf.float32, size=3)
        for i in tf.range(n):
            array = array.write(i, tf.ones([2]) * tf.cast(i, tf.float32))
        return array.stack()

    assert f(tf.constant(2)).numpy().tolist() == [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]


def test_a_loop_may_read_what_it_wrote():
    @tf.function
    def fibonacci(n):
        array = tf.TensorArray(tf.int32, size=10).write(0, 1).write(1, 1)
        for i in tf.range(2, n):
            array = array.write(i, array.read(i - 1) + array.read(i - 2))
        return array.stack()

    assert fibonacci(tf.constant(7)).numpy().tolist() == [1, 1, 2, 3, 5, 8, 13, 0, 0, 0]


def test_a_branch_that_does_not_write_gives_zeros():
    @tf.function
    def f(x):
        array = tf.TensorArray(tf.float32, size=1)
        if x > 0.0:
            array = array.write(0, [x, x])
        return array.stack()

    assert [f(tf.constant(x)).numpy().tolist() for x in (3.0, -3.0)] == [[[3.0, 3.0]], [[0.0, 0.0]]]


def test_a_dynamic_array_in_a_loop_without_known_end_is_refused():
    @tf.function
    def f(n):
        array = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
        for i in tf.range(n):
            array = array.write(i, i)
        return array.stack()

    with pytest.raises(ValueError, match="Give the TensorArray a size"):
        f(tf.constant(3))


def test_gradients_flow_through_an_array_in_a_loop():
    @tf.function
    def f(x):
        array = tf.TensorArray(tf.float32, size=3)
        for i in tf.range(3):
            array = array.write(i, x * tf.cast(i, tf.float32))
        return tf.reduce_sum(array.stack() ** 2)

    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert float(tape.gradient(y, x)) == 20.0


def test_it_tells_what_it_is():
    array = tf.TensorArray(tf.int32, size=2)
    assert repr(array) == "<tf.TensorArray: size=2, dtype=int32, element_shape=<unknown>>"
    assert (array.dtype, array.handle, float(array.flow)) == (tf.int32, None, 0.0)
    array.close()
    assert int(array.size()) == 0
