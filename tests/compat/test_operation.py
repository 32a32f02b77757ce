from __future__ import annotations

import numpy as np
import pytest

import tenon
from tests.compat.v1 import tf


def test_a_symbolic_tensor_has_a_name_a_type_and_a_shape(graph):
    x = tf.placeholder("float32", [None, 3], "x")
    assert (x.name, x.dtype, x.shape.as_list(), x.ndim) == ("x:0", tenon.float32, [None, 3], 2)
    assert repr(x) == "<tf.Tensor 'x:0' shape=(None, 3) dtype=float32>"
    assert str(x) == 'Tensor("x:0", shape=(None, 3), dtype=float32)'
    assert repr(x.op) == "<tf.Operation 'x' type=Placeholder>"
    assert x.op.values() == (x,)
    assert x.device == ""


def test_it_is_a_key_and_equal_only_to_itself(graph):
    x, y = tf.constant(1.0), tf.constant(1.0)
    assert {x: 1}[x] == 1
    assert x != y
    assert x.ref().deref() is x


def test_it_has_no_truth_no_length_and_no_elements(graph):
    x = tf.constant([1.0])
    with pytest.raises(TypeError, match="not allowed"):
        bool(x)
    with pytest.raises(TypeError, match="not allowed in Graph execution"):
        list(x)
    with pytest.raises(TypeError, match="len is not well defined"):
        len(x)
    with pytest.raises(NotImplementedError, match="Cannot convert a symbolic"):
        np.asarray(x)


def test_its_shape_can_be_narrowed(graph):
    x, y = tf.placeholder("float32", [None, 3]), tf.placeholder("float32")
    x.set_shape([4, None])
    y.set_shape([None, 2])
    assert x.shape.as_list() == [4, 3]
    assert (x + 1.0).shape.as_list() == [4, 3]
    assert y.shape.as_list() == [None, 2]
    with pytest.raises(ValueError, match="are incompatible"):
        x.set_shape([5, 3])


def test_it_knows_who_takes_it(graph):
    x = tf.constant(1.0)
    y = x + 1.0
    assert x.consumers() == [y.op]
    assert y.op.inputs == (x,)


def test_it_cannot_be_used_where_code_computes_at_once(graph):
    x = tf.constant(1.0)
    with tenon.compat._mode.default_graph(None), pytest.raises(RuntimeError, match="outside of it"):
        tenon.core.NAMES["math.add"](x, 1.0)


def test_keras_layers_refuse_it_and_say_why(graph):
    with pytest.raises(TypeError, match=r"Keras layers .* take no symbolic tensors"):
        tenon.keras.layers.Dense(2)(tf.placeholder("float32", [None, 3]))


def test_evaluating_needs_a_session_of_its_graph(graph):
    x = tf.constant(2.0)
    with pytest.raises(ValueError, match="No default session"):
        x.eval()
    with pytest.raises(ValueError, match="No default session"):
        x.op.run()
    with tf.Session(graph=tf.Graph()), pytest.raises(ValueError, match="different"):
        x.eval()
    assert x.eval(session=tf.Session(graph=graph)) == 2.0


def test_pythons_operators_make_operations(graph, run):
    x, n, b = tf.constant([7.0, -3.0]), tf.constant([7, 3]), tf.constant([True, False])
    m = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    found = run(
        [x + 1, 1 - x, x * x, x / 2.0, x // 2.0, n % 4, x**2, 2.0**x, -x, abs(x), x < 0.0, n & 2, b | True, ~b, m @ m]
    )
    expected = [[8, -2], [-6, 4], [49, 9], [3.5, -1.5], [3, -2], [3, 3], [49, 9], [128, 0.125], [-7, 3], [7, 3]]
    expected += [[False, True], [2, 2], [True, True], [False, True], [[7, 10], [15, 22]]]
    assert [value.tolist() for value in found] == expected


def test_slices_may_have_symbolic_bounds(graph, run):
    x, i = tf.constant([[1, 2, 3], [4, 5, 6]]), tf.placeholder("int32", [])
    found = run([x[i], x[..., -1], x[:, None, 1:].shape.as_list() and x[:, ::2]], {i: 1})
    assert [value.tolist() for value in found] == [[4, 5, 6], [3, 6], [[1, 3], [4, 6]]]
