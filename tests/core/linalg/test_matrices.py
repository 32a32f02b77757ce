from __future__ import annotations

import jax.numpy as jnp
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.linalg._matrices import adjoint_of, checked_square, of_lower


def test_only_square_matrices_pass():
    assert checked_square(jnp.ones((2, 3, 3))).shape == (2, 3, 3)
    for shape in ((2, 3), (3,), ()):
        with pytest.raises(InvalidArgumentError, match="Input matrix must be square; received shape"):
            checked_square(jnp.ones(shape))


def test_the_lower_triangle_describes_a_hermitian_matrix():
    described = of_lower(jnp.array([[1.0, 9.0], [2 + 1j, 3.0]]))
    assert described.tolist() == [[1, 2 - 1j], [2 + 1j, 3]]
    assert adjoint_of(described).tolist() == described.tolist()
