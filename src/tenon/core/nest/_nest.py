"""``tf.nest``: nested structures taken apart and put together.

A container is a list, a tuple, a named tuple, a mapping, an attrs object, or an object with ``__tf_flatten__``.
Everything else is a leaf: ``None``, strings, arrays, tensors. Mappings are taken in the order of their sorted keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from tenon.core._names import export


@runtime_checkable
class Composite(Protocol):
    """A value made of tensors that counts as one, such as a ragged tensor, and can be taken apart where that is asked.

    ``__tf_components__`` returns the parts, a nested structure; ``__tf_from_components__(parts)`` makes a value of the
    same kind of other parts.
    """

    def __tf_components__(self) -> Any: ...

    def __tf_from_components__(self, parts: Any) -> Any: ...


Item = tuple[str, Any]
"""A place inside a container, as Python would write it, and what is there."""


def items_of(value: Any, expand_composites: bool) -> list[Item] | None:
    """Return the places of a container and what is there, in TensorFlow's order; ``None`` for a leaf."""
    kind = type(value)
    if kind is list or kind is tuple:
        return [(f"[{place}]", item) for place, item in enumerate(value)]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(f".{name}", item) for name, item in zip(value._fields, value, strict=True)]
    if isinstance(value, list | tuple):
        return [(f"[{place}]", item) for place, item in enumerate(value)]
    if isinstance(value, Mapping):
        return [(f"[{key!r}]", value[key]) for key in _sorted_keys(value)]
    if hasattr(kind, "__attrs_attrs__"):
        return [(f".{field.name}", getattr(value, field.name)) for field in kind.__attrs_attrs__]
    if hasattr(kind, "__tf_flatten__"):
        return [(f".<{place}>", item) for place, item in enumerate(value.__tf_flatten__()[1])]
    if expand_composites and isinstance(value, Composite):
        return [("", value.__tf_components__())]
    return None


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError as error:
        raise TypeError(f"nest only supports dicts with sortable keys; received keys {list(mapping)!r}.") from error


def rebuilt(value: Any, items: Sequence[Any]) -> Any:
    """Return a container like ``value`` with other items, given in the order of ``_items``."""
    kind = type(value)
    if isinstance(value, tuple):
        return kind(*items) if hasattr(value, "_fields") else tuple(items) if kind is tuple else kind(items)
    if isinstance(value, list):
        return list(items) if kind is list else kind(items)
    if isinstance(value, Mapping):
        return _rebuilt_mapping(value, dict(zip(_sorted_keys(value), items, strict=True)))
    if hasattr(kind, "__attrs_attrs__"):
        return kind(*items)
    if hasattr(kind, "__tf_flatten__"):
        return kind.__tf_unflatten__(value.__tf_flatten__()[0], tuple(items))
    return value.__tf_from_components__(items[0])


def _rebuilt_mapping(value: Mapping[Any, Any], found: dict[Any, Any]) -> Any:
    ordered = {key: found[key] for key in value}
    if type(value) is dict:
        return ordered
    factory = getattr(value, "default_factory", None)
    made: Any = type(value)
    return made(factory, ordered) if hasattr(value, "default_factory") else made(ordered)


@export("nest.is_nested")
def is_nested(seq: Any) -> bool:
    """Tell whether ``seq`` is a container, ``tf.nest.is_nested``.

    Example:
        >>> is_nested([1]), is_nested("text"), is_nested(None)
        (True, False, False)
    """
    return items_of(seq, False) is not None


@export("nest.flatten")
def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """Return the leaves of a nested structure, ``tf.nest.flatten``.

    Args:
        structure: a nested structure, or one leaf.
        expand_composites: whether ragged and sparse tensors are taken apart.

    Raises:
        TypeError: a mapping has keys that cannot be sorted.

    Example:
        >>> flatten([(1, None), {"x": 2}])
        [1, None, 2]
    """
    leaves: list[Any] = []
    _flatten_into(leaves, structure, expand_composites)
    return leaves


def _flatten_into(leaves: list[Any], structure: Any, expand_composites: bool) -> None:
    items = items_of(structure, expand_composites)
    if items is None:
        leaves.append(structure)
        return
    for _, item in items:
        _flatten_into(leaves, item, expand_composites)


def flatten_with_paths(structure: Any, expand_composites: bool = False) -> list[Item]:
    """Return the leaves with their places, as Python would write them behind the structure's name.

    Args:
        structure: the nested structure.
        expand_composites: whether composite values (ragged, sparse) are taken apart.

    Example:
        >>> flatten_with_paths({"a": [1, 2]})
        [("['a'][0]", 1), ("['a'][1]", 2)]
    """
    return list(_with_paths("", structure, expand_composites))


def _with_paths(path: str, structure: Any, expand_composites: bool) -> Iterator[Item]:
    items = items_of(structure, expand_composites)
    if items is None:
        yield path, structure
        return
    for place, item in items:
        yield from _with_paths(path + place, item, expand_composites)


@export("nest.pack_sequence_as")
def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """Return a structure like ``structure`` with other leaves, ``tf.nest.pack_sequence_as``.

    Args:
        structure: a nested structure, or one leaf.
        flat_sequence: the leaves, as ``flatten`` orders them.
        expand_composites: whether ragged and sparse tensors are put together from their parts.

    Raises:
        TypeError: ``flat_sequence`` is no sequence.
        ValueError: there are too many or too few leaves.

    Example:
        >>> pack_sequence_as({"b": [0, 0], "a": 0}, [1, 2, 3])
        {'b': [2, 3], 'a': 1}
    """
    if not is_nested(flat_sequence):
        raise TypeError(
            "Attempted to pack value:\n  "
            f"{flat_sequence!r}\ninto a structure, but found incompatible type `{type(flat_sequence)}` instead. "
            "Give a list of leaves."
        )
    given = list(flat_sequence)
    count = len(flatten(structure, expand_composites))
    if count != len(given):
        raise ValueError(
            f"Could not pack sequence. Structure had {count} atoms, but flat_sequence had {len(given)} items. "
            f"Structure: {structure!r}, flat_sequence: {given!r}."
        )
    return _packed(structure, iter(given), expand_composites)


def _packed(structure: Any, leaves: Iterator[Any], expand_composites: bool) -> Any:
    items = items_of(structure, expand_composites)
    if items is None:
        return next(leaves)
    return rebuilt(structure, [_packed(item, leaves, expand_composites) for _, item in items])


@export("nest.map_structure")
def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Return the structure of what ``func`` gives for the leaves at each place, ``tf.nest.map_structure``.

    Args:
        func: takes as many leaves as there are structures.
        *structure: nested structures of the same form.
        **kwargs: ``check_types``, whether containers must have the same types (yes by default), and
            ``expand_composites``, whether ragged and sparse tensors are taken apart (no by default).

    Raises:
        TypeError: ``func`` cannot be called, containers have other types, or an unknown keyword was given.
        ValueError: there is no structure, or the structures differ.

    Example:
        >>> map_structure(lambda a, b: a + b, {"x": 1, "y": (2,)}, {"x": 10, "y": (20,)})
        {'x': 11, 'y': (22,)}
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func!r}.")
    if not structure:
        raise ValueError("Must provide at least one structure.")
    check_types = kwargs.pop("check_types", True)
    expand = kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(
            f"Only valid keyword arguments are `check_types` and `expand_composites`, not: {list(kwargs)}."
        )
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand)
    columns = [flatten(one, expand) for one in structure]
    results = iter([func(*leaves) for leaves in zip(*columns, strict=True)])
    return _packed(structure[0], results, expand)


def map_up_to(func: Callable[[Any, Any], Any], shallow: Any, value: Any) -> Any:
    """Return the structure of what ``func`` gives for the leaves of ``shallow`` and what stands there in ``value``.

    Raises:
        ValueError: ``value`` does not have the containers of ``shallow``.

    Example:
        >>> map_up_to(lambda leaf, deep: deep * leaf, {"a": 2}, {"a": [1, 2]})
        {'a': [1, 2, 1, 2]}
    """
    own = items_of(shallow, False)
    if own is None:
        return func(shallow, value)
    other = items_of(value, False)
    if other is None or [place for place, _ in other] != [place for place, _ in own]:
        raise ValueError(f"The structure must be like {shallow!r}; received {value!r}.")
    return rebuilt(shallow, [map_up_to(func, a, b) for (_, a), (_, b) in zip(own, other, strict=True)])


@export("nest.assert_same_structure")
def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Check that two structures have the same form, ``tf.nest.assert_same_structure``.

    Args:
        nest1: a nested structure.
        nest2: a nested structure.
        check_types: whether containers must have the same types too; lists may be subclasses, and so may mappings.
        expand_composites: whether ragged and sparse tensors are taken apart.

    Raises:
        ValueError: the forms differ.
        TypeError: the forms agree, but types of containers differ.

    Example:
        >>> assert_same_structure([1, (2, 3)], [4, (5, 6)])
    """
    try:
        _compare(nest1, nest2, check_types, expand_composites)
    except (ValueError, TypeError) as error:
        raise type(error)(
            "The two structures don't have the same nested structure.\n\n"
            f"First structure: {nest1!r}\n\nSecond structure: {nest2!r}\n\nMore specifically: {error}"
        ) from None


def _compare(first: Any, second: Any, check_types: bool, expand: bool) -> None:
    own, other = items_of(first, expand), items_of(second, expand)
    if own is None and other is None:
        return
    if own is None or other is None:
        container, leaf = (first, second) if other is None else (second, first)
        raise ValueError(
            f"Substructure {container!r} is a sequence, while substructure {leaf!r} is not: give both the same form."
        )
    if check_types and not same_kind(first, second):
        raise TypeError(
            "The two structures don't have the same sequence type. First structure has type "
            f"{type(first).__name__}, while second structure has type {type(second).__name__}."
        )
    if len(own) != len(other):
        raise ValueError(
            "The two structures don't have the same number of elements. "
            f"First structure has {len(own)}, second structure has {len(other)}."
        )
    if isinstance(first, Mapping) and isinstance(second, Mapping) and set(first) != set(second):
        raise ValueError(
            "The two dictionaries don't have the same set of keys. "
            f"First structure has keys {list(first)}, while second structure has keys {list(second)}."
        )
    for (_, a), (_, b) in zip(own, other, strict=True):
        _compare(a, b, check_types, expand)


def same_kind(first: Any, second: Any) -> bool:
    """Tell whether two containers are of one kind."""
    a, b = type(first), type(second)
    if a is b or any([isinstance(first, kind) and isinstance(second, kind) for kind in (list, Mapping)]):
        return True
    named = getattr(a, "_fields", None)
    return named is not None and named == getattr(b, "_fields", None) and a.__name__ == b.__name__
