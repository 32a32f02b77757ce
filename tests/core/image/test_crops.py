from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.image.strategies import LENGTHS, images, numbers

FEW = settings(max_examples=15)


@given(images(), st.data())
@FEW
def test_a_crop_is_a_slice_and_padding_undoes_it_but_for_the_border(image, data):
    height, width = image.shape[-3:-1]
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rows, columns = data.draw(st.integers(1, height - top)), data.draw(st.integers(1, width - left))
    part = tf.image.crop_to_bounding_box(image, top, left, rows, columns).numpy()
    np.testing.assert_array_equal(part, image[..., top : top + rows, left : left + columns, :])
    whole = tf.image.pad_to_bounding_box(part, top, left, height, width).numpy()
    expected = np.zeros_like(image)
    expected[..., top : top + rows, left : left + columns, :] = part
    np.testing.assert_array_equal(whole, expected)


@given(images(), LENGTHS, LENGTHS)
@FEW
def test_the_middle_stays_in_the_middle(image, height, width):
    found = tf.image.resize_with_crop_or_pad(image, height, width).numpy()
    assert found.shape == (*image.shape[:-3], height, width, image.shape[-1])
    back = tf.image.resize_with_crop_or_pad(found, *image.shape[-3:-1]).numpy()
    kept = [min(pair) for pair in zip(found.shape[-3:-1], image.shape[-3:-1], strict=True)]
    assert np.count_nonzero(back != image) <= image.size - np.prod(kept) * image[..., 0, 0, :].size
    assert abs(found.sum() - back.sum()) < 1e-9


@given(images(), st.floats(0.05, 1))
@FEW
def test_a_central_crop_keeps_a_fraction_of_each_direction(image, fraction):
    found = tf.image.central_crop(image, fraction).numpy()
    for size, kept in zip(image.shape[-3:-1], found.shape[-3:-1], strict=True):
        assert fraction * size <= kept < fraction * size + 2
        assert (size - kept) % 2 == 0


def patches_by_hand(image, size, stride, rate, padding):
    height, width = image.shape[1:3]
    extents = [(one - 1) * rate + 1 for one in size]
    pads = [(0, 0), (0, 0)]
    if padding == "SAME":
        totals = [max((-(-n // stride) - 1) * stride + e - n, 0) for n, e in zip((height, width), extents, strict=True)]
        pads = [(total // 2, total - total // 2) for total in totals]
    padded = np.pad(image, [(0, 0), *pads, (0, 0)])
    rows = range(0, padded.shape[1] - extents[0] + 1, stride)
    columns = range(0, padded.shape[2] - extents[1] + 1, stride)
    return np.stack(
        [
            np.stack(
                [
                    padded[:, i : i + extents[0] : rate, j : j + extents[1] : rate].reshape(len(image), -1)
                    for j in columns
                ],
                1,
            )
            for i in rows
        ],
        1,
    )


@given(
    st.sampled_from([(1, 1), (2, 3), (3, 2)]), st.integers(1, 3), st.integers(1, 2), st.sampled_from(["SAME", "VALID"])
)
@FEW
def test_patches_are_slices_row_by_row(size, stride, rate, padding):
    image = numbers(2, 7, 8, 3)
    found = tf.image.extract_patches(image, [1, *size, 1], [1, stride, stride, 1], [1, rate, rate, 1], padding)
    np.testing.assert_array_equal(found, patches_by_hand(image, size, stride, rate, padding))


def test_a_traced_function_crops_at_places_that_it_computes():
    image = numbers(4, 5, 1)
    function = tf.function(lambda x, top: tf.image.crop_to_bounding_box(x, top, top + 1, 2, 2))
    for top in (0, 2):
        np.testing.assert_array_equal(function(image, tf.constant(top)), image[top : top + 2, top + 1 : top + 3])
    function = tf.function(lambda x, top: tf.image.pad_to_bounding_box(x, top, 0, 6, 5))
    np.testing.assert_array_equal(function(image, tf.constant(1)), np.pad(image, [(1, 1), (0, 0), (0, 0)]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: tf.image.crop_to_bounding_box(x, 1, 2, 4, 2), "an offset of 1 for 4 of 4 pixels"),
        (lambda x: tf.image.crop_to_bounding_box(x, 0, -1, 2, 2), "offset_width.*an offset of -1"),
        (lambda x: tf.image.crop_to_bounding_box(x, 0, 0, 0, 2), "target_height: must be > 0"),
        (lambda x: tf.image.pad_to_bounding_box(x, 1, 0, 4, 5), "an offset of 1 for 4 of 4 pixels"),
        (lambda x: tf.image.central_crop(x, 0.0), r"central_fraction: must be within \(0, 1\]; received 0.0"),
        (lambda x: tf.image.resize_with_crop_or_pad(x, 0, 1), "must be > 0; received 0 and 1"),
        (lambda x: tf.image.extract_patches(x, [1, 2, 2, 1], [1] * 4, [1] * 4, "SAME"), "for a batch of images"),
        (lambda x: tf.image.extract_patches(x[None], [1, 2, 2, 1], [1] * 4, [1] * 4, "FULL"), "received 'FULL'"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(numbers(4, 5, 1))
