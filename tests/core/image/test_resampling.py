from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.core.image._resampling import nearest_places, resampled, weights_of

LENGTHS = st.integers(1, 30)
METHODS = ["bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"]


@pytest.mark.parametrize("method", METHODS)
@given(LENGTHS, LENGTHS, st.booleans())
def test_weights_of_a_new_pixel_add_up_to_one(method, old, new, antialias):
    matrix = weights_of(method, antialias)(old, new)
    assert matrix.shape == (new, old)
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@given(LENGTHS, LENGTHS, st.booleans())
def test_weights_are_the_same_from_either_end(method, old, new, antialias):
    matrix = weights_of(method, antialias)(old, new)
    # a pixel at the very edge of a kernel counts from one end and not from the other, as in TensorFlow
    np.testing.assert_allclose(matrix, matrix[::-1, ::-1], atol=0.02 if method == "gaussian" else 2e-3)


@pytest.mark.parametrize("method", ["bilinear", "bicubic", "area", "lanczos3", "lanczos5"])
@given(LENGTHS)
def test_the_same_length_changes_nothing(method, length):
    np.testing.assert_allclose(weights_of(method, False)(length, length), np.eye(length), atol=1e-5)


def test_bilinear_weights_fall_with_distance():
    assert weights_of("bilinear", False)(2, 4).tolist() == [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]


def test_antialiasing_looks_at_all_that_a_new_pixel_covers():
    assert (weights_of("bilinear", True)(8, 2)[0] > 0).sum() > (weights_of("bilinear", False)(8, 2)[0] > 0).sum()


@given(LENGTHS, LENGTHS)
def test_areas_weigh_by_what_they_cover(old, new):
    matrix = weights_of("area", False)(old, new)
    begins = np.arange(new)[:, None] * old / new
    covered = np.minimum(begins + old / new, np.arange(1, old + 1)) - np.maximum(begins, np.arange(old))
    np.testing.assert_allclose(matrix, np.maximum(covered, 0) * new / old, atol=1e-5)


@given(LENGTHS, LENGTHS)
def test_the_nearest_pixel_is_the_one_below_the_middle(old, new):
    places = nearest_places(old, new)
    assert ((places >= 0) & (places < old)).all()
    middle = (np.arange(new) + 0.5) * old / new
    assert np.abs(places + 0.5 - middle).max() <= 0.5 + 1e-4


@pytest.mark.parametrize(("old", "new"), [(5, 9), (20, 3), (1, 4), (4, 4)])
@pytest.mark.parametrize("axis", [0, 1])
def test_values_are_resampled_by_the_matrix_whether_few_or_many_count(old, new, axis):
    values = np.random.default_rng(1).normal(size=(old, old, 2)).astype("float32")
    for method, antialias in (("bilinear", False), ("lanczos5", True)):
        matrix = weights_of(method, antialias)(old, new)
        expected = np.moveaxis(np.tensordot(matrix, values, (1, axis)), 0, axis)
        np.testing.assert_allclose(resampled(values, matrix, axis), expected, atol=1e-5)
