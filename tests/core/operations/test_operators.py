from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tenon.base import InvalidArgumentError
from tenon.core.operations import install_binary, install_operator
from tenon.core.tensors import Tensor
from tenon.core.variables import Variable

I = tf.constant([7, -7])  # noqa: E741
F = tf.constant([1.0, 4.0])
B = tf.constant([True, False])


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda: I + 1, [8, -6]),
        (lambda: 1 + I, [8, -6]),
        (lambda: I - 1, [6, -8]),
        (lambda: 1 - I, [-6, 8]),
        (lambda: I * 2, [14, -14]),
        (lambda: 2 * I, [14, -14]),
        (lambda: I / 2, [3.5, -3.5]),
        (lambda: 14 / I, [2.0, -2.0]),
        (lambda: I // 2, [3, -4]),
        (lambda: 15 // I, [2, -3]),
        (lambda: I % 3, [1, 2]),
        (lambda: 15 % I, [1, -6]),
        (lambda: I**2, [49, 49]),
        (lambda: 2 ** tf.constant([1, 3]), [2, 8]),
        (lambda: F**0.5, [1.0, 2.0]),
        (lambda: -I, [-7, 7]),
        (lambda: abs(I), [7, 7]),
        (lambda: ~I, [-8, 6]),
        (lambda: ~B, [False, True]),
        (lambda: I & 3, [3, 1]),
        (lambda: 3 & I, [3, 1]),
        (lambda: I | 8, [15, -7]),
        (lambda: I ^ 1, [6, -8]),
        (lambda: B & True, [True, False]),
        (lambda: B | True, [True, True]),
        (lambda: True ^ B, [False, True]),
        (lambda: I < 0, [False, True]),
        (lambda: I <= 7, [True, True]),
        (lambda: I > 0, [True, False]),
        (lambda: tf.constant(0) >= I, [False, True]),
        (lambda: I == 7, [True, False]),
        (lambda: I != 7, [False, True]),
        (lambda: tf.constant([[1.0, 2.0]]) @ tf.constant([[3.0], [4.0]]), [[11.0]]),
        (lambda: np.array([[1.0, 2.0]], np.float32) @ tf.constant([[3.0], [4.0]]), [[11.0]]),
        (lambda: np.array([1, 2]) + I, [8, -5]),
        (lambda: tf.constant(["a"]) + "b", [b"ab"]),
        (lambda: "b" + tf.constant(["a"]), [b"ba"]),
    ],
)
def test_an_operator_of_python_computes_what_it_says(result, expected):
    assert result().numpy().tolist() == expected


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!="])
def test_variables_and_tensors_mix(operator):
    variable, tensor = tf.Variable([3.0, 4.0]), tf.constant([2.0, 5.0])
    expected = eval(f"a {operator} b", {"a": variable.numpy(), "b": tensor.numpy()})
    for a, b in (
        (variable, tensor),
        (tf.constant(variable.numpy()), tf.Variable(tensor)),
        (variable, tf.Variable(tensor)),
    ):
        assert eval(f"a {operator} b", {"a": a, "b": b}).numpy().tolist() == pytest.approx(expected.tolist())


def test_equality_with_none_and_with_other_shapes_is_false():
    assert (I == None) is False  # noqa: E711
    assert (I != None) is True  # noqa: E711
    assert not (tf.constant([1, 2, 3]) == I).numpy()
    assert (tf.constant([1, 2, 3]) != I).numpy()
    with pytest.raises(InvalidArgumentError, match="Incompatible shapes"):
        tf.equal(I, [1, 2, 3])


def test_equality_of_two_dtypes_is_refused():
    with pytest.raises(InvalidArgumentError, match="was expected to be a int32 tensor but is a float tensor"):
        I == F  # noqa: B015


def test_a_tensor_stays_unhashable():
    with pytest.raises(TypeError, match="Tensor is unhashable"):
        hash(I)


def test_integers_are_not_divided_by_zero():
    for refused in (lambda: I // 0, lambda: I % 0, lambda: tf.truncatediv(I, 0), lambda: tf.truncatemod(I, [1, 0])):
        with pytest.raises(InvalidArgumentError, match="Integer division by zero"):
            refused()
    assert (F // 0).numpy().tolist() == [np.inf, np.inf]
    assert np.isnan((F % 0).numpy()).all()


def test_integers_have_no_negative_powers():
    with pytest.raises(InvalidArgumentError, match="Integers to negative integer powers are not allowed"):
        I**-1
    assert (F**-1).numpy().tolist() == [1.0, 0.25]


def test_bits_and_truths_do_not_mix():
    with pytest.raises(InvalidArgumentError, match="was expected to be a bool tensor but is a int32 tensor"):
        B & I
    with pytest.raises(InvalidArgumentError, match="of float is not in the list of allowed values"):
        F & F
    with pytest.raises(InvalidArgumentError, match="of float is not in the list of allowed values"):
        _ = ~F


def test_vectors_have_no_matrix_product():
    with pytest.raises(InvalidArgumentError, match="ndims must be >= 2"):
        F @ F


def test_values_on_the_right_may_know_the_operation_themselves():
    class Knowing:
        def __radd__(self, other):
            return "known"

        def __rmul__(self, other):
            return NotImplemented

    assert F + Knowing() == "known"
    with pytest.raises(ValueError, match="unsupported type"):
        F * Knowing()
    with pytest.raises(ValueError, match="unsupported type"):
        F - object()


def test_operators_can_be_added():
    install_binary("lshift", lambda x, y: "left")
    install_operator("__pos__", lambda x: "plus")
    try:
        assert F << 1 == 1 << F == tf.Variable(1) << 1 == "left"
        assert +F == +tf.Variable(1) == "plus"
    finally:
        for cls in (Tensor, Variable):
            for name in ("__lshift__", "__rlshift__", "__pos__"):
                delattr(cls, name)


def test_squares_are_exact():
    assert (tf.constant([3.0, 1e3, -7.0]) ** 2).numpy().tolist() == [9.0, 1e6, 49.0]
    x = tf.Variable(-3.0)
    with tf.GradientTape() as tape:
        y = x**2
    assert tape.gradient(y, x).numpy() == -6.0


def test_operators_are_recorded_by_tapes():
    x = tf.Variable([2.0, 3.0])
    with tf.GradientTape() as tape:
        y = 1.0 - (x * 2.0 + x / 4.0 - 1.0) ** 3.0
    expected = -3 * (np.array([2.0, 3.0]) * 2.25 - 1) ** 2 * 2.25
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), expected, rtol=1e-5)
