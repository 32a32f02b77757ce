"""What maps give back, and maps over values whose rows have different lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.nest import assert_same_structure, flatten, pack_sequence_as
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, as_dtype, as_tensor, convert_to_tensor

_STACK = kernel(lambda *rows: jax.numpy.stack(rows))


def map_rows_of_composites(fn: Callable[..., Any], elems: Any, stated: Any) -> Any:
    """Return ``fn`` of each row, stacked, where rows or results have different lengths: Python goes through the rows.

    Args:
        fn: takes one row of ``elems`` in its structure.
        elems: a nested structure of tensors and of values whose rows have different lengths.
        stated: what ``fn`` returns: dtypes, specs, and values or specs with ``__tf_stack__``, which stacks results.
    """
    parts = [_rows(leaf) for leaf in flatten(elems)]
    if len({len(part) for part in parts}) > 1 or not parts[0]:
        raise ValueError(
            "elems: the first dimensions must agree, and there must be a row; received "
            f"{[len(part) for part in parts]} rows."
        )
    found = [_result(fn(pack_sequence_as(elems, row)), stated) for row in zip(*parts, strict=True)]
    leaves = [_joined(kind, results) for kind, results in zip(flatten(stated), zip(*found, strict=True), strict=True)]
    return pack_sequence_as(stated, leaves)


def _rows(leaf: Any) -> list[Any]:
    if hasattr(type(leaf), "__tf_stack__"):
        return [leaf[number] for number in range(int(leaf.shape[0]))]
    tensor = convert_to_tensor(leaf)
    return [tensor[number] for number in range(int(tensor.shape[0]))]


def _result(value: Any, stated: Any) -> list[Any]:
    assert_same_structure(stated, value, check_types=False)
    pairs = zip(flatten(value), flatten(stated), strict=True)
    return [leaf if hasattr(type(kind), "__tf_stack__") else as_stated(leaf, kind) for leaf, kind in pairs]


def _joined(kind: Any, results: Sequence[Any]) -> Any:
    if hasattr(type(kind), "__tf_stack__"):
        return kind.__tf_stack__(results)
    return as_tensor(stacked(results))


def as_stated(value: Any, stated: Any) -> Tensor:
    """Return what a function returned as a tensor, which must have the stated dtype."""
    wanted = as_dtype(getattr(stated, "dtype", stated))
    tensor = convert_to_tensor(value, dtype_hint=wanted)
    if tensor.dtype != wanted:
        raise InvalidArgumentError(
            f"fn_output_signature: fn must return {wanted.name} as stated (or as elems is); received "
            f"{tensor.dtype.name}. "
            "Pass fn_output_signature, or use tf.cast."
        )
    return tensor


def stacked(tensors: Sequence[Tensor]) -> Any:
    """Return the array of results of one shape, along a new first dimension."""
    shapes = {tuple(tensor.value.shape) for tensor in tensors}
    if len(shapes) > 1:
        raise InvalidArgumentError(f"fn: must return the same shape for every row; received {sorted(shapes)}.")
    arrays = [tensor.value for tensor in tensors]
    return np.stack(arrays) if arrays[0].dtype == object else run(_STACK, arrays)
