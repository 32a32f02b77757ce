"""Embeddings of rows of ids: the vectors of each row, combined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from tenon.core._names import export
from tenon.core.nn import embedding_lookup
from tenon.core.operations import (
    cast,
    divide,
    expand_dims,
    logical_not,
    multiply,
    reshape,
    sqrt,
    square,
    unsorted_segment_sum,
)
from tenon.core.sparse._places import fill_empty_rows, retain
from tenon.core.sparse._tensor import SparseTensor, as_sparse, known_indices
from tenon.core.tensors import Tensor, array_of, as_tensor, convert_to_tensor

_DIVISORS: Final[Mapping[str, Callable[[Any], Any] | None]] = {
    "sum": None,
    "mean": lambda weights: weights,
    "sqrtn": square,
}


def _sparse(value: Any) -> SparseTensor:
    return value.to_sparse() if hasattr(value, "to_sparse") else as_sparse(value)


@export("nn.embedding_lookup_sparse")
def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    combiner: str | None = None,
    max_norm: Any = None,
    name: str | None = None,
    allow_fast_lookup: bool = False,
) -> Tensor:
    """Return the vectors of each row's ids, combined to one, ``tf.nn.embedding_lookup_sparse``.

    Args:
        params: a table, or a list of those.
        sp_ids: a sparse (or ragged) matrix of ids; every row has at least one.
        sp_weights: of the same form: how much each counts; ``None`` for 1.
        combiner: ``"mean"`` (the default), ``"sum"`` or ``"sqrtn"``.
        max_norm: vectors with a larger norm are scaled down to it.
        name: ignored.
        allow_fast_lookup: ignored.

    Returns:
        A tensor with a row for each row of ids.

    Raises:
        ValueError: there is no such combiner, or the weights have other places.

    Example:
        >>> ids = SparseTensor([[0, 0], [0, 1]], [0, 1], [1, 2])
        >>> embedding_lookup_sparse(as_tensor(np.array([[1.0], [3.0]])), ids, None).numpy().tolist()
        [[2.0]]
    """
    del name, allow_fast_lookup
    kind = combiner or "mean"
    if kind not in _DIVISORS:
        raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}")
    ids = _sparse(sp_ids)
    rows = known_indices(ids)[:, 0]
    count = int(rows[-1]) + 1 if len(rows) else 0
    vectors = embedding_lookup(params, ids.values, max_norm=max_norm)
    weights = (
        as_tensor(np.ones(len(rows), vectors.value.dtype)) if sp_weights is None else _weights(sp_weights, ids, vectors)
    )
    spread = reshape(weights, [len(rows)] + [1] * (len(vectors.shape) - 1))
    total = unsorted_segment_sum(multiply(vectors, spread), rows, count)
    divisor = _DIVISORS[kind]
    if divisor is None:
        return convert_to_tensor(total)
    amount = unsorted_segment_sum(divisor(spread), rows, count)
    result: Tensor = divide(total, sqrt(amount) if kind == "sqrtn" else amount)
    return result


def _weights(sp_weights: Any, ids: SparseTensor, vectors: Any) -> Any:
    weights = _sparse(sp_weights)
    if not np.array_equal(known_indices(weights), known_indices(ids)):
        raise ValueError("sp_weights: must have the places of sp_ids.")
    return cast(weights.values, vectors.dtype)


@export("nn.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: Any,
    sparse_weights: Any = None,
    combiner: str = "mean",
    default_id: Any = None,
    max_norm: Any = None,
    name: str | None = None,
    allow_fast_lookup: bool = False,
) -> Tensor:
    """Return the same where rows may be empty and ids negative, ``tf.nn.safe_embedding_lookup_sparse``.

    Args:
        embedding_weights: a table, or a list of those.
        sparse_ids: a sparse matrix of ids; negative ones do not count.
        sparse_weights: of the same form; elements whose weight is not above zero do not count. ``None`` for 1.
        combiner: ``"mean"``, ``"sum"`` or ``"sqrtn"``.
        default_id: the id that stands for an empty row; ``None`` for a vector of zeros.
        max_norm: vectors with a larger norm are scaled down to it.
        name: ignored.
        allow_fast_lookup: ignored.

    Example:
        >>> ids = SparseTensor([[1, 0]], [1], [2, 1])
        >>> safe_embedding_lookup_sparse(as_tensor(np.array([[1.0], [3.0]])), ids).numpy().tolist()
        [[0.0], [3.0]]
    """
    del name, allow_fast_lookup
    ids = _sparse(sparse_ids)
    weights = None if sparse_weights is None else _sparse(sparse_weights)
    kept = np.asarray(array_of(ids.values)) >= 0
    if weights is not None:
        kept = kept & (np.asarray(array_of(weights.values)) > 0)
        weights = fill_empty_rows(retain(weights, kept), 1.0)[0]
    ids, missing = fill_empty_rows(retain(ids, kept), 0 if default_id is None else default_id)
    found = embedding_lookup_sparse(embedding_weights, ids, weights, combiner, max_norm)
    if default_id is not None:
        return found
    zeroed: Tensor = multiply(found, expand_dims(cast(logical_not(missing), found.dtype), -1))
    return zeroed
