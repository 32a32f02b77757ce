"""Libraries are left as they are."""

from __future__ import annotations

import pytest

from tenon.core.autograph._libraries import is_library


@pytest.mark.parametrize(
    "name", ["jax", "jax.numpy.linalg", "keras.src.layers", "tenon.core.autograph", "functools", "numpy"]
)
def test_libraries(name):
    assert is_library(name)


@pytest.mark.parametrize("name", ["__main__", "jaxy", "my.jax", "tests.core.autograph", "", "kerastuner.engine"])
def test_users(name):
    assert not is_library(name)
