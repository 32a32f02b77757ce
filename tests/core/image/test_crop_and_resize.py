from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.image.strategies import numbers

IMAGE = numbers(2, 5, 6, 3, dtype="float32")
EDGES = st.floats(-0.5, 1.5, width=32)


def sample(image, row, column, method, outside):
    """Return one pixel between pixels, or a value for what lies outside."""
    height, width = image.shape[:2]
    if not (0 <= row <= height - 1 and 0 <= column <= width - 1):
        return np.full(image.shape[2], outside)
    if method == "nearest":
        return image[int(np.floor(row + 0.5)), int(np.floor(column + 0.5))]
    top, left = int(row), int(column)
    bottom, right = int(np.ceil(row)), int(np.ceil(column))
    above = image[top, left] + (image[top, right] - image[top, left]) * (column - left)
    below = image[bottom, left] + (image[bottom, right] - image[bottom, left]) * (column - left)
    return above + (below - above) * (row - top)


def places(begin, end, count, length):
    if count == 1:
        return [(begin + end) / 2 * (length - 1)]
    return [begin * (length - 1) + number * (end - begin) * (length - 1) / (count - 1) for number in range(count)]


@given(st.tuples(EDGES, EDGES, EDGES, EDGES), st.sampled_from([(1, 1), (3, 2)]), st.sampled_from([0, 1]))
@settings(max_examples=30)
def test_pixels_of_a_box_are_sampled_between_pixels(box, size, index):
    found = tf.image.crop_and_resize(IMAGE, [box], [index], size, extrapolation_value=-1.0).numpy()[0]
    rows, columns = places(box[0], box[2], size[0], 5), places(box[1], box[3], size[1], 6)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            on_edge = min(abs(row), abs(row - 4), abs(column), abs(column - 5)) < 1e-4
            expected = sample(IMAGE[index], row, column, "bilinear", -1.0)
            assert on_edge or np.allclose(found[i, j], expected, atol=1e-4)


def test_the_whole_image_in_its_size_is_the_image():
    for method in ("bilinear", "nearest"):
        found = tf.image.crop_and_resize(IMAGE, [[0, 0, 1, 1], [1, 1, 0, 0]], [1, 1], [5, 6], method)
        np.testing.assert_allclose(found[0], IMAGE[1], atol=1e-6)
        np.testing.assert_allclose(found[1], IMAGE[1, ::-1, ::-1], atol=1e-6)


def test_the_nearest_pixel_may_be_taken():
    box = [0.11, 0.23, 0.83, 0.97]
    found = tf.image.crop_and_resize(IMAGE, [box], [0], [3, 4], "nearest").numpy()[0]
    for i, row in enumerate(places(box[0], box[2], 3, 5)):
        for j, column in enumerate(places(box[1], box[3], 4, 6)):
            np.testing.assert_allclose(found[i, j], sample(IMAGE[0], row, column, "nearest", 0))


def test_bytes_become_floats():
    image = np.array([[[[10], [30]]]], "uint8")
    found = tf.image.crop_and_resize(image, [[0, 0, 0, 1]], [0], [1, 3])
    assert (found.dtype, found.numpy().ravel().tolist()) == (tf.float32, [10.0, 20.0, 30.0])


def test_gradients_reach_the_image_and_the_boxes():
    image, boxes = tf.constant(IMAGE), tf.constant([[0.15, 0.22, 0.81, 0.93]])
    with tf.GradientTape() as tape:
        tape.watch([image, boxes])
        total = tf.reduce_sum(tf.image.crop_and_resize(image, boxes, [1], [3, 4]))
    by_image, by_boxes = tape.gradient(total, [image, boxes])
    assert float(tf.reduce_sum(by_image)) == pytest.approx(36, rel=1e-5)
    step = np.array([[1e-3, -2e-3, 1e-3, 2e-3]], "float32")
    ahead, behind = (
        float(tf.reduce_sum(tf.image.crop_and_resize(image, boxes + sign * step, [1], [3, 4]))) for sign in (1, -1)
    )
    assert float(tf.reduce_sum(by_boxes * step)) == pytest.approx((ahead - behind) / 2, rel=0.02, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IMAGE, [[0.0, 0, 1, 1]], [0, 1], [2, 2]), r"received \[2, 5, 6, 3\], \[1, 4\] and \[2\]"),
        ((IMAGE, [[0.0, 0, 1]], [0], [2, 2]), "image, boxes, box_indices: must be"),
        ((IMAGE, [[0.0, 0, 1, 1]], [0], [2, 0]), "crop_size: must be two positive sizes"),
        ((IMAGE, [[0.0, 0, 1, 1]], [0], [2, 2], "cubic"), "method: must be 'bilinear' or 'nearest'; received 'cubic'"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.image.crop_and_resize(*arguments)
