"""What a Python function returned, taken apart into arrays and the form that puts them together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tenon.core.nest import assert_same_structure, flatten, flatten_with_paths, pack_sequence_as
from tenon.core.tensors import Tensor, array_of

_ARRAY: Final = object()
"""Stands in a form where an array goes."""


class _Dot:
    def __repr__(self) -> str:
        return "."


@dataclass(frozen=True, eq=False)
class Form:
    """A nested structure without its arrays.

    Attributes:
        structure: a structure of the same form; its leaves do not count.
        leaves: what stands at each leaf: something that is no array (``None``, a tensor of strings), or a mark.
        composite: whether composite values (ragged tensors) were taken apart.
    """

    structure: Any
    leaves: tuple[Any, ...]
    composite: bool

    @property
    def places(self) -> list[str]:
        """Where the arrays are, as Python would write it; ``"the result"`` for a structure that is one array."""
        paths = flatten_with_paths(self.structure, self.composite)
        pairs = zip(paths, self.leaves, strict=True)
        return [path or "the result" for (path, _), leaf in pairs if leaf is _ARRAY]

    def fits(self, other: Form) -> bool:
        """Tell whether the same arrays make a structure of the same kind of both."""
        same = [mine is theirs for mine, theirs in zip(self.leaves, other.leaves, strict=False)]
        if len(self.leaves) != len(other.leaves) or not all(same):
            return False
        try:
            assert_same_structure(self.structure, other.structure, expand_composites=True)
        except (TypeError, ValueError):
            return False
        return True

    def __str__(self) -> str:
        return repr(self.filled([_Dot()] * self.arrays)) if not self.composite else repr(self.structure)

    @property
    def arrays(self) -> int:
        """How many arrays there are."""
        return sum(leaf is _ARRAY for leaf in self.leaves)

    def unflatten(self, arrays: Sequence[Any]) -> Any:
        """Return the structure with these arrays as tensors."""
        return self.filled([Tensor(array) for array in arrays])

    def filled(self, values: Sequence[Any]) -> Any:
        """Return the structure with these values in the places of the arrays."""
        rest = iter(values)
        leaves = [next(rest) if leaf is _ARRAY else leaf for leaf in self.leaves]
        return pack_sequence_as(self.structure, leaves, self.composite)


def taken_apart(structure: Any, convert: Callable[[Any], Any] = array_of) -> tuple[list[Any], Form]:
    """Return the arrays of a structure and its form.

    Args:
        structure: a nested structure of values that become tensors, or ``None``.
        convert: makes an array of a leaf.

    Example:
        >>> arrays, form = taken_apart([1, None])
        >>> arrays, form.unflatten([np.float32(2)])
        ([array(1, dtype=int32)], [<tf.Tensor: shape=(), dtype=float32, numpy=2.0>, None])
    """
    plain = flatten(structure)
    values = flatten(structure, expand_composites=True)
    composite = len(plain) != len(values) or any([a is not b for a, b in zip(plain, values, strict=True)])
    arrays, leaves = [], []
    for value in values:
        array = None if value is None else convert(value)
        strings = isinstance(array, np.ndarray) and array.dtype == object
        leaves.append(Tensor(array) if strings else None if array is None else _ARRAY)
        if leaves[-1] is _ARRAY:
            arrays.append(array)
    kept = structure if composite else pack_sequence_as(structure, [None] * len(plain))
    return arrays, Form(kept, tuple(leaves), composite)
