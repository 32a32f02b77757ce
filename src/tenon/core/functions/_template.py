"""The arguments of a traced function with holes where tensors and variables go."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import jax
import numpy as np

from tenon.base import FailedPreconditionError
from tenon.core.nest import filled, tree_of
from tenon.core.tensors import Tensor, TensorSpec
from tenon.core.variables import Variable


class _Hole(NamedTuple):
    """Where a tensor goes."""


class _VariableHole(NamedTuple):
    """Where the variable with this number goes."""

    number: int


class _Strong(NamedTuple):
    """A value that is kept."""

    value: Any


class _Weak(NamedTuple):
    """An object that is not kept alive."""

    reference: weakref.ref[Any]


HOLE: Final = _Hole()


class Template:
    """The static part of arguments: a nested structure whose tensors and variables are put in later.

    Args:
        arguments: the arguments of a call.
        variables: its variables, each once.
    """

    def __init__(self, arguments: tuple[Any, ...], variables: Sequence[Any]) -> None:
        leaves, self._tree = tree_of(arguments)
        numbers = {id(variable): number for number, variable in enumerate(variables)}
        self._leaves = [_described(leaf, numbers) for leaf in leaves]

    def filled(self, tensors: Sequence[Any], variables: Sequence[Any]) -> tuple[Any, ...]:
        """Return arguments with these tensors (or specs) and variables.

        Raises:
            FailedPreconditionError: an object that was an argument is gone.
        """
        rest = iter(tensors)
        leaves = [_filled(leaf, rest, variables) for leaf in self._leaves]
        arguments: tuple[Any, ...] = filled(self._tree, leaves)
        return arguments


def _described(leaf: Any, numbers: dict[int, int]) -> Any:
    if isinstance(leaf, Tensor | jax.Array | np.ndarray | np.generic | TensorSpec):
        return HOLE
    if isinstance(leaf, Variable):
        return _VariableHole(numbers[id(leaf)])
    if hasattr(type(leaf), "__tf_tracing_type__"):
        return _Strong(leaf.__tf_tracing_type__(None).placeholder_value(None))
    try:
        return _Weak(weakref.ref(leaf)) if not callable(leaf) else _Strong(leaf)
    except TypeError:
        return _Strong(leaf)


def _filled(leaf: Any, tensors: Iterator[Any], variables: Sequence[Any]) -> Any:
    if isinstance(leaf, _Hole):
        return next(tensors)
    if isinstance(leaf, _VariableHole):
        return variables[leaf.number]
    if isinstance(leaf, _Strong):
        return leaf.value
    value = leaf.reference()
    if value is None:
        raise FailedPreconditionError(
            "tf.function: an object that was an argument when the function was traced has been deleted; keep a "
            "reference "
            "to it, or call the function with a new one."
        )
    return value
