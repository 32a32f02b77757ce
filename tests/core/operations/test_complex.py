from __future__ import annotations

import numpy as np
import pytest

import tenon as tf


def test_a_complex_number_is_made_of_two_parts():
    z = tf.complex([1.0, 2.0], [3.0, 4.0])
    assert z.dtype == tf.complex64
    assert z.numpy().tolist() == [1 + 3j, 2 + 4j]
    assert tf.complex(tf.constant(1.0, tf.float64), 2.0).dtype == tf.complex128
    assert tf.math.real(z).numpy().tolist() == [1.0, 2.0]
    assert tf.math.imag(z).numpy().tolist() == [3.0, 4.0]
    assert tf.math.conj(z).numpy().tolist() == [1 - 3j, 2 - 4j]


def test_parts_must_be_floats():
    with pytest.raises(TypeError, match="of int32 is not in the list"):
        tf.complex(1, 2)


def test_real_numbers_have_parts_too():
    assert tf.math.real([1.0, -2.0]).numpy().tolist() == [1.0, -2.0]
    assert tf.math.imag([1.0, -2.0]).numpy().tolist() == [0.0, 0.0]
    assert tf.math.conj([1, 2]).numpy().tolist() == [1, 2]
    np.testing.assert_allclose(tf.math.angle([1.0, -2.0]).numpy(), [0.0, np.pi])
    np.testing.assert_allclose(tf.math.angle([1j, 1 + 1j]).numpy(), [np.pi / 2, np.pi / 4])
