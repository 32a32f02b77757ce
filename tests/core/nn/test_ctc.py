from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

CLASSES = 3


def spelled(path, blank):
    """Return what frames spell: equal neighbours count once, blanks not at all."""
    return [symbol for symbol, _ in groupby(path) if symbol != blank]


def loss_by_counting(labels, logits, blank):
    """Return the loss, by trying every class at every frame."""
    scores = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    likelihoods = [
        np.exp(sum(scores[frame, symbol] for frame, symbol in enumerate(path)))
        for path in product(range(CLASSES), repeat=len(logits))
        if spelled(path, blank) == list(labels)
    ]
    return -np.log(np.sum(likelihoods))


@given(st.integers(0, CLASSES - 1), st.data())
@settings(max_examples=15)
def test_the_loss_counts_every_alignment(blank, data):
    labels = [symbol for symbol in range(CLASSES) if symbol != blank]
    spelling = data.draw(st.lists(st.sampled_from(labels), max_size=2))
    frames = data.draw(st.integers(2 * len(spelling), 5).filter(bool))
    logits = np.random.default_rng(frames).normal(size=(5, 1, CLASSES)) * 2
    padded = [[*spelling, *[labels[0]] * (3 - len(spelling))]]
    found = tf.nn.ctc_loss(padded, logits, [len(spelling)], [frames], blank_index=blank)
    expected = loss_by_counting(spelling, logits[:frames, 0], blank)
    np.testing.assert_allclose(found, [expected], rtol=1e-9)


LABELS = np.array([[1, 2, 2, 0], [2, 0, 0, 0]])
LENGTHS = ([3, 1], [6, 4])


def example():
    return np.random.default_rng(5).normal(size=(6, 2, CLASSES))


def test_the_blank_is_class_0_and_negative_indices_count_from_the_end():
    logits = example()
    np.testing.assert_allclose(
        tf.nn.ctc_loss(LABELS, logits, *LENGTHS), tf.nn.ctc_loss(LABELS, logits, *LENGTHS, blank_index=-CLASSES)
    )


def test_batches_may_come_first():
    logits = example()
    found = tf.nn.ctc_loss(LABELS, logits.swapaxes(0, 1), *LENGTHS, logits_time_major=False)
    np.testing.assert_allclose(found, tf.nn.ctc_loss(LABELS, logits, *LENGTHS))


def test_the_gradient_is_the_slope_and_0_after_the_last_frame():
    logits = tf.constant(example())
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.nn.ctc_loss(LABELS, logits, *LENGTHS)
    gradient = tape.gradient(loss, logits).numpy()
    assert not gradient[4:, 1].any()
    np.testing.assert_allclose(gradient.sum(-1), 0, atol=1e-12)
    step = 1e-6 * np.random.default_rng(6).normal(size=logits.shape)
    ahead, behind = (tf.nn.ctc_loss(LABELS, logits.numpy() + sign * step, *LENGTHS).numpy() for sign in (1, -1))
    np.testing.assert_allclose((gradient * step).sum((0, 2)), (ahead - behind) / 2, rtol=1e-6)


def test_too_few_frames_spell_nothing_and_teach_nothing():
    logits = tf.constant(example())
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.nn.ctc_loss(LABELS, logits, [3, 1], [3, 4])
    assert np.isinf(loss).tolist() == [True, False]
    gradient = tape.gradient(loss, logits).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[:, 0].any()


def test_what_does_not_fit_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"labels, logits: must be.*received \[2, 4\]"):
        tf.nn.ctc_loss(LABELS, np.zeros((6, 3, CLASSES)), *LENGTHS)
    with pytest.raises(tf.errors.InvalidArgumentError, match="label_length, logit_length: must be one number for each"):
        tf.nn.ctc_loss(LABELS, example(), [3], [6, 4])
