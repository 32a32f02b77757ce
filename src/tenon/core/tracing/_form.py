"""What a Python function returned, taken apart into arrays and the form that puts them together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tenon.core.nest import Tree, filled, paths_of, same_tree, shown, tree_of
from tenon.core.tensors import Tensor, array_of

_ARRAY: Final = object()
"""Stands in a form where an array goes."""


@dataclass(frozen=True, eq=False)
class Form:
    """A nested structure without its arrays.

    Attributes:
        tree: its containers and composite values; ``None`` for a structure that is one leaf.
        leaves: what stands at each leaf: something that is no array (``None``, a tensor of strings), or a mark.
    """

    tree: Tree | None
    leaves: tuple[Any, ...]

    @property
    def is_array(self) -> bool:
        """Whether the structure is one array."""
        return self.tree is None and self.leaves[0] is _ARRAY

    @property
    def places(self) -> list[str]:
        """Where the arrays are, as Python would write it; ``"the result"`` for a structure that is one array."""
        pairs = zip(paths_of(self.tree), self.leaves, strict=True)
        return [path or "the result" for path, leaf in pairs if leaf is _ARRAY]

    def fits(self, other: Form) -> bool:
        """Tell whether the same arrays make a structure of the same kind of both."""
        same = [mine is theirs for mine, theirs in zip(self.leaves, other.leaves, strict=False)]
        return len(self.leaves) == len(other.leaves) and all(same) and same_tree(self.tree, other.tree)

    def __str__(self) -> str:
        return shown(self.tree, ["." if leaf is _ARRAY else repr(leaf) for leaf in self.leaves])

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
        return filled(self.tree, [next(rest) if leaf is _ARRAY else leaf for leaf in self.leaves])


def taken_apart(structure: Any, convert: Callable[[Any], Any] = array_of) -> tuple[list[Any], Form]:
    """Return the arrays of a structure and its form.

    Args:
        structure: a nested structure of values that become tensors, or ``None``.
        convert: makes an array of a leaf.

    Example:
        >>> import numpy as np
        >>> arrays, form = taken_apart([1, None])
        >>> arrays, form.unflatten([np.float32(2)])
        ([array(1, dtype=int32)], [<tf.Tensor: shape=(), dtype=float32, numpy=2.0>, None])
    """
    values, tree = tree_of(structure)
    arrays, leaves = [], []
    for value in values:
        array = None if value is None else convert(value)
        strings = array is not None and array.dtype == object
        leaves.append(Tensor(array) if strings else None if array is None else _ARRAY)
        if leaves[-1] is _ARRAY:
            arrays.append(array)
    return arrays, Form(tree, tuple(leaves))
