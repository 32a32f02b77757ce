from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

TWO = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.5]]


def some_boxes(count, seed):
    source = np.random.default_rng(seed)
    boxes = np.sort(source.uniform(size=(count, 2, 2)), 1).reshape(count, 4).astype("float32")
    return boxes, source.integers(0, 10, count).astype("float32") / 10


def overlap(a, b):
    height = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - height * width
    return height * width / union if union else 0.0


def best_by_hand(boxes, scores, count, threshold, least):
    """Return the best boxes, one after the other: those that overlap a better one are left out."""
    chosen = []
    for index in sorted(range(len(boxes)), key=lambda index: (-scores[index], index)):
        apart = all(overlap(boxes[index], boxes[other]) <= threshold for other in chosen)
        if len(chosen) < count and scores[index] > least and apart:
            chosen.append(index)
    return chosen


@given(st.integers(0, 1000), st.sampled_from([0, 3, 12, 20]), st.sampled_from([0.1, 0.4, 1.0]))
@settings(max_examples=25)
def test_the_best_boxes_do_not_overlap(seed, count, threshold):
    boxes, scores = some_boxes(12, seed)
    expected = best_by_hand(boxes, scores, count, threshold, 0.15)
    found = tf.image.non_max_suppression(boxes, scores, count, threshold, 0.15)
    assert (found.dtype, found.numpy().tolist()) == (tf.int32, expected)
    indices, kept = tf.image.non_max_suppression_with_scores(boxes, scores, count, threshold, 0.15)
    assert indices.numpy().tolist() == expected
    np.testing.assert_array_equal(kept, scores[expected])
    overlaps = np.array([[overlap(a, b) for b in boxes] for a in boxes], "float32")
    assert tf.image.non_max_suppression_overlaps(overlaps, scores, count, threshold, 0.15).numpy().tolist() == expected


def test_padding_gives_a_shape_that_no_value_decides():
    boxes, scores = some_boxes(12, 1)
    best = best_by_hand(boxes, scores, 6, 0.2, 0.35)
    function = tf.function(lambda b, s: tf.image.non_max_suppression_padded(b, s, 6, 0.2, 0.35, True))
    indices, count = function(boxes, scores)
    assert indices.numpy().tolist() == [*best, *[0] * (6 - len(best))]
    assert int(count) == len(best)
    indices, count = tf.image.non_max_suppression_padded(boxes, scores, 6, 0.2, 0.35)
    assert (indices.numpy().tolist(), int(count)) == (best, len(best))
    batch = tf.image.non_max_suppression_padded(np.stack([boxes] * 2), np.stack([scores] * 2), 20, 0.2, 0.35, True)
    assert batch[0].shape == [2, 20]
    assert batch[1].numpy().tolist() == [len(best_by_hand(boxes, scores, 20, 0.2, 0.35))] * 2


def test_scores_may_decay_with_overlap():
    indices, scores = tf.image.non_max_suppression_with_scores(TWO, [0.9, 0.8], 2, soft_nms_sigma=0.5)
    assert indices.numpy().tolist() == [0, 1]
    np.testing.assert_allclose(scores, [0.9, 0.8 * np.exp(-0.5 * 0.25 / 0.5)], rtol=1e-6)


def test_an_overlap_of_the_threshold_is_none_and_corners_may_be_any():
    assert tf.image.non_max_suppression(TWO, [0.9, 0.8], 2, 0.5).numpy().tolist() == [0, 1]
    assert tf.image.non_max_suppression(TWO, [0.9, 0.8], 2, 0.49).numpy().tolist() == [0]
    assert tf.image.non_max_suppression([[1.0, 1, 0, 0], TWO[1]], [0.9, 0.8], 2, 0.49).numpy().tolist() == [0]


def test_no_boxes_have_no_best():
    assert tf.image.non_max_suppression(np.zeros((0, 4), "float32"), np.zeros(0, "float32"), 5).shape == [0]


def test_a_traced_function_cannot_have_a_shape_of_values():
    function = tf.function(lambda b, s: tf.image.non_max_suppression(b, s, 2))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"use tf\.image\.non_max_suppression_padded"):
        function(tf.constant(TWO), tf.constant([0.9, 0.8]))


def test_outlines_are_one_pixel_wide_and_take_colours_in_turn():
    images = np.zeros((1, 5, 6, 3), "float32")
    boxes = [[[0.0, 0.0, 0.5, 0.4], [0.5, 0.4, 1.0, 1.0], [0.9, 0.1, 0.2, 0.5]]]
    found = tf.image.draw_bounding_boxes(images, boxes, [[1.0, 0.5, 0.0], [0.0, 0.0, 1.0]]).numpy()[0]
    assert found[0, 0].tolist() == [1.0, 0.5, 0.0]
    assert found[1, 1].tolist() == [0.0, 0.0, 0.0]
    assert found[2, 2].tolist() == [0.0, 0.0, 1.0]
    assert (found.sum(-1) > 0).sum() == 8 + 10 - 1


def test_boxes_have_colours_of_their_own_and_grey_images_white_ones():
    boxes = [[[0.0, 0.0, 1.0, 1.0]]]
    assert tf.image.draw_bounding_boxes(np.zeros((1, 3, 3, 3), "float32"), boxes, None).numpy()[0, 0, 0].tolist() == [
        1,
        1,
        0,
    ]
    assert tf.image.draw_bounding_boxes(np.zeros((1, 3, 3, 1), "float32"), boxes, None).numpy().sum() == 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.image.non_max_suppression(TWO, [0.9], 2), r"received \[2, 4\], \[1\] and 2"),
        (lambda: tf.image.non_max_suppression(TWO, [0.9, 0.8], -1), "max_output_size that is not negative"),
        (lambda: tf.image.non_max_suppression_overlaps([[1.0]], [0.9, 0.8], 2), "overlaps: must be"),
        (lambda: tf.image.non_max_suppression_padded([TWO], [[0.9, 0.8]], 2), "must be True for batches"),
        (lambda: tf.image.draw_bounding_boxes(np.zeros((1, 3, 3, 3), "float32"), [TWO], [[1.0]]), "colors: must be"),
        (lambda: tf.image.draw_bounding_boxes(np.zeros((1, 3, 3, 3), "float32"), TWO, None), "images, boxes: must be"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call()
