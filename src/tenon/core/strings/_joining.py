"""Strings put together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError, OutOfRangeError
from tenon.core.operations import operation
from tenon.core.strings._arrays import filled, text_bytes


def _join(strings: Any, separator: Any) -> np.ndarray:
    between = text_bytes("separator", separator)
    shapes = {array.shape for array in strings} - {()}
    if len(shapes) > 1:
        first, second = sorted(shapes, key=len)[:2]
        raise InvalidArgumentError(f"Input shapes do not match: {list(first)} vs. {list(second)}")
    shape = shapes.pop() if shapes else ()
    columns = [np.broadcast_to(array, shape).ravel().tolist() for array in strings]
    rows = zip(*columns, strict=True) if columns else [()]
    return filled([between.join(row) for row in rows], shape)


join = operation(
    "strings.join",
    "inputs: [string], separator=''",
    _join,
    "Returns the strings at the same place of each tensor joined; one string stands beside all.",
    "[['a', 'b'], 'c'], '-'",
    host=True,
    differentiable=False,
)


def _reduce_join(strings: np.ndarray, axis: Any, keepdims: bool, separator: Any) -> np.ndarray:
    axes = _axes(axis, strings.ndim)
    kept = [dimension for dimension in range(strings.ndim) if dimension not in axes]
    shape = [strings.shape[dimension] for dimension in kept]
    together = math.prod([strings.shape[dimension] for dimension in axes])
    rows = np.transpose(strings, [*kept, *axes[::-1]]).reshape(math.prod(shape), together).tolist()
    joined = filled([text_bytes("separator", separator).join(row) for row in rows], shape)
    return joined if not keepdims else np.expand_dims(joined, tuple(sorted(axes)))


def _axes(axis: Any, rank: int) -> list[int]:
    given = list(range(rank))[::-1] if axis is None else [axis] if isinstance(axis, int) else list(axis)
    for dimension in given:
        if not -rank <= dimension < rank:
            raise OutOfRangeError(f"Invalid reduction dimension {dimension} for input with {rank} dimension(s)")
    axes = [dimension % rank for dimension in given]
    for dimension in axes:
        if axes.count(dimension) > 1:
            raise InvalidArgumentError(f"Duplicate reduction dimension {dimension}")
    return axes


reduce_join = operation(
    "strings.reduce_join",
    "inputs: string, axis=None, keepdims=False, separator=''",
    _reduce_join,
    "Returns the strings along axes joined: along the first axis first.",
    "[['a', 'b'], ['c', 'd']], [1, 0]",
    host=True,
    differentiable=False,
)


def _unsorted_segment_join(strings: np.ndarray, segments: np.ndarray, num_segments: int, separator: Any) -> np.ndarray:
    if segments.shape != strings.shape[: segments.ndim]:
        raise InvalidArgumentError(
            f"segment_ids: Segment dimension is {list(segments.shape)} while input dimension is {list(strings.shape)}; "
            "the shape of the segments must be a prefix of that of the strings."
        )
    if segments.size and not 0 <= segments.min() <= segments.max() < num_segments:
        raise InvalidArgumentError(
            "segment_ids are not allowed to exceed num_segments or to have negative values; "
            f"received {segments.ravel().tolist()} for {num_segments} segments."
        )
    inner = strings.shape[segments.ndim :]
    rows = strings.reshape(segments.size, math.prod(inner)).tolist()
    columns: list[list[list[bytes]]] = [[[] for _ in range(math.prod(inner))] for _ in range(num_segments)]
    for segment, row in zip(segments.ravel().tolist(), rows, strict=True):
        for column, value in zip(columns[segment], row, strict=True):
            column.append(value)
    between = text_bytes("separator", separator)
    return filled([between.join(column) for row in columns for column in row], (num_segments, *inner))


unsorted_segment_join = operation(
    "strings.unsorted_segment_join",
    "inputs: string, segment_ids: index, num_segments, separator=''",
    _unsorted_segment_join,
    "Returns the strings of each segment joined.",
    "['a', 'b', 'c'], [1, 0, 1], 2",
    host=True,
    differentiable=False,
)
