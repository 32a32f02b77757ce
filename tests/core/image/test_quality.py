from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.image.strategies import numbers

IMAGE, OTHER = numbers(9, 8, 2, dtype="float32"), numbers(9, 8, 2, dtype="float32", seed=1)


def test_psnr_is_its_formula():
    error = ((IMAGE - OTHER) ** 2).mean()
    assert float(tf.image.psnr(IMAGE, OTHER, 1.0)) == pytest.approx(-10 * np.log10(error), rel=1e-5)
    assert float(tf.image.psnr(IMAGE, OTHER, 2.0)) == pytest.approx(20 * np.log10(2) - 10 * np.log10(error), rel=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_equal_images_have_no_noise_and_full_similarity(dtype):
    image = tf.image.convert_image_dtype(numbers(2, 12, 12, 1), dtype)
    largest = 1.0 if dtype == "float32" else np.iinfo(dtype).max
    assert np.isinf(tf.image.psnr(image, image, largest)).tolist() == [True, True]
    np.testing.assert_allclose(tf.image.ssim(image, image, largest), [1, 1], rtol=1e-5)
    np.testing.assert_allclose(tf.image.ssim_multiscale(image, image, largest, (0.5, 0.5), 5), [1, 1], rtol=1e-5)


def similarity_by_hand(x, y, size, sigma, k1=0.01, k2=0.03):
    axis = np.arange(size) - (size - 1) / 2
    weights = np.exp(-(axis[:, None] ** 2 + axis**2) / 2 / sigma**2)
    weights /= weights.sum()
    found = np.zeros((x.shape[0] - size + 1, x.shape[1] - size + 1))
    for i, j in np.ndindex(found.shape):
        a, b = x[i : i + size, j : j + size], y[i : i + size, j : j + size]
        mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
        covariance = (weights * (a - mean_a) * (b - mean_b)).sum()
        variances = (weights * ((a - mean_a) ** 2 + (b - mean_b) ** 2)).sum()
        luminance = (2 * mean_a * mean_b + k1**2) / (mean_a**2 + mean_b**2 + k1**2)
        found[i, j] = luminance * (2 * covariance + k2**2) / (variances + k2**2)
    return found


@pytest.mark.parametrize(("size", "sigma"), [(5, 1.5), (3, 0.8), (1, 1.0)])
def test_similarity_is_that_of_every_window(size, sigma):
    expected = [similarity_by_hand(IMAGE[..., c], OTHER[..., c], size, sigma) for c in range(2)]
    found = tf.image.ssim(IMAGE, OTHER, 1.0, size, sigma)
    assert float(found) == pytest.approx(np.mean(expected), abs=1e-5)
    windows = tf.image.ssim(IMAGE, OTHER, 1.0, size, sigma, return_index_map=True)
    np.testing.assert_allclose(windows, np.mean(expected, 0), atol=1e-4)


def test_similarity_over_scales_multiplies_that_of_halves():
    found = tf.image.ssim_multiscale(IMAGE, IMAGE * 0.9, 1.0, (1.0,), 3)
    assert float(found) == pytest.approx(float(tf.image.ssim(IMAGE, IMAGE * 0.9, 1.0, 3)), rel=1e-5)
    two = float(tf.image.ssim_multiscale(IMAGE, IMAGE * 0.9, 1.0, (0.5, 0.5), 3))
    assert 0 < two < 1


@given(st.sampled_from([(4, 5, 2), (2, 4, 5, 2)]))
@settings(max_examples=2)
def test_total_variation_is_the_sum_of_steps(shape):
    image = numbers(*shape)
    steps = np.abs(np.diff(image, axis=-3)).sum((-3, -2, -1)) + np.abs(np.diff(image, axis=-2)).sum((-3, -2, -1))
    np.testing.assert_allclose(tf.image.total_variation(image), steps)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.image.psnr(IMAGE, IMAGE[1:], 1.0), r"received \[9, 8, 2\] and \[8, 8, 2\]"),
        (lambda: tf.image.ssim(IMAGE, IMAGE, 1.0), "at least as large as the filter, 11"),
        (lambda: tf.image.ssim_multiscale(IMAGE, IMAGE, 1.0, filter_size=3), "at least as large as the filter, 3"),
        (lambda: tf.image.total_variation(IMAGE[0]), "must be"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call()
