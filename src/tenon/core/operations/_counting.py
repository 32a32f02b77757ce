"""Counting and ranking: bins, confusion, the largest of a row."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._table import operation
from tenon.core.operations._types import BOOLEAN, REALS
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor


class TopKV2(NamedTuple):
    """The largest ``values`` and the ``indices`` where they stand."""

    values: Tensor
    indices: Tensor


class ApproxTopK(NamedTuple):
    """The ``values`` found and the ``indices`` where they stand."""

    values: Tensor
    indices: Tensor


def _top_k(x: Any, k: Any, sorted: bool, index_type: Any) -> tuple[Any, Any]:
    del sorted  # sorted is one of the allowed orders
    if not x.ndim or x.shape[-1] < k:
        raise ValueError(f"input must have at least k columns. Had {x.shape[-1:]}, needed {k}")
    values, indices = jax.lax.top_k(x, int(k))
    return values, indices.astype(index_type)


def _approximate(find: Any) -> Any:
    def found(
        operand: Any,
        k: int,
        reduction_dimension: int,
        recall_target: float,
        reduction_input_size_override: int,
        aggregate_to_topk: bool,
    ) -> Any:
        return find(
            operand,
            k,
            reduction_dimension=reduction_dimension,
            recall_target=recall_target,
            reduction_input_size_override=reduction_input_size_override,
            aggregate_to_topk=aggregate_to_topk,
        )

    return found


def _in_top_k(targets: Any, predictions: Any, k: Any) -> Any:
    """A class is among the first ``k`` where fewer than ``k`` are better; classes that do not exist never are."""
    classes = predictions.shape[1]
    known = (targets >= 0) & (targets < classes)
    own = jnp.take_along_axis(predictions, jnp.clip(targets, 0, classes - 1)[:, None], axis=1)
    better = jnp.sum(predictions > own, axis=1) < k
    return known & better & jnp.all(jnp.isfinite(predictions), axis=1)


def _position(find: Any) -> Any:
    def found(x: Any, axis: Any, output_type: Any) -> Any:
        along = 0 if axis is None else axis
        if not -x.ndim <= along < x.ndim:
            raise ValueError(f"Expected dimension in the range [{-x.ndim}, {x.ndim}), but got {along}.")
        if not x.shape[along]:
            raise ValueError(f"Reduction axis {along} is empty.")
        return find(x, along).astype(output_type)

    return found


def _largest(x: Any, axis: int) -> Any:
    """Return places as 32 bits, for a program of JAX's 32-bit mode cannot find them as 64."""
    return jax.lax.argmax(_lowest_for_nan(x, -jnp.inf), axis % x.ndim, np.int32)


def _smallest(x: Any, axis: int) -> Any:
    return jax.lax.argmin(_lowest_for_nan(x, jnp.inf), axis % x.ndim, np.int32)


def _lowest_for_nan(x: Any, instead: float) -> Any:
    """TensorFlow passes over what is no number; JAX finds no place among truths."""
    if x.dtype == bool:
        return x.astype(np.int8)
    return x if x.dtype.kind in "iub" else jnp.where(jnp.isnan(x), instead, x)


def _invert(x: Any) -> Any:
    return jnp.zeros_like(x).at[x].set(jnp.arange(x.shape[0], dtype=x.dtype))


def _is_permutation(x: Any) -> None:
    if not np.array_equal(np.sort(np.asarray(x)), np.arange(len(x))):
        raise InvalidArgumentError(
            f"x: must be a permutation, each of 0, 1, ..., {len(x) - 1} once; received {np.asarray(x).tolist()}."
        )


def _bins(arr: Any, weights: Any, size: int, dtype: Any, rows: bool, binary: bool) -> Any:
    """Count along the last dimension (of all, flattened, unless ``rows``); numbers past the last bin count nowhere."""
    values = arr if rows and arr.ndim == 2 else arr.reshape(1, -1)
    given = jnp.ones(values.shape, dtype) if weights is None else weights.reshape(values.shape)
    row = jnp.broadcast_to(jnp.arange(values.shape[0])[:, None], values.shape)
    empty = jnp.zeros((values.shape[0], size), given.dtype)
    found = empty.at[row, values].set(1) if binary else empty.at[row, values].add(given)
    return found if rows and arr.ndim == 2 else found[0]


def _bincount(
    arr: Any, weights: Any, minlength: Any, maxlength: Any, dtype: Any, axis: Any, binary_output: bool
) -> Any:
    size = _bin_count(arr, minlength, maxlength)
    integers = arr if arr.dtype.kind in "iu" else np.asarray(arr).astype(np.int32)
    return run(
        kernel(
            _spread_bins,
            size=size,
            dtype=dtype,
            rows=axis == -1,
            binary=bool(binary_output),
            weighted=weights is not None,
        ),
        [integers] if weights is None else [integers, weights],
    )


def _spread_bins(*arrays: Any, size: int, dtype: Any, rows: bool, binary: bool, weighted: bool) -> Any:
    return _bins(arrays[0], arrays[1] if weighted else None, size, dtype, rows, binary)


def _bin_count(arr: Any, minlength: Any, maxlength: Any) -> int:
    if maxlength is not None and minlength is not None and minlength >= maxlength:
        return int(maxlength)
    if isinstance(arr, jax.core.Tracer):
        raise InvalidArgumentError(
            "arr: the number of bins is its largest value + 1, which must be known when a function is traced, because "
            "XLA compiles for fixed shapes; give minlength and maxlength, both the number of bins."
        )
    values = np.asarray(arr)
    if np.any(values < 0):
        raise InvalidArgumentError(f"arr: Input arr must be non-negative! Received {values.min()}.")
    size = max(int(values.max()) + 1 if values.size else 0, int(minlength or 0))
    return size if maxlength is None else min(size, int(maxlength))


def _confusion_matrix(labels: Any, predictions: Any, weights: Any, num_classes: Any, dtype: Any) -> Any:
    pair = [_squeezed(labels, predictions.ndim), _squeezed(predictions, labels.ndim)]
    size = _class_count(pair) if num_classes is None else int(num_classes)
    for name, given in zip(("labels", "predictions"), pair, strict=True):
        _check_classes(name, given, size)
    return run(kernel(_confusion, size=size, dtype=dtype), [*pair] if weights is None else [*pair, weights])


def _squeezed(array: Any, rank: int) -> Any:
    return array.reshape(array.shape[:-1]) if array.ndim == rank + 1 and array.shape[-1] == 1 else array


def _class_count(pair: Any) -> int:
    if any(isinstance(array, jax.core.Tracer) for array in pair):
        raise InvalidArgumentError(
            "num_classes: must be given while a function is traced, because XLA compiles for fixed shapes."
        )
    return max([int(np.max(array, initial=-1)) + 1 for array in map(np.asarray, pair)])


def _check_classes(name: str, given: Any, size: int) -> None:
    if isinstance(given, jax.core.Tracer):
        return
    values = np.asarray(given)
    if np.any(values < 0):
        raise InvalidArgumentError(f"`{name}` contains negative values; received {values.tolist()}.")
    if np.any(values >= size):
        raise InvalidArgumentError(f"`{name}` out of bound: must be < {size}; received {values.tolist()}.")


def _confusion(labels: Any, predictions: Any, *weights: Any, size: int, dtype: Any) -> Any:
    places = (labels.astype(jnp.int64), predictions.astype(jnp.int64))
    given = weights[0].astype(dtype) if weights else jnp.ones(labels.shape, dtype)
    return jnp.zeros((size, size), dtype).at[places].add(given)


argmax = operation(
    "math.argmax argmax",
    "input: T, axis=None, output_type: dtype = tf.int64",
    _position(_largest),
    "Returns where the largest elements stand along an axis, the first by default.",
    "[[1.0, 5.0], [7.0, 2.0]], 1",
    types=REALS | BOOLEAN,
    differentiable=False,
)
argmin = operation(
    "math.argmin argmin",
    "input: T, axis=None, output_type: dtype = tf.int64",
    _position(_smallest),
    "Returns where the smallest elements stand along an axis, the first by default.",
    "[[1.0, 5.0], [7.0, 2.0]], 1",
    types=REALS | BOOLEAN,
    differentiable=False,
)
top_k = operation(
    "math.top_k nn.top_k",
    "input: T, k=1, sorted=True, index_type: dtype = tf.int32",
    _top_k,
    "Returns the k largest elements of the last dimension, the largest first, and where they stand.",
    "[[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]], 2",
    types=REALS,
    result=TopKV2,
)
approx_max_k = operation(
    "math.approx_max_k nn.approx_max_k",
    "operand: T, k, reduction_dimension=-1, recall_target=0.95, reduction_input_size_override=-1, "
    "aggregate_to_topk=True",
    _approximate(jax.lax.approx_max_k),
    "Returns k of the largest elements along a dimension, most of them the very largest, and where they stand.",
    "[1.0, 5.0, 3.0, 2.0], 2",
    types=frozenset({"bfloat16", "float16", "float32"}),
    result=ApproxTopK,
)
approx_min_k = operation(
    "math.approx_min_k nn.approx_min_k",
    "operand: T, k, reduction_dimension=-1, recall_target=0.95, reduction_input_size_override=-1, "
    "aggregate_to_topk=True",
    _approximate(jax.lax.approx_min_k),
    "Returns k of the smallest elements along a dimension, most of them the very smallest, and where they stand.",
    "[1.0, 5.0, 3.0, 2.0], 2",
    types=frozenset({"bfloat16", "float16", "float32"}),
    result=ApproxTopK,
)
in_top_k = operation(
    "math.in_top_k nn.in_top_k",
    "targets: index, predictions: float32, k",
    _in_top_k,
    "Returns whether the target of each row is among its k largest predictions.",
    "[1, 0], [[0.1, 0.2, 0.3], [0.5, 0.1, 0.1]], 2",
    differentiable=False,
)
invert_permutation = operation(
    "math.invert_permutation",
    "x: index",
    _invert,
    "Returns the permutation that undoes another.",
    "[2, 0, 1]",
    differentiable=False,
    check=_is_permutation,
)
bincount = operation(
    "math.bincount",
    "arr: any, weights: any = None, minlength=None, maxlength=None, dtype: dtype = tf.int32, name=None, axis=None, "
    "binary_output=False",
    _bincount,
    "Returns how often each of 0, 1, 2, ... comes, or the sum of its weights; row by row where the axis is -1.",
    "[1, 2, 2, 5]",
    differentiable=False,
    composed=True,
)
confusion_matrix = operation(
    "math.confusion_matrix",
    "labels: any, predictions: any, num_classes=None, weights: any = None, dtype: dtype = tf.int32",
    _confusion_matrix,
    "Returns how often each label (row) was predicted as each class (column).",
    "[1, 2, 4], [2, 2, 4]",
    composed=True,
)
