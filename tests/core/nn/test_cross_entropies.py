from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenon as tf

LOGITS = hnp.arrays(np.float64, (2, 3), elements=st.floats(-30, 30))
PROBABILITIES = hnp.arrays(np.float64, (2, 3), elements=st.floats(0, 1))


def with_gradient(function, *values):
    values = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = function(*values)
    return [result.numpy(), *[gradient.numpy() for gradient in tape.gradient(result, values)]]


@given(PROBABILITIES, LOGITS)
def test_cross_entropy_is_its_formula_and_its_gradient_softmax_less_labels(labels, logits):
    softmax = np.exp(logits - logits.max(-1, keepdims=True))
    softmax /= softmax.sum(-1, keepdims=True)
    loss, by_labels, by_logits = with_gradient(tf.nn.softmax_cross_entropy_with_logits, labels, logits)
    np.testing.assert_allclose(loss, -(labels * np.log(softmax)).sum(-1), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(by_labels, -np.log(softmax), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(by_logits, softmax - labels, rtol=1e-9, atol=1e-9)


@given(st.lists(st.integers(0, 2), min_size=2, max_size=2), LOGITS)
def test_labels_may_be_numbers_of_classes(labels, logits):
    sparse = with_gradient(lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels, x), logits)
    dense = with_gradient(lambda x: tf.nn.softmax_cross_entropy_with_logits(np.eye(3)[labels], x), logits)
    for found, expected in zip(sparse, dense, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_cross_entropy_goes_along_an_axis():
    labels, logits = np.random.default_rng(1).random((2, 2, 3, 4))
    found = tf.nn.softmax_cross_entropy_with_logits(labels, logits, axis=1)
    expected = tf.nn.softmax_cross_entropy_with_logits(np.moveaxis(labels, 1, -1), np.moveaxis(logits, 1, -1))
    np.testing.assert_allclose(found, expected)


def test_cross_entropy_stays_finite_and_exact_where_softmax_is_0():
    loss, gradient = with_gradient(lambda x: tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0]], x), [[1e4, -1e4]])
    assert loss.tolist() == [2e4]
    assert gradient.tolist() == [[1.0, -1.0]]


def test_cross_entropy_of_16_bits_is_computed_in_32():
    logits = tf.constant([[0.0, 12.0]], "float16")
    for found in (
        tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0]], logits),
        tf.nn.sparse_softmax_cross_entropy_with_logits([1], logits),
    ):
        assert found.dtype == tf.float16
        assert float(found[0]) == pytest.approx(math.log1p(math.exp(-12)), rel=0.02)


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_that_is_no_class_is_refused_and_gives_nan_where_labels_are_not_known(label):
    labels, logits = tf.constant([0, label]), tf.constant([[1.0, 2.0], [1.0, 2.0]])
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=rf"value of {label} which is outside.*\[0, 2\).*0 {label}"
    ):
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    function = tf.function(tf.nn.sparse_softmax_cross_entropy_with_logits)
    loss, gradient = with_gradient(lambda x: function(labels, x), logits)
    assert np.isnan(loss).tolist() == [False, True]
    assert np.isnan(gradient).tolist() == [[False, False], [True, True]]


def test_second_derivatives_flow():
    logits = tf.constant([1.0, 2.0, 0.5])
    with tf.GradientTape() as outer:
        outer.watch(logits)
        with tf.GradientTape() as inner:
            inner.watch(logits)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(1, logits)
        gradient = inner.gradient(loss, logits)
    softmax = tf.nn.softmax(logits).numpy()
    np.testing.assert_allclose(
        outer.jacobian(gradient, logits), np.diag(softmax) - np.outer(softmax, softmax), atol=1e-6
    )


@given(PROBABILITIES, LOGITS, st.floats(0.1, 5))
def test_sigmoid_cross_entropies_are_their_formulas(labels, logits, weight):
    positive, negative = np.logaddexp(0, -logits), np.logaddexp(0, logits)
    found = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
    np.testing.assert_allclose(found, labels * positive + (1 - labels) * negative, rtol=1e-9, atol=1e-12)
    found = tf.nn.weighted_cross_entropy_with_logits(labels, logits, weight)
    np.testing.assert_allclose(found, weight * labels * positive + (1 - labels) * negative, rtol=1e-9, atol=1e-12)


@given(PROBABILITIES, LOGITS)
def test_the_gradient_of_sigmoid_cross_entropy_is_sigmoid_less_labels(labels, logits):
    _, gradient = with_gradient(lambda x: tf.nn.sigmoid_cross_entropy_with_logits(labels, x), logits)
    np.testing.assert_allclose(gradient, 1 / (1 + np.exp(-logits)) - labels, rtol=1e-9, atol=1e-12)


def test_a_tiny_loss_keeps_its_digits():
    assert float(tf.nn.sigmoid_cross_entropy_with_logits([1.0], [40.0])[0]) == pytest.approx(math.exp(-40))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.nn.sigmoid_cross_entropy_with_logits(logits=[1.0]), "both are needed; received None"),
        (lambda: tf.nn.sigmoid_cross_entropy_with_logits([[1.0]], [1.0]), "must have the same shape"),
        (lambda: tf.nn.weighted_cross_entropy_with_logits([[1.0]], [1.0], 1.0), "must have the same shape"),
        (lambda: tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0, 0.0]], [[1.0, 2.0]]), "shapes"),
        (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([[1]], [1.0, 2.0]), r"\[\]; received \[1, 1\]"),
        (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([1.0], [[1.0, 2.0]]), "int32"),
    ],
)
def test_labels_that_do_not_fit_are_refused(call, message):
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError), match=message):
        call()
