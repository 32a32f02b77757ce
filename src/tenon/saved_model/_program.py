"""What can be saved: variables, and signatures as pure functions of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tenon.base import InvalidArgumentError, TensorSpec

Tensors = Mapping[str, Any]
"""Arrays by name."""


@dataclass(frozen=True)
class Variable:
    """A named weight.

    Args:
        name: unique within the program; ``/`` separates the parts of a path, as in ``"dense/kernel"``.
        value: a NumPy or JAX array of any numeric dtype.
        trainable: whether an optimizer may change it.

    Raises:
        InvalidArgumentError: ``value`` is no array.
    """

    name: str
    value: Any
    trainable: bool = True

    def __post_init__(self) -> None:
        if getattr(self.value, "dtype", None) is None:
            raise InvalidArgumentError(
                f"variable {self.name!r}: must be a NumPy or JAX array; received {type(self.value).__name__}. "
                "Wrap it in numpy.asarray(value, dtype)."
            )


@dataclass(frozen=True)
class Signature:
    """A function that clients may call by the names of its inputs and outputs.

    Args:
        function: ``function(variables, inputs) -> outputs``; pure and traceable by JAX; all three are dicts by name.
        inputs: a spec for every input. ``None`` in a shape is a dimension of any size; a leading ``None`` is the
            batch, the same for all inputs.
        method_name: the ``SignatureDef.method_name``.
    """

    function: Callable[[Tensors, Tensors], Tensors]
    inputs: Mapping[str, TensorSpec]
    method_name: str = "tensorflow/serving/predict"


@dataclass(frozen=True)
class Method:
    """A signature as a function of Python: takes its inputs as arguments, and returns its output if it has just one.

    Args:
        signature: the signature's name.
        arguments: by the names of the parameters, the names of inputs, in lists, tuples and dicts as they are passed.
    """

    signature: str
    arguments: Mapping[str, Any]


def _nothing(_: Path) -> None:
    """Write no extras."""


@dataclass(frozen=True)
class Program:
    """Everything that a SavedModel holds.

    Args:
        variables: the weights, in an order that stays.
        signatures: at least one, usually ``"serving_default"``.
        write_extras: called with an empty directory (``assets.extra/tenon/``); may put files and folders of its own
            there, except ``manifest.json``, ``program.json`` and ``functions/``.
        methods: signatures that the loaded object also has as functions, by the functions' names.
        has_gradients: whether gradients flow through what is loaded.
    """

    variables: Sequence[Variable]
    signatures: Mapping[str, Signature]
    write_extras: Callable[[Path], None] = field(default=_nothing)
    methods: Mapping[str, Method] = field(default_factory=dict)
    has_gradients: bool = False


@runtime_checkable
class SupportsProgram(Protocol):
    """An object that knows how to become a ``Program``; Keras models do once ``tenon.keras`` is imported."""

    def __tenon_program__(self) -> Program:
        """Return the program of this object in its present state."""
        ...
