from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenon as tf

PATHS = st.lists(st.integers(0, 3), max_size=6)


def logits_of(paths, frames):
    """Return logits in which the classes of the paths are the best."""
    logits = np.random.default_rng(1).normal(size=(frames, len(paths), 4)).astype("float32")
    for row, path in enumerate(paths):
        for frame, symbol in enumerate(path):
            logits[frame, row, symbol] = 9.0
    return logits


@given(st.lists(PATHS, min_size=1, max_size=3), st.integers(0, 3), st.booleans())
def test_the_best_classes_are_spelled_without_blanks(paths, blank, merge):
    logits = logits_of(paths, 6)
    (decoded,), scores = tf.nn.ctc_greedy_decoder(logits, [len(path) for path in paths], merge, blank)
    merged = [[symbol for symbol, _ in groupby(path)] if merge else path for path in paths]
    expected = [[symbol for symbol in path if symbol != blank] for path in merged]
    assert decoded.shape == [len(paths), max(map(len, expected))]
    assert decoded.values.numpy().tolist() == [label for labels in expected for label in labels]
    rows = decoded.indices.numpy()[:, 0]
    assert [int((rows == row).sum()) for row in range(len(paths))] == [len(labels) for labels in expected]
    np.testing.assert_allclose(scores, [[-9.0 * len(path)] for path in paths])


def test_the_last_class_is_the_blank_and_labels_are_dense_with_a_default():
    (decoded,), scores = tf.nn.ctc_greedy_decoder(logits_of([[3, 1, 1, 3, 1], [2]], 5), [5, 1])
    assert tf.sparse.to_dense(decoded, -1).numpy().tolist() == [[1, 1], [2, -1]]
    assert (decoded.dtype, scores.dtype) == (tf.int64, tf.float32)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ([6, 7],),
            tf.errors.FailedPreconditionError,
            r"at most the 6 frames, for each of 2 sequences; received \[6, 7\]",
        ),
        (([6],), tf.errors.FailedPreconditionError, "sequence_length: must be one number"),
        (([6, 6], True, 4), tf.errors.InvalidArgumentError, "blank_index: expected to be between -4 and 3; received 4"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        tf.nn.ctc_greedy_decoder(logits_of([[], []], 6), *arguments)


def test_logits_have_three_dimensions_and_are_known():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be \[frames, batch, classes\]; received \[6, 2\]"):
        tf.nn.ctc_greedy_decoder(np.zeros((6, 2)), [6, 6])
    function = tf.function(lambda x: tf.nn.ctc_greedy_decoder(x, [1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="XLA compiles for fixed shapes"):
        function(tf.zeros([1, 1, 3]))
