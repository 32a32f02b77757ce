"""``tf.map_fn``, ``tf.vectorized_map``, ``tf.scan``, ``tf.foldl`` and ``tf.foldr``."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenon as tf

ROWS = st.lists(st.integers(-5, 5), min_size=1, max_size=5)


def both(function, *arguments):
    """Return what a function gives eagerly and in a ``tf.function``."""
    return function(*arguments), tf.function(function, autograph=False)(*arguments)


@given(ROWS)
def test_folds_go_through_the_rows_in_their_order(values):
    x = tf.constant(values)
    left, right = values[0], values[-1]
    for value in values[1:]:
        left = 2 * left - value
    for value in values[-2::-1]:
        right = 2 * right - value
    assert int(tf.foldl(lambda a, row: 2 * a - row, x)) == left
    assert int(tf.foldr(lambda a, row: 2 * a - row, x)) == right


def running_sum(x):
    return tf.scan(lambda a, row: a + row, x)


TRACED_RUNNING_SUM = tf.function(running_sum, autograph=False)


@given(ROWS)
def test_a_scan_is_a_running_sum(values):
    for function in (running_sum, TRACED_RUNNING_SUM):
        assert function(tf.constant(values)).numpy().tolist() == np.cumsum(values).tolist()


def test_rows_of_structures_come_in_structures():
    elems = {"a": tf.constant([1, 2]), "b": (tf.constant([10.0, 20.0]),)}
    for found in both(lambda: tf.map_fn(lambda row: (row["b"][0], row["a"]), elems, (tf.float32, tf.int32))):
        assert [part.numpy().tolist() for part in found] == [[10.0, 20.0], [1, 2]]


def test_a_function_is_traced_once_in_a_function_and_runs_for_each_row_at_top_level():
    runs = []
    for found in both(lambda x: tf.map_fn(lambda row: runs.append(1) or row * 2, x), tf.constant([1, 2, 3])):
        assert found.numpy().tolist() == [2, 4, 6]
    assert len(runs) == 4


def test_no_rows_give_an_empty_result_of_the_right_shape():
    for found in both(lambda: tf.map_fn(lambda row: row * 2.0, tf.zeros([0, 3]))):
        assert found.shape == [0, 3]


def test_variables_are_assigned_row_by_row():
    v = tf.Variable(0)
    total = lambda row: v.assign_add(row) + 0  # noqa: E731
    found = both(lambda x: tf.map_fn(total, x), tf.constant([1, 2, 3]))
    assert [one.numpy().tolist() for one in found] == [[1, 3, 6], [7, 9, 12]]


def test_texts_are_mapped_at_top_level():
    found = tf.map_fn(lambda row: tf.strings.join([row, "!"]), tf.constant(["a", "b"]))
    assert found.numpy().tolist() == [b"a!", b"b!"]


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="same shape for every row"):
        tf.map_fn(lambda row: tf.range(row), tf.constant([1, 2]))


def test_a_dtype_that_is_not_stated_is_refused():
    for run in (tf.map_fn, tf.function(lambda f, x: tf.map_fn(f, x))):
        with pytest.raises(ValueError, match="fn must return int32 as stated"):
            run(lambda row: tf.cast(row, tf.float32), tf.constant([1]))


@pytest.mark.parametrize("function", [tf.map_fn, tf.foldl, tf.scan, tf.vectorized_map])
def test_what_maps_has_to_be_a_function(function):
    with pytest.raises(TypeError, match="not callable"):
        function(1, tf.constant([1]))


@pytest.mark.parametrize(
    ("elems", "message"),
    [
        ([], "received none"),
        (1.0, "not scalars"),
        ((tf.constant([1]), tf.constant([1, 2])), r"must agree; received \[1, 2\]"),
    ],
)
def test_elems_have_rows(elems, message):
    with pytest.raises(ValueError, match=message):
        tf.map_fn(lambda row: row, elems)


def test_without_rows_and_initializer_there_is_no_first_state():
    with pytest.raises(ValueError, match="no first state; pass an initializer"):
        tf.foldl(lambda a, row: a, tf.zeros([0]))


def test_a_state_keeps_its_dtype_and_structure():
    with pytest.raises(TypeError, match="has dtype int32 before the loop, but dtype float32"):
        tf.function(lambda x: tf.scan(lambda a, row: tf.cast(a, tf.float32), x))(tf.constant([1, 2]))
    with pytest.raises(ValueError, match="same nested structure"):
        tf.scan(lambda a, row: (a, a), tf.constant([1, 2]))


def test_a_vectorized_function_runs_once_on_all_rows():
    runs = []
    x, w = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.Variable([1.0, -1.0])
    for found in both(lambda: tf.vectorized_map(lambda row: runs.append(1) or tf.reduce_sum(row * w), x)):
        assert found.numpy().tolist() == [-1.0, -1.0]
    assert len(runs) == 2


def test_a_vectorized_function_that_assigns_falls_back_to_a_map():
    v = tf.Variable(0)
    found = tf.vectorized_map(lambda row: v.assign_add(row) + 0, tf.constant([1, 2]))
    assert found.numpy().tolist() == [1, 3]
    with pytest.raises(ValueError, match="cannot be vectorized"):
        tf.vectorized_map(lambda row: v.assign_add(row) + 0, tf.constant([1]), fallback_to_while_loop=False)


def test_one_row_goes_with_all():
    found = tf.vectorized_map(lambda rows: rows[0] * rows[1], (tf.constant([1.0, 2.0]), tf.constant([3.0])))
    assert found.numpy().tolist() == [3.0, 6.0]


@pytest.mark.parametrize("run", [tf.map_fn, tf.function(lambda f, x: tf.map_fn(f, x)), tf.vectorized_map])
def test_gradients_flow_to_rows_and_variables(run):
    x, w = tf.constant([1.0, 2.0, 3.0]), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = run(lambda row: w * row * row, x)
    of_x, of_w = tape.gradient(y, [x, w])
    assert of_x.numpy().tolist() == [4.0, 8.0, 12.0]
    assert float(of_w) == 14.0


def test_gradients_flow_through_a_scan():
    x = tf.constant([1.0, 2.0, 3.0])
    for run in (tf.scan, tf.function(lambda f, x: tf.scan(f, x))):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = run(lambda a, row: a * row, x)[-1]
        assert tape.gradient(y, x).numpy().tolist() == [6.0, 3.0, 2.0]
