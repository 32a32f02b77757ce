"""The range whose length only the run will tell: loops go over it, nothing else can be done with it."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor


class DynamicRange:
    """What ``tf.range`` returns while a function is traced, if a limit is computed in it.

    XLA has no tensors whose size depends on values; but a loop may go over such a range.

    Args:
        start: the first number, an array.
        limit: where it ends.
        delta: the distance.
    """

    def __init__(self, start: Any, limit: Any, delta: Any) -> None:
        self._limits = (start, limit, delta)

    @property
    def length(self) -> Tensor:
        """How many numbers there are, an int32 scalar."""
        return Tensor(run(_LENGTH, self._limits))

    def item(self, position: Any) -> Tensor:
        """Return the number at a position, an int32 scalar array."""
        return Tensor(run(_ITEM, [*self._limits, position]))

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        raise InvalidArgumentError(
            "tf.range: start, limit and delta say how many elements there are, which must be known when a function is "
            "traced, because XLA compiles for fixed shapes; received a tensor that is computed in the function. A "
            "loop may "
            "go over such a range; for anything else use the largest range that may come, and mask it, or make the "
            "argument a Python number."
        )


def _length(start: Any, limit: Any, delta: Any) -> Any:
    distance = jnp.asarray(limit) - start
    if jnp.issubdtype(distance.dtype, jnp.integer):
        count = (distance + delta - jnp.sign(delta)) // delta
    else:
        count = jnp.ceil(distance / delta)
    return jnp.maximum(count, 0).astype(jnp.int32)


def _item(start: Any, limit: Any, delta: Any, position: Any) -> Any:
    common = jnp.result_type(start, limit, delta)
    return (start + position.astype(common) * delta).astype(common)


_LENGTH = kernel(_length)
_ITEM = kernel(_item)
