"""Order: sort, argsort, searchsorted, histograms, and the distinct values of a tensor."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._gather import EVERY, on_host
from tenon.core.operations._sizes import as_axis
from tenon.core.operations._table import operation
from tenon.core.operations._types import REALS
from tenon.core.recording import kernel, run

_DIRECTIONS: Final = ("ASCENDING", "DESCENDING")
_COUNTED: Final = frozenset({"int32", "int64", "float32", "float64"})


def _order(values: Any, axis: Any, direction: str) -> tuple[int, bool]:
    if direction not in _DIRECTIONS:
        raise ValueError(f"direction: must be one of {', '.join(_DIRECTIONS)}; received {direction!r}.")
    return as_axis(axis, values.ndim), direction == "DESCENDING"


def _sort(values: Any, axis: Any, direction: str) -> Any:
    place, descending = _order(values, axis, direction)
    return jnp.sort(values, axis=place, descending=descending)


sort = operation(
    "sort",
    'values: T, axis=-1, direction="ASCENDING"',
    _sort,
    "Returns the values in order along an axis.",
    '[3.0, 1.0, 2.0], direction="DESCENDING"',
    types=REALS,
)


def _argsort(values: Any, axis: Any, direction: str, stable: bool) -> Any:
    del stable
    place, descending = _order(values, axis, direction)
    return jnp.argsort(values, axis=place, descending=descending, stable=True).astype(np.int32)


argsort = operation(
    "argsort",
    'values: T, axis=-1, direction="ASCENDING", stable=False',
    _argsort,
    "Returns the indices that bring the values in order along an axis; equal values stay as they were.",
    "[3.0, 1.0, 2.0]",
    types=REALS,
    differentiable=False,
)


def _searchsorted(sequence: Any, values: Any, side: str, out_type: np.dtype) -> Any:
    rows, wanted = [array.reshape(-1, array.shape[-1]) for array in (sequence, values)]
    found = jax.vmap(lambda row, value: jnp.searchsorted(row, value, side=side))(rows, wanted)
    return found.reshape(values.shape).astype(out_type)


def _searchsorted_of(sequence: Any, values: Any, side: str, out_type: np.dtype) -> Any:
    if side not in ("left", "right"):
        raise ValueError(f"tf.searchsorted: side must be 'left' or 'right'; received {side!r}.")
    if not sequence.ndim or not values.ndim or sequence[..., 0].size != values[..., 0].size:
        raise InvalidArgumentError(
            "tf.searchsorted: Leading dim_size of both tensors must match; received shapes "
            f"{list(sequence.shape)} and {list(values.shape)}."
        )
    return run(kernel(_searchsorted, side=side, out_type=out_type), [sequence, values])


searchsorted = operation(
    "searchsorted",
    'sorted_sequence: T, values: T, side="left", out_type: dtype = "int32"',
    _searchsorted_of,
    "Returns the places in the sorted last dimension where the values would be put.",
    "[1.0, 3.0, 5.0], [0.0, 3.0, 6.0]",
    types=REALS,
    differentiable=False,
    composed=True,
)


def _bins(values: Any, value_range: Any, nbins: int, dtype: np.dtype) -> Any:
    low, high = value_range[0].astype(np.float64), value_range[1].astype(np.float64)
    places = jnp.floor((values.astype(np.float64) - low) / (high - low) * nbins)
    return jnp.clip(places, 0, nbins - 1).astype(dtype)


def _histogram(values: Any, value_range: Any, nbins: int, dtype: np.dtype) -> Any:
    return jnp.bincount(_bins(values, value_range, nbins, np.dtype(np.int32)).ravel(), length=nbins).astype(dtype)


def _check_histogram(values: Any, value_range: Any, nbins: int) -> None:
    if nbins < 1:
        raise InvalidArgumentError(f"nbins: must be a positive number; received {nbins}.")
    if value_range.shape != (2,):
        raise InvalidArgumentError(f"value_range: must have two elements; received {list(value_range.shape)}.")
    known = on_host(value_range)
    if known is not None and not known[0] < known[1]:
        raise InvalidArgumentError(
            f"value_range: should satisfy value_range[0] < value_range[1]; received {known.tolist()}."
        )

    numbers = on_host(values)
    if numbers is not None and np.isnan(numbers).any():
        raise InvalidArgumentError("values: Histogram values must not contain NaN; use tf.boolean_mask to drop them.")


def _histogram_of(values: Any, value_range: Any, nbins: Any, dtype: np.dtype) -> Any:
    _check_histogram(values, value_range, nbins)
    return run(kernel(_histogram, nbins=nbins, dtype=dtype), [values, value_range])


def _bins_of(values: Any, value_range: Any, nbins: Any, dtype: np.dtype) -> Any:
    _check_histogram(values, value_range, nbins)
    return run(kernel(_bins, nbins=nbins, dtype=dtype), [values, value_range])


histogram_fixed_width = operation(
    "histogram_fixed_width",
    'values: T, value_range: T, nbins=100, dtype: dtype = "int32"',
    _histogram_of,
    "Returns how many values lie in each of ``nbins`` equal parts of a range; the outer parts get those outside.",
    "[-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], 5",
    types=_COUNTED,
    differentiable=False,
    composed=True,
)
histogram_fixed_width_bins = operation(
    "histogram_fixed_width_bins",
    'values: T, value_range: T, nbins=100, dtype: dtype = "int32"',
    _bins_of,
    "Returns, of each value, in which of ``nbins`` equal parts of a range it lies.",
    "[-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], 5",
    types=_COUNTED,
    differentiable=False,
    composed=True,
)


Unique = namedtuple("Unique", ["y", "idx"])
"""What ``tf.unique`` returns: the distinct values as they first came, and where each value is among them."""


UniqueWithCounts = namedtuple("UniqueWithCounts", ["y", "idx", "count"])
"""What ``tf.unique_with_counts`` returns: distinct values, places, and how often each value came."""


def _unique(x: np.ndarray, out_idx: np.dtype) -> Any:
    return _unique_with_counts(x, out_idx)[:2]


def _unique_with_counts(x: np.ndarray, out_idx: np.dtype) -> Any:
    if x.ndim != 1:
        raise InvalidArgumentError(f"tf.unique: unique expects a 1D vector; received one of shape {list(x.shape)}.")
    _, first, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return x[first[order]], rank[inverse].astype(out_idx), counts[order].astype(out_idx)


unique = operation(
    "unique",
    'x: T, out_idx: dtype = "int32"',
    _unique,
    "Returns the distinct values of a vector in the order in which they first come, and the place of each value.",
    "[1.0, 1.0, 2.0, 4.0, 2.0]",
    types=EVERY,
    differentiable=False,
    host=True,
    result=Unique,
)
unique_with_counts = operation(
    "unique_with_counts",
    'x: T, out_idx: dtype = "int32"',
    _unique_with_counts,
    "Returns the distinct values of a vector, the place of each value among them, and how often each comes.",
    "[1.0, 1.0, 2.0, 4.0, 2.0]",
    types=EVERY,
    differentiable=False,
    host=True,
    result=UniqueWithCounts,
)
