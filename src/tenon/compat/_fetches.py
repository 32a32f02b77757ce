"""What is asked of ``session.run``: nested fetches, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenon.compat._composite import GraphComposite
from tenon.compat._graph import Graph
from tenon.compat._operation import GraphTensor, Operation
from tenon.core.nest import filled
from tenon.core.tensors import convert_to_tensor

Rebuild = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True)
class Fetches:
    """Fetches of one shape.

    Attributes:
        tensors: what has values.
        operations: what only runs.
        rebuild: makes the result of the tensors' values.
    """

    tensors: tuple[GraphTensor, ...]
    operations: tuple[Operation, ...]
    rebuild: Rebuild


def fetches_of(graph: Graph, fetches: Any) -> Fetches:
    """Return what is asked.

    Args:
        graph: the session's.
        fetches: tensors, operations, variables, names, or nested lists, tuples and dictionaries of those.

    Raises:
        TypeError: something is no such thing.
        ValueError: something belongs to another graph, or a name is no name of it.
    """
    tensors: dict[GraphTensor, int] = {}
    operations: dict[Operation, None] = {}

    def taken(value: Any) -> Rebuild:
        if isinstance(value, list | tuple):
            return _sequence(value, [taken(item) for item in value])
        if isinstance(value, Mapping):
            return _mapping(value, {key: taken(item) for key, item in value.items()})
        if isinstance(value, GraphComposite):
            parts = [taken(part) if isinstance(part, GraphTensor) else None for part in value.parts]
            return _composite(value, parts)
        found = element(graph, value)
        if isinstance(found, Operation):
            operations[found] = None
            return lambda _: None
        place = tensors.setdefault(found, len(tensors))
        return lambda values: values[place]

    rebuild = taken(fetches)
    return Fetches(tuple(tensors), tuple(operations), rebuild)


def element(graph: Graph, value: Any) -> Any:
    """Return the tensor or operation that one fetch means."""
    if value is None:
        raise TypeError("Argument `fetch` = None has invalid type NoneType. Cannot be None.")
    try:
        return graph.as_graph_element(value)
    except TypeError as error:
        raise TypeError(
            f'Argument `fetch` = {value!r} has invalid type "{type(value).__name__}" must be a string or Tensor. '
            f"({error})"
        ) from error
    except (ValueError, KeyError) as error:
        raise ValueError(f"Argument `fetch` = {value!r} cannot be interpreted as a Tensor. ({error})") from error


def _sequence(value: Any, parts: Sequence[Rebuild]) -> Rebuild:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return lambda values: type(value)(*[part(values) for part in parts])
    kind = tuple if isinstance(value, tuple) else list
    return lambda values: kind([part(values) for part in parts])


def _composite(value: GraphComposite, parts: Sequence[Rebuild | None]) -> Rebuild:
    def rebuild(values: Sequence[Any]) -> Any:
        found = [
            own if part is None else convert_to_tensor(part(values))
            for own, part in zip(value.parts, parts, strict=True)
        ]
        return filled(value.tree, found)

    return rebuild


def _mapping(value: Any, parts: Mapping[Any, Rebuild]) -> Rebuild:
    kind = type(value) if isinstance(value, dict) else dict
    return lambda values: kind({key: part(values) for key, part in parts.items()})
