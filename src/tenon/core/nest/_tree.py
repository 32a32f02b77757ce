"""The form of a nested structure without its leaves, composite values taken apart too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tenon.core.nest._nest import items_of, rebuilt, same_kind


class Tree(NamedTuple):
    """A container, or a composite value, without its leaves.

    Attributes:
        example: a container of the same kind, without leaves; an object (a composite value, say) as it is.
        places: where the parts are, as Python would write it.
        parts: their trees; ``None`` for a leaf.
    """

    example: Any
    places: tuple[str, ...]
    parts: tuple[Tree | None, ...]


def tree_of(structure: Any) -> tuple[list[Any], Tree | None]:
    """Return the leaves of a structure, parts of composite values among them, and its tree.

    Example:
        >>> leaves, tree = tree_of({"a": [1, 2]})
        >>> leaves, filled(tree, [3, 4]), paths_of(tree)
        ([1, 2], {'a': [3, 4]}, ["['a'][0]", "['a'][1]"])
    """
    leaves: list[Any] = []
    return leaves, _tree(structure, leaves)


def _tree(value: Any, leaves: list[Any]) -> Tree | None:
    items = items_of(value, True)
    if items is None:
        leaves.append(value)
        return None
    parts = tuple([_tree(item, leaves) for _, item in items])
    example = rebuilt(value, [None] * len(items)) if isinstance(value, list | tuple | Mapping) else value
    return Tree(example, tuple([place for place, _ in items]), parts)


def filled(tree: Tree | None, leaves: Sequence[Any]) -> Any:
    """Return a structure.

    Args:
        tree: its form.
        leaves: its leaves, in order.

    Example:
        >>> filled(tree_of((1, [2]))[1], "ab")
        ('a', ['b'])
    """
    return _filled(tree, iter(leaves))


def _filled(tree: Tree | None, leaves: Iterator[Any]) -> Any:
    if tree is None:
        return next(leaves)
    return rebuilt(tree.example, [_filled(part, leaves) for part in tree.parts])


def paths_of(tree: Tree | None) -> list[str]:
    """Return where the leaves are, as Python would write it behind the structure's name.

    Args:
        tree: the form of a structure.

    Example:
        >>> paths_of(tree_of((1, [2]))[1])
        ['[0]', '[1][0]']
    """
    if tree is None:
        return [""]
    pairs = zip(tree.places, tree.parts, strict=True)
    return [place + path for place, part in pairs for path in paths_of(part)]


def shown(tree: Tree | None, leaves: Sequence[str]) -> str:
    """Return a structure as text; objects are shown by their class.

    Args:
        tree: its form.
        leaves: texts for its leaves, in order.

    Example:
        >>> shown(tree_of([1, (2,)])[1], [".", "."])
        '[., (.,)]'
    """
    return repr(_shown(tree, iter(leaves)))


class _Text:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _shown(tree: Tree | None, leaves: Iterator[str]) -> Any:
    if tree is None:
        return _Text(next(leaves))
    parts = [_shown(part, leaves) for part in tree.parts]
    if isinstance(tree.example, list | tuple | Mapping):
        return rebuilt(tree.example, parts)
    return _Text(f"{type(tree.example).__name__}({', '.join(map(repr, parts))})")


def same_tree(first: Tree | None, second: Tree | None) -> bool:
    """Tell whether two structures have the same containers and composite values, but for their leaves.

    Args:
        first: the form of one.
        second: the form of the other.

    Example:
        >>> same_tree(tree_of([1, 2])[1], tree_of([3, 4])[1]), same_tree(tree_of([1])[1], tree_of((1,))[1])
        (True, False)
    """
    if first is None or second is None:
        return first is second
    if first.places != second.places or not same_kind(first.example, second.example):
        return False
    if _static(first.example) != _static(second.example):
        return False
    return all([same_tree(*pair) for pair in zip(first.parts, second.parts, strict=True)])


def _static(value: Any) -> Any:
    """Return what of a composite value is no tensor."""
    return value.__tf_static__() if hasattr(type(value), "__tf_static__") else None
