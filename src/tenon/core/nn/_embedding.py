"""Embeddings: rows of a table by their number."""

from __future__ import annotations

from typing import Any

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations import clip_by_norm, concat, gather
from tenon.core.tensors import Tensor, convert_to_tensor


@export("nn.embedding_lookup")
def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Tensor:
    """Return the rows of a table that ``ids`` name, ``tf.nn.embedding_lookup``.

    Args:
        params: a tensor or a variable ``[rows, ...]``, or a list of those, whose rows follow one another.
        ids: int32 or int64, of any shape.
        max_norm: rows with a larger Euclidean norm are scaled down to it; ``None`` for no limit.
        name: ignored.

    Returns:
        A tensor of the shape of ``ids`` and of a row together.

    Raises:
        InvalidArgumentError: an id is no row, where ids are known; or ``params`` is an empty list.

    Example:
        >>> embedding_lookup(convert_to_tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 0]).numpy().tolist()
        [[3.0, 4.0], [1.0, 2.0]]
    """
    del name
    rows: Tensor = gather(_joined(params), ids)
    return rows if max_norm is None else _limited(rows, max_norm, convert_to_tensor(ids).ndim)


def _limited(rows: Tensor, max_norm: Any, dimensions_of_ids: int) -> Tensor:
    limited: Tensor = clip_by_norm(rows, max_norm, axes=list(range(dimensions_of_ids, rows.ndim)))
    return limited


def _joined(params: Any) -> Any:
    if not isinstance(params, list | tuple):
        return params
    if not params:
        raise InvalidArgumentError("params: need at least one table; received an empty list.")
    return params[0] if len(params) == 1 else concat(list(params), 0)
