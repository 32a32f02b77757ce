"""The private names of JAX that lowering rules need, all in this file, each with a test that says when one goes."""

from __future__ import annotations

from typing import Any

from jax.extend.core import Primitive
from jax.interpreters import mlir


def plain_lowering(primitive: Primitive, platform: str) -> Any:
    """Return how JAX lowers a primitive for a platform.

    Args:
        primitive: which.
        platform: ``"cpu"``, ``"cuda"``, ...
    """
    own = mlir._platform_specific_lowerings[platform].get(primitive)
    return (own or mlir._lowerings[primitive]).rule
