from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tests.core.image.strategies import numbers

IMAGE = numbers(2, 4, 5, 3)


def test_gradients_are_differences_to_the_next_pixel():
    down, right = tf.image.image_gradients(IMAGE)
    np.testing.assert_allclose(down[:, :-1], np.diff(IMAGE, axis=1))
    np.testing.assert_allclose(right[:, :, :-1], np.diff(IMAGE, axis=2))
    assert not down.numpy()[:, -1].any()
    assert not right.numpy()[:, :, -1].any()


def test_sobels_edges_are_products_with_his_filters():
    filters = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    padded = np.pad(IMAGE, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    found = tf.image.sobel_edges(IMAGE).numpy()
    assert found.shape == (*IMAGE.shape, 2)
    for i in range(4):
        for j in range(5):
            window = padded[:, i : i + 3, j : j + 3]
            np.testing.assert_allclose(found[:, i, j, :, 0], np.einsum("bijc,ij->bc", window, filters), atol=1e-12)
            np.testing.assert_allclose(found[:, i, j, :, 1], np.einsum("bijc,ji->bc", window, filters), atol=1e-12)


@pytest.mark.parametrize("name", ["image_gradients", "sobel_edges"])
def test_images_come_in_batches(name):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be \[batch, height, width, channels\]; received"):
        getattr(tf.image, name)(IMAGE[0])
