"""What is run in both forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Function = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """A function of random numbers.

    Args:
        rule: the name of the rule that it is for.
        label: what the table calls it, besides its shapes.
        function: takes an array of each of the shapes.
        shapes: of its operands.
        dtype: of all operands.
        differentiable: whether its derivative is worth a look.
    """

    rule: str
    label: str
    function: Function
    shapes: tuple[tuple[int, ...], ...]
    dtype: str = "float32"
    differentiable: bool = True

    @property
    def sizes(self) -> str:
        """The shape of the first operand, in words."""
        return "x".join(map(str, self.shapes[0]))

    def operands(self) -> tuple[jax.Array, ...]:
        """Return the same numbers each time."""
        random = np.random.default_rng(0)
        return tuple(jnp.asarray(random.normal(size=shape), self.dtype) for shape in self.shapes)

    def gradients(self) -> Function:
        """Return the derivatives for all operands, weighted by the result so that nothing is known ahead."""

        def loss(*operands: jax.Array) -> jax.Array:
            return jnp.square(self.function(*operands)).sum().astype("float32")

        return jax.grad(loss, tuple(range(len(self.shapes))))
