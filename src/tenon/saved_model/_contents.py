"""Everything that a SavedModel holds, exported and ready to be written: one form for models, functions and objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from tenon.base import Shape, UnimplementedError
from tenon.saved_model._lowering import ExportedFunction, ExportedSignature

OBJECT: Final = "_generic_user_object"
LIST: Final = "trackable_list_wrapper"
TUPLE: Final = "trackable_tuple_wrapper"
DICT: Final = "trackable_dict_wrapper"
SIGNATURES: Final = "signature_map"
"""What TensorFlow's loader calls the kinds of objects that it makes."""

_VALUE: Final = ".ATTRIBUTES/VARIABLE_VALUE"


@dataclass(frozen=True)
class StoredVariable:
    """A variable on its way into the checkpoint.

    Args:
        path: where it belongs: unique, the key in the checkpoint without its end.
        name: what the variable calls itself.
        value: a NumPy or JAX array.
        trainable: whether an optimizer may change it.
        shape: the static shape, with ``None`` for open sizes; ``None`` for any rank.

    Raises:
        UnimplementedError: a value has less than 8 bits.
    """

    path: str
    name: str
    value: Any
    trainable: bool
    shape: Shape | None

    def __post_init__(self) -> None:
        if (bits := _bits(self.dtype)) < 8:
            raise UnimplementedError(
                f"variable {self.path!r}: must have a dtype of whole bytes, for TensorFlow reads others wrongly; "
                f"received {self.dtype} of {bits} bits. Store it as int8 and convert it in the function."
            )

    @property
    def key(self) -> str:
        """The key of its value in the checkpoint."""
        return f"{self.path}/{_VALUE}"

    @property
    def dtype(self) -> np.dtype:
        """The dtype of its value."""
        found: np.dtype = np.dtype(self.value.dtype)
        return found


def _bits(dtype: np.dtype) -> int:
    """Return the width of a value; NumPy keeps the narrow types of ml_dtypes in a byte each, but names tell."""
    narrow = re.search(r"(?:int|float)([1-7])(?!\d)", dtype.name)
    return int(narrow[1]) if narrow else 8 * dtype.itemsize


@dataclass(frozen=True)
class VariableNode:
    """A variable, by its path."""

    path: str


@dataclass(frozen=True)
class FunctionNode:
    """A function that picks one of several concrete ones by its arguments.

    Args:
        concrete: names of the concrete functions.
        spec: the ``tensorflow.FunctionSpec``.
    """

    concrete: tuple[str, ...]
    spec: Any


@dataclass(frozen=True)
class ConcreteNode:
    """One concrete function, by its name.

    Args:
        name: its name.
        keywords: the names of its tensors.
        positional: how many of them may be given by position.
    """

    name: str
    keywords: tuple[str, ...]
    positional: int


@dataclass(frozen=True)
class AssetNode:
    """A file, by its place in the list of assets."""

    place: int


@dataclass
class ObjectNode:
    """One object of the graph.

    Args:
        what: a ``VariableNode``, a ``FunctionNode``, ..., or the identifier of a kind of object.
        children: what it holds: names and numbers of nodes.
    """

    what: Any
    children: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Structures:
    """How a function's arguments and results are nested: two ``tensorflow.StructuredValue``."""

    inputs: Any
    outputs: Any


def _nothing(_: Path) -> None:
    """Write no extras."""


@dataclass(frozen=True)
class Contents:
    """Everything that a SavedModel holds.

    Args:
        variables: all of them, in an order that stays.
        functions: exported functions by their names in the graph.
        structures: for functions that objects hold, how arguments and results are nested.
        signatures: by name.
        objects: the nodes of the object graph without signatures, the root first.
        assets: files to be copied, by their names in the SavedModel.
        write_extras: called with the empty directory ``assets.extra/tenon/``.
    """

    variables: Sequence[StoredVariable]
    functions: Mapping[str, ExportedFunction]
    structures: Mapping[str, Structures]
    signatures: Mapping[str, ExportedSignature]
    objects: Sequence[ObjectNode]
    assets: Mapping[str, Path] = field(default_factory=dict)
    write_extras: Callable[[Path], None] = field(default=_nothing)
