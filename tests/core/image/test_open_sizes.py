from __future__ import annotations

import pytest

import tenon as tf
from tests.core.image.strategies import numbers
from tests.core.open_sizes import assert_same_with_open_sizes

IMAGES = numbers(2, 6, 7, 3, dtype="float32")
OF_ANY_SIZE = {
    **{
        f"resize {method}": lambda x, m=method: tf.image.resize(x, [4, 9], m)
        for method in ("bilinear", "nearest", "area")
    },
    **{f"resize {method}": lambda x, m=method: tf.image.resize(x, [4, 9], m) for method in ("bicubic", "lanczos3")},
    "resize with antialias": lambda x: tf.image.resize(x, [4, 9], antialias=True),
    "resize_with_crop_or_pad": lambda x: tf.image.resize_with_crop_or_pad(x, 4, 9),
    "crop_to_bounding_box": lambda x: tf.image.crop_to_bounding_box(x, 1, 2, 3, 4),
    "crop_and_resize": lambda x: tf.image.crop_and_resize(x, [[0.1, 0.2, 0.8, 0.9]], [1], [3, 4]),
    "rot90": tf.image.rot90,
    "grey": tf.image.rgb_to_grayscale,
    "hue": lambda x: tf.image.adjust_hue(x, 0.3),
    "contrast": lambda x: tf.image.adjust_contrast(x, 2.0),
    "per_image_standardization": tf.image.per_image_standardization,
    "ssim": lambda x: tf.image.ssim(x, x * 0.9, 1.0, 3),
}
OF_ANY_BATCH = {
    "pad_to_bounding_box": lambda x: tf.image.pad_to_bounding_box(x, 1, 2, 9, 9),
    "extract_patches": lambda x: tf.image.extract_patches(x, [1, 2, 2, 1], [1] * 4, [1] * 4, "SAME"),
    "resize_with_pad": lambda x: tf.image.resize_with_pad(x, 4, 9),
    "sobel_edges": tf.image.sobel_edges,
}


@pytest.mark.parametrize("name", OF_ANY_SIZE)
def test_a_program_takes_images_of_any_size(name):
    assert_same_with_open_sizes(OF_ANY_SIZE[name], IMAGES, "b, h, w, 3")


@pytest.mark.parametrize("name", OF_ANY_BATCH)
def test_a_program_takes_batches_of_any_size(name):
    assert_same_with_open_sizes(OF_ANY_BATCH[name], IMAGES, "b, 6, 7, 3")


def test_a_program_takes_any_number_of_boxes():
    def best(boxes):
        return tf.image.non_max_suppression_padded(boxes, boxes[:, 0], 3, 0.5, 0.1, True)

    assert_same_with_open_sizes(best, numbers(5, 4, dtype="float32"), "b, 4")


def test_proportions_of_open_sizes_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="height and the width must be known"):
        assert_same_with_open_sizes(lambda x: tf.image.resize_with_pad(x, 4, 9), IMAGES, "b, h, w, 3")
