"""``tf.types.experimental``: names for what ``tf.function`` makes, and ``tf.control_dependencies``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import jax
import numpy as np

from tenon.core._names import export
from tenon.core.functions._concrete import ConcreteFunction
from tenon.core.functions._function import Function
from tenon.core.tensors import Tensor

TensorLike: TypeAlias = Tensor | jax.Array | np.ndarray | np.generic | float | str | bytes | list[Any] | tuple[Any, ...]
"""What becomes a tensor."""

export("types.experimental.TensorLike")(TensorLike)
export("types.experimental.Tensor")(Tensor)
export("types.experimental.ConcreteFunction")(ConcreteFunction)
export("types.experimental.PolymorphicFunction", "types.experimental.GenericFunction")(Function)


@export("control_dependencies")
@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """Run what is inside after ``control_inputs``, ``tf.control_dependencies``.

    That is so anyway: code that assigns, prints or calls Python runs in the order in which it is written.

    Args:
        control_inputs: tensors, or a function that returns them, which is called.

    Example:
        >>> with control_dependencies([Tensor(jax.numpy.ones(1))]):
        ...     print("then")
        then
    """
    if callable(control_inputs):
        control_inputs()
    yield
