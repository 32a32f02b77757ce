"""Sums, means and extremes over the dimensions of ragged tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from tenon.core._names import NAMES
from tenon.core.operations import (
    Operation,
    cast,
    divide,
    equal,
    logical_not,
    not_equal,
    ones_like,
    sqrt,
    square,
    subtract,
    unsorted_segment_max,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sum,
)
from tenon.core.ragged._joining import expand_dims
from tenon.core.ragged._partition import RowPartition
from tenon.core.ragged._rows import rank_of
from tenon.core.ragged._tensor import RaggedTensor, handles
from tenon.core.tensors import as_dtype, constant_value, int32

Segments = Callable[[Any, np.ndarray, int], Any]

_SEGMENTS: Final[Mapping[str, Segments]] = {
    "math.reduce_sum": unsorted_segment_sum,
    "math.reduce_prod": unsorted_segment_prod,
    "math.reduce_max": unsorted_segment_max,
    "math.reduce_min": unsorted_segment_min,
}


@handles(*_SEGMENTS)
def _reduced(row: Operation, arguments: Mapping[str, Any]) -> Any:
    return reduced(row.name, arguments["input_tensor"], arguments["axis"], bool(arguments["keepdims"]))


def reduced(name: str, ragged: Any, axis: Any, keepdims: bool = False) -> Any:
    """Return a reduction over an axis, several, or all (``None``).

    Raises:
        ValueError: there is no such axis.
    """
    rank = rank_of(ragged)
    axes = _axes(axis, rank)
    if len(axes) == rank:
        total = NAMES[name](ragged.flat_values if isinstance(ragged, RaggedTensor) else ragged)
        return NAMES["reshape"](total, [1] * rank) if keepdims else total
    found = ragged
    for place in sorted(axes, reverse=True):
        found = _along(name, found, place)
        if keepdims:
            found = expand_dims(found, place)
    return found


def _axes(axis: Any, rank: int) -> list[int]:
    if axis is None:
        return list(range(rank))
    given = constant_value(axis)
    numbers = given if isinstance(given, list) else [given]
    for number in numbers:
        if not -rank <= number < rank:
            raise ValueError(f"axis={number} out of bounds: expected {-rank}<=axis<{rank}")
    return sorted({number % rank for number in numbers})


def _along(name: str, ragged: Any, axis: int) -> Any:
    if not isinstance(ragged, RaggedTensor):
        return NAMES[name](ragged, axis)
    partition, values = ragged.partition, ragged.values
    if axis == 0:
        together = segments_reduced(_SEGMENTS[name], ragged, np.zeros(partition.count, np.int64), 1)
        return together[0]
    if axis == 1:
        return segments_reduced(_SEGMENTS[name], values, partition.row_ids, partition.count)
    return ragged.with_values(_along(name, values, axis - 1))


def segments_reduced(segments: Segments, values: Any, ids: np.ndarray, count: int) -> Any:
    """Return the reduction of the rows of each segment, element by element; a row of the result is as long as the
    longest of its segment.
    """
    if not isinstance(values, RaggedTensor):
        return segments(values, ids, count)
    partition = values.partition
    lengths = np.zeros(count, np.int64)
    np.maximum.at(lengths, ids, partition.lengths)
    rows = RowPartition.of_lengths(lengths, partition.uniform, partition.splits.dtype.type)
    inner = rows.starts[ids[partition.row_ids]] + partition.columns
    return RaggedTensor(segments_reduced(segments, values.values, inner, rows.size), rows)


@handles("math.reduce_mean")
def _mean(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return mean(arguments["input_tensor"], arguments["axis"], bool(arguments["keepdims"]))


def mean(ragged: RaggedTensor, axis: Any, keepdims: bool) -> Any:
    """Return the mean over axes; of nothing it is no number."""
    total = reduced("math.reduce_sum", ragged, axis, keepdims)
    count = reduced("math.reduce_sum", ones_like(ragged), axis, keepdims)
    return divide(total, count)


@handles("math.reduce_variance")
def _variance(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return variance(arguments["input_tensor"], arguments["axis"], bool(arguments["keepdims"]))


def variance(ragged: RaggedTensor, axis: Any, keepdims: bool) -> Any:
    """Return the variance over axes: the mean of the squares less the square of the mean."""
    return subtract(mean(square(ragged), axis, keepdims), square(mean(ragged, axis, keepdims)))


@handles("math.reduce_std")
def _std(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return sqrt(variance(arguments["input_tensor"], arguments["axis"], bool(arguments["keepdims"])))


@handles("math.reduce_any")
def _any(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return not_equal(_count(arguments["input_tensor"], arguments), 0)


@handles("math.reduce_all")
def _all(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return equal(_count(logical_not(arguments["input_tensor"]), arguments), 0)


def _count(ragged: Any, arguments: Mapping[str, Any]) -> Any:
    return reduced("math.reduce_sum", cast(ragged, int32), arguments["axis"], bool(arguments["keepdims"]))


@handles("math.count_nonzero")
def _count_nonzero(_: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged = arguments["input"]
    found = not_equal(ragged, ragged.dtype.as_numpy_dtype(0))
    total = reduced("math.reduce_sum", cast(found, arguments["dtype"]), arguments["axis"], bool(arguments["keepdims"]))
    return cast(total, as_dtype(arguments["dtype"]))


@handles("math.cumsum")
def _cumsum(_: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged = arguments["x"]
    rank = rank_of(ragged)
    if constant_value(arguments["axis"]) % rank != ragged.ragged_rank or rank != ragged.ragged_rank + 1:
        raise ValueError("tf.cumsum: the axis of a ragged tensor must be its innermost one, of rows.")
    rest = {name: arguments[name] for name in ("exclusive", "reverse")}
    dense = NAMES["math.cumsum"](last_rows(ragged).to_tensor(), axis=1, **rest)
    return ragged.with_flat_values(_back(dense, last_rows(ragged)))


@handles("nn.softmax", "nn.log_softmax")
def _softmax(row: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged = arguments["logits"]
    axis = arguments["axis"]
    if axis is not None and constant_value(axis) % rank_of(ragged) != rank_of(ragged) - 1:
        raise ValueError(f"tf.{row.name}: the axis of a ragged tensor must be its innermost one; received {axis}.")
    if rank_of(ragged) > ragged.ragged_rank + 1:
        return ragged.with_flat_values(NAMES[row.name](ragged.flat_values))
    rows = last_rows(ragged)
    dense = rows.to_tensor(default_value=ragged.dtype.min)
    return ragged.with_flat_values(_back(NAMES[row.name](dense), rows)) if rows.partition.size else ragged


def last_rows(ragged: RaggedTensor) -> RaggedTensor:
    """Return the innermost rows of a ragged tensor."""
    inner: Any = ragged
    while isinstance(inner.values, RaggedTensor):
        inner = inner.values
    return inner  # type: ignore[no-any-return]


def _back(dense: Any, rows: RaggedTensor) -> Any:
    """Return the values of a padded tensor that are no padding."""
    width = int(dense.shape[1])
    places = rows.partition.row_ids * width + rows.partition.columns
    return NAMES["gather"](NAMES["reshape"](dense, [-1]), places)
