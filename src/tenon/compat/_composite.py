"""Nested structures of tensors, and values made of several tensors, in graphs: tensor arrays, sparse tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tenon.compat._operation import GraphTensor, Operation
from tenon.core.nest import Tree, filled, tree_of
from tenon.core.tensors import Tensor


class GraphComposite:
    """A value made of several tensors of a graph: what a tensor array or a sparse tensor is while a graph is built.

    Its methods add operations that call those of the value.

    Args:
        kind: the class of the value.
        tree: what the value is without its tensors.
        parts: its symbolic tensors, and what else it has.
    """

    def __init__(self, kind: type, tree: Tree | None, parts: Sequence[Any]) -> None:
        self.kind = kind
        self.tree = tree
        self.parts = tuple(parts)

    def changed(self, change: Callable[[Any], Any]) -> GraphComposite:
        """Return the same with other parts."""
        return GraphComposite(self.kind, self.tree, [change(part) for part in self.parts])

    def value(self, get: Callable[[Any], Any]) -> Any:
        """Return the value, with those of its parts."""
        return filled(self.tree, [get(part) for part in self.parts])

    @property
    def graph(self) -> Any:
        """Where it belongs to."""
        return next(part.graph for part in self.parts if isinstance(part, GraphTensor))

    @property
    def op(self) -> Operation:
        """The operation of its last tensor."""
        return next(part.op for part in reversed(self.parts) if isinstance(part, GraphTensor))

    def __repr__(self) -> str:
        return f"<{self.kind.__name__} of {list(self.parts)}>"


def rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a structure with everything changed that is in its lists, tuples, dictionaries and slices."""
    kind = type(value)
    if kind in (list, tuple):
        return kind([change(item) for item in value])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return kind(*[change(item) for item in value])
    if isinstance(value, list | tuple):
        return [change(item) for item in value]
    if isinstance(value, Mapping):
        return {key: change(item) for key, item in value.items()}
    if kind is slice:
        return slice(change(value.start), change(value.stop), change(value.step))
    if kind is GraphComposite:
        return value.changed(change)
    return value


def symbolic(value: Any, make: Callable[[Tensor], Any]) -> Any:
    """Return a structure of tensors with what ``make`` returns for each; composite values become symbolic ones."""
    if isinstance(value, Tensor | np.ndarray):
        return make(value if isinstance(value, Tensor) else Tensor(value))
    if hasattr(type(value), "__tf_components__"):
        leaves, tree = tree_of(value)
        return GraphComposite(type(value), tree, [symbolic(leaf, make) for leaf in leaves])
    return rebuilt(value, lambda item: symbolic(item, make))


def concrete(value: Any, get: Callable[[Any], Any], is_symbol: Callable[[Any], bool]) -> Any:
    """Return a structure with the values of its symbols; symbolic composite values become real ones.

    Args:
        value: nested.
        get: returns the value of a symbol.
        is_symbol: tells which are.
    """

    def of(item: Any) -> Any:
        return concrete(item, get, is_symbol)

    if is_symbol(value):
        return get(value)
    if isinstance(value, GraphComposite):
        return value.value(of)
    return rebuilt(value, of)
