"""Looking up and ranking: embeddings, the k largest, and whether a label is among them."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.operations import FLOATS, REALS, operation
from tenon.core.tensors import Tensor


class TopKV2(NamedTuple):
    """The k largest entries, as ``tf.nn.top_k`` returns them.

    Attributes:
        values: the entries.
        indices: where they stood along the last dimension.
    """

    values: Tensor
    indices: Tensor


def _top_k(values: Any, k: int, index_type: Any, **unsorted: bool) -> tuple[Any, Any]:
    del unsorted  # the sorted order is one that sorted=False allows
    if values.ndim < 1 or not 0 <= k <= values.shape[-1]:
        raise InvalidArgumentError(
            f"k: input must have at least k columns; received k = {k} for an input of {list(values.shape)}."
        )
    largest, places = lax.top_k(values, k)
    return largest, places.astype(index_type)


def _in_top_k(targets: Any, predictions: Any, k: Any) -> Any:
    """Classes equal to the target's are no better than it; nothing is in a ranking that has an infinity or NaN."""
    if predictions.ndim != 2 or targets.shape != predictions.shape[:1]:
        raise InvalidArgumentError(
            "targets, predictions: must be [batch] and [batch, classes]; received "
            f"{list(targets.shape)} and {list(predictions.shape)}."
        )
    known = (targets >= 0) & (targets < predictions.shape[1])
    wanted = jnp.take_along_axis(predictions, jnp.where(known, targets, 0)[:, None], 1)
    better = jnp.sum(predictions > wanted, 1)
    return known & jnp.all(jnp.isfinite(predictions), 1) & (better < k)


def _approximate(reduce: Any) -> Any:
    def approximated(operand: Any, k: int, reduction_dimension: int, **how: Any) -> tuple[Any, ...]:
        return tuple(reduce(operand, k, reduction_dimension=reduction_dimension, **how))

    return approximated


top_k = operation(
    "nn.top_k math.top_k",
    "input: T, k=1, sorted=True, index_type: dtype = 'int32'",
    _top_k,
    "Returns the k largest entries of the last dimension, largest first, and their indices.",
    "[[1.0, 3.0, 2.0]], 2",
    types=REALS,
    result=TopKV2,
)
in_top_k = operation(
    "nn.in_top_k math.in_top_k",
    "targets: index, predictions: float32, k: index",
    _in_top_k,
    "Returns whether fewer than k classes have a higher prediction than the target.",
    "[1, 0], [[0.1, 0.9], [0.2, 0.8]], 1",
    differentiable=False,
)
approx_max_k = operation(
    "nn.approx_max_k math.approx_max_k",
    "operand: T, k, reduction_dimension=-1, recall_target=0.95, reduction_input_size_override=-1, "
    "aggregate_to_topk=True",
    _approximate(lax.approx_max_k),
    "Returns about the k largest entries of a dimension, and their indices; exact where the device has no faster way.",
    "[[1.0, 3.0, 2.0]], 2",
    types=FLOATS,
)
approx_min_k = operation(
    "nn.approx_min_k math.approx_min_k",
    "operand: T, k, reduction_dimension=-1, recall_target=0.95, reduction_input_size_override=-1, "
    "aggregate_to_topk=True",
    _approximate(lax.approx_min_k),
    "Returns about the k smallest entries of a dimension, and their indices; exact where the device has no faster way.",
    "[[1.0, 3.0, 2.0]], 2",
    types=FLOATS,
)
