"""Loops that are gone through while a function is traced, because what they carry changes its shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax

from tenon.base import InvalidArgumentError
from tenon.core.control_flow._tensor_array import TensorArray
from tenon.core.nest import flatten
from tenon.core.tensors import array_of

State = TypeVar("State")


def has_growing(state: Any) -> bool:
    """Tell whether a nested structure ``state`` has a ``tf.TensorArray`` that may grow.

    Example:
        >>> has_growing([TensorArray("int32", 0, dynamic_size=True)]), has_growing([1])
        (True, False)
    """
    return any([isinstance(leaf, TensorArray) and leaf.dynamic_size for leaf in flatten(state)])


def unrolled(test: Callable[[State], Any], body: Callable[[State], State], state: State) -> State:
    """Run ``state = body(state)`` while ``test(state)`` holds, iteration after iteration.

    Raises:
        InvalidArgumentError: whether there is another iteration is not known while the function is traced.

    Example:
        >>> unrolled(lambda n: n < 3, lambda n: n + 1, 0)
        3
    """
    while True:
        answer = array_of(test(state))
        if isinstance(answer, jax.core.Tracer):
            raise InvalidArgumentError(
                "XLA compiles for fixed shapes; a loop that carries a TensorArray with dynamic_size, or tensors with "
                "shape_invariants, is unrolled while it is traced, so its condition must be known then. Give the "
                "TensorArray a size, or use a tensor of the final size."
            )
        if not answer:
            return state
        state = body(state)
