"""``tf.types.experimental``: names for what ``tf.function`` makes, and ``tf.control_dependencies``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias, runtime_checkable

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


@export("types.experimental.TraceType")
class TraceType(ABC):
    """What ``tf.function`` knows of an argument that is no tensor: calls whose trace types are equal share a trace.

    An object gives its trace type by ``__tf_tracing_type__(context)``; the context is ``None``.
    """

    @abstractmethod
    def is_subtype_of(self, other: TraceType) -> bool:
        """Tell whether a trace for ``other`` would do for this one. Tenon asks for equality alone."""

    @abstractmethod
    def most_specific_common_supertype(self, others: Sequence[TraceType]) -> TraceType | None:
        """Return the trace type that all of them are subtypes of, ``None`` if there is none."""

    @abstractmethod
    def placeholder_value(self, placeholder_context: Any) -> Any:
        """Return what the function is called with while it is traced."""

    @abstractmethod
    def __hash__(self) -> int:
        """Return a number that is the same for trace types that are equal."""

    @abstractmethod
    def __eq__(self, other: object) -> bool:
        """Tell whether calls with either share a trace."""


@export("types.experimental.SupportsTracingProtocol")
@runtime_checkable
class SupportsTracingProtocol(Protocol):
    """An object that says by which trace type ``tf.function`` knows it."""

    def __tf_tracing_type__(self, context: Any) -> TraceType:
        """Return the trace type."""


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
