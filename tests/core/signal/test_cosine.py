from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

FEW = settings(max_examples=5)
LENGTHS = st.sampled_from([2, 3, 6, 8])
"""The least, odd, even and a power of two: each length is programs more to compile."""


def matrix(kind, n):
    """Return the transform as its definition has it, without norm."""
    row, column = np.arange(n)[:, None], np.arange(n)[None, :]
    if kind == 1:
        weights = np.where((column == 0) | (column == n - 1), 1, 2)
        return weights * np.cos(np.pi * row * column / (n - 1))
    if kind == 2:
        return 2 * np.cos(np.pi * row * (2 * column + 1) / (2 * n))
    if kind == 3:
        return np.where(column == 0, 1, 2) * np.cos(np.pi * (2 * row + 1) * column / (2 * n))
    return 2 * np.cos(np.pi * (2 * row + 1) * (2 * column + 1) / (4 * n))


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@given(LENGTHS)
@FEW
def test_a_transform_is_its_definition(kind, length):
    values = np.random.default_rng(length).normal(size=(3, length))
    np.testing.assert_allclose(tf.signal.dct(values, kind), values @ matrix(kind, length).T, atol=1e-10)


@pytest.mark.parametrize(("kind", "factor"), [(1, None), (2, 2), (3, 2), (4, 2)])
@given(LENGTHS)
@FEW
def test_the_inverse_undoes_a_transform_up_to_a_factor(kind, factor, length):
    values = np.random.default_rng(length).normal(size=(3, length))
    found = tf.signal.idct(tf.signal.dct(values, kind), kind).numpy()
    np.testing.assert_allclose(found, values * (2 * (length - 1) if factor is None else factor * length), atol=1e-9)


@pytest.mark.parametrize("kind", [2, 3, 4])
@given(st.just(1) | LENGTHS)
@FEW
def test_an_orthonormal_transform_keeps_lengths_and_is_undone(kind, length):
    values = np.random.default_rng(length).normal(size=(3, length))
    found = tf.signal.dct(values, kind, norm="ortho").numpy()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(values, axis=1))
    np.testing.assert_allclose(tf.signal.idct(found, kind, norm="ortho"), values, atol=1e-12)


def test_values_are_cut_or_filled_with_zeros():
    values = np.random.default_rng(1).normal(size=(2, 5))
    np.testing.assert_allclose(tf.signal.dct(values, n=3), tf.signal.dct(values[:, :3]))
    np.testing.assert_allclose(tf.signal.idct(values, n=7), tf.signal.idct(np.pad(values, [(0, 0), (0, 2)])))


def test_32_bits_stay():
    assert tf.signal.dct([1.0, 2.0]).dtype == tf.float32
    assert tf.signal.idct([1.0, 2.0], 3, norm="ortho").dtype == tf.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": 5}, "must be 1 to 4, -1, and None or 'ortho'; received 5"),
        ({"axis": 0}, "must be 1 to 4"),
        ({"norm": "x"}, "received 2, -1 and 'x'"),
        ({"type": 1, "norm": "ortho"}, "type 1 has no normalization 'ortho'"),
        ({"type": 1, "n": 1}, "needs at least 2 values"),
        ({"n": 0}, "n: should be a positive integer; received 0"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.signal.dct(np.ones((2, 4)), **options)
