"""Operations on strings in ragged tensors that change the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenon.core._names import NAMES
from tenon.core.operations import Operation, expand_dims
from tenon.core.ragged._joining import axis_of
from tenon.core.ragged._joining import expand_dims as expanded
from tenon.core.ragged._rows import as_ragged, rank_of
from tenon.core.ragged._tensor import RaggedTensor, handles
from tenon.core.tensors import constant_value


@handles(
    *("strings.split", "strings.bytes_split", "strings.unicode_decode", "strings.unicode_decode_with_offsets"),
    *("strings.unicode_split", "strings.unicode_split_with_offsets"),
)
def _parts(row: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged = arguments["input"]
    rest = {name: value for name, value in arguments.items() if name != "input"}
    found = NAMES[row.name](ragged.flat_values, **rest)
    return tuple(map(ragged.with_flat_values, found)) if isinstance(found, tuple) else ragged.with_flat_values(found)


@handles("strings.unicode_encode")
def _encoded(row: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged = as_ragged(arguments["input"], rank_of(arguments["input"]) - 1)
    rest = {name: value for name, value in arguments.items() if name != "input"}
    characters = NAMES[row.name](expand_dims(ragged.flat_values, -1), **rest)
    return _joined(ragged.with_flat_values(characters), rank_of(ragged) - 1, "")


@handles("strings.reduce_join")
def _reduce_join(_: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged, separator = arguments["inputs"], arguments["separator"]
    rank = rank_of(ragged)
    given = range(rank - 1, -1, -1) if arguments["axis"] is None else constant_value(arguments["axis"])
    axes = [axis_of(axis, rank) for axis in (given if isinstance(given, list | range) else [given])]
    found: Any = as_ragged(ragged, rank - 1)
    for axis in axes:
        found = _joined(found, axis, separator)
        found = expanded(found, axis) if arguments["keepdims"] else found
    return found


def _joined(value: Any, axis: int, separator: str) -> Any:
    if not isinstance(value, RaggedTensor):
        return NAMES["strings.reduce_join"](value, axis=axis, separator=separator)
    if axis > 1:
        return value.with_values(_joined(value.values, axis - 1, separator))
    if axis == 0 or isinstance(value.values, RaggedTensor):
        raise ValueError(f"tf.strings.reduce_join: the axis of a ragged tensor must be its innermost; received {axis}.")
    partition = value.partition
    return NAMES["strings.unsorted_segment_join"](value.values, partition.row_ids, partition.count, separator)
