from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.compat import Graph, Session
from tests.compat.v1 import tf

SIZES = st.one_of(st.none(), st.integers(1, 5))


@settings(max_examples=25, deadline=None)
@given(st.lists(SIZES, min_size=1, max_size=3), st.data())
def test_static_shapes_hold_for_what_comes_out(sizes, data):
    with Graph().as_default(), Session() as session:
        x = tf.placeholder("float32", sizes)
        axis = data.draw(st.integers(0, len(sizes) - 1))
        found = [tf.reduce_sum(x, axis), tf.stack([x, x], axis), tf.transpose(x), x[..., 0], tf.reshape(x, [-1])]
        real = [data.draw(st.integers(1, 4)) if size is None else size for size in sizes]
        for tensor, value in zip(found, session.run(found, {x: np.zeros(real)}), strict=True):
            assert tensor.shape.is_compatible_with(value.shape)
            if None not in sizes:
                assert tensor.shape.as_list() == list(value.shape)


def test_sizes_that_are_computed_are_known_as_far_as_they_are(graph):
    x = tf.placeholder("float32", [None, 4])
    n = tf.shape(x)[0]
    assert tf.zeros([n, tf.shape(x)[1] * 2]).shape.as_list() == [None, 8]
    assert tf.reshape(x, [n, 2, 2]).shape.as_list() == [None, 2, 2]
    assert tf.range(n).shape.as_list() == [None]
    assert tf.fill([3], n).shape.as_list() == [3]


def test_an_open_size_takes_that_of_what_it_stands_beside(graph):
    x, y = tf.placeholder("float32", [None, 2]), tf.ones([5, 2])
    assert (x + y).shape.as_list() == [5, 2]
    assert tf.concat([x, y], 1).shape.as_list() == [5, 4]


def test_shapes_that_do_not_fit_are_refused_at_once(graph):
    with pytest.raises(ValueError, match=r"Incompatible shapes|matmul|MatMul"):
        tf.matmul(tf.placeholder("float32", [None, 3]), tf.ones([4, 2]))


def test_ranks_may_be_unknown(run):
    x = tf.placeholder("float32")
    y = tf.reduce_mean(tf.nn.relu(x) + 1.0)
    assert (x * 2.0).shape.rank is None
    assert y.dtype.name == "float32"
    assert [float(run(y, {x: value})) for value in (3.0, [1.0, 3.0], np.ones((2, 2)))] == [4.0, 3.0, 2.0]


def test_shapes_may_depend_on_values(run):
    x = tf.placeholder("int32", [None])
    values, places = tf.unique(x)
    where = tf.where(x > 1)
    assert values.shape.as_list() == [None]
    assert where.shape.as_list() == [None, 1]
    found = run([values, places, where], {x: [3, 1, 3]})
    assert [value.tolist() for value in found] == [[3, 1], [0, 1, 0], [[0], [2]]]


def test_dtypes_are_those_of_the_operation(graph):
    x = tf.placeholder("float32", [2])
    with pytest.raises(TypeError, match="expected to be a float tensor but is a int32 tensor"):
        x + tf.constant([1, 2])
    assert [tf.argmax(x).dtype.name, (x > 0.0).dtype.name, tf.to_int32(x).dtype.name] == ["int64", "bool", "int32"]


def test_a_reshape_may_divide_real_sizes_as_it_does_not_divide_those_that_are_tried(run):
    x = tf.placeholder("float32", [None])
    found = [tf.reshape(x, [1, 7]), tf.reshape(x, [-1, 7]), tf.reshape(x, tf.stack([7, -1]))]
    assert [y.shape.as_list() for y in found] == [[1, 7], [None, 7], [7, None]]
    assert [y.shape for y in run(found, {x: np.zeros(7)})] == [(1, 7), (1, 7), (7, 1)]
    with pytest.raises(ValueError, match=r"as many|has 7|requested shape"):
        tf.reshape(tf.zeros([6]), [7])
