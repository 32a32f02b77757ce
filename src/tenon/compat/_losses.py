"""The losses of 1.x: weighted, reduced, and collected."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

from tenon.compat._graph import GraphKeys, get_default_graph
from tenon.compat._mode import building
from tenon.compat._ops import op, tensor_of
from tenon.compat._structure import name_scope
from tenon.core.tensors import float32

Collection = str | None


class Reduction:
    """How losses become one number, ``tf.compat.v1.losses.Reduction``."""

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_OVER_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_BY_NONZERO_WEIGHTS = SUM_OVER_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Return all of them."""
        return (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE, cls.SUM_OVER_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key: str) -> None:
        """Check that there is such a reduction.

        Raises:
            ValueError: there is not.
        """
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}. Key must be one of {cls.all()}.")


_BY_WEIGHTS: Final = Reduction.SUM_BY_NONZERO_WEIGHTS


def _sum(value: Any) -> Any:
    return op("math.reduce_sum")(value)


def _mean_of(total: Any, count: Any) -> Any:
    return op("math.divide_no_nan")(total, count)


def _count(losses: Any, weights: Any, reduction: str) -> Any:
    """Return by how much the sum of losses is divided."""
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return op("cast")(op("size")(losses), float32)
    if reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
        weights = op("cast")(op("math.not_equal")(weights, 0.0), float32)
    return _sum(op("math.multiply")(op("ones_like")(losses), weights))


def _reduced(losses: Any, weights: Any, reduction: str) -> Any:
    weighted = op("math.multiply")(losses, weights)
    if reduction == Reduction.NONE:
        return weighted
    return (
        _sum(weighted) if reduction == Reduction.SUM else _mean_of(_sum(weighted), _count(losses, weights, reduction))
    )


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return losses times weights, reduced, and collect the result.

    Args:
        losses: a tensor.
        weights: what broadcasts with it; a vector counts rows where losses are a matrix with one column each.
        scope: the scope of the names.
        loss_collection: where the result is listed; ``None`` for nowhere.
        reduction: one of ``Reduction``.

    Raises:
        ValueError: there is no such reduction.
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss"):
        given = tensor_of(losses)
        values = op("cast")(given, float32)
        factors = op("cast")(weights, float32)
        loss = op("cast")(_reduced(values, factors, reduction), given.dtype)
    if loss_collection and building():
        get_default_graph().add_to_collection(loss_collection, loss)
    return loss


def _scope(scope: str | None, default: str) -> AbstractContextManager[str]:
    return name_scope(scope, default)


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return the loss of absolute differences; further arguments as of ``compute_weighted_loss``."""
    with _scope(scope, "absolute_difference") as name:
        difference = op("math.abs")(op("math.subtract")(_float(predictions), _float(labels)))
        return compute_weighted_loss(difference, weights, name, loss_collection, reduction)


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return the loss of squared differences; further arguments as of ``compute_weighted_loss``."""
    with _scope(scope, "mean_squared_error") as name:
        difference = op("math.squared_difference")(_float(predictions), _float(labels))
        return compute_weighted_loss(difference, weights, name, loss_collection, reduction)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return the loss that is square up to ``delta`` and straight beyond."""
    with _scope(scope, "huber_loss") as name:
        size = op("math.abs")(op("math.subtract")(_float(predictions), _float(labels)))
        square = op("math.minimum")(size, delta)
        losses = square * square * 0.5 + (size - square) * delta
        return compute_weighted_loss(losses, weights, name, loss_collection, reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return the cross entropy of probabilities."""
    with _scope(scope, "log_loss") as name:
        found, truth = _float(predictions), _float(labels)
        log = op("math.log")
        losses = -(truth * log(found + epsilon)) - (1 - truth) * log(1 - found + epsilon)
        return compute_weighted_loss(losses, weights, name, loss_collection, reduction)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return the loss of logits on the wrong side of a margin."""
    with _scope(scope, "hinge_loss") as name:
        signs = 2 * _float(labels) - 1.0
        losses = op("nn.relu")(1.0 - signs * _float(logits))
        return compute_weighted_loss(losses, weights, name, loss_collection, reduction)


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
    dim: int | None = None,
) -> Any:
    """Return one minus the inner products of vectors of length one along ``axis``.

    Raises:
        ValueError: there is no axis.
    """
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError("You must specify argument `axis`.")
    with _scope(scope, "cosine_distance_loss") as name:
        product = op("math.reduce_sum")(_float(predictions) * _float(labels), axis, True)
        return compute_weighted_loss(1 - product, weights, name, loss_collection, reduction)


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return the cross entropy of independent classes."""
    with _scope(scope, "sigmoid_cross_entropy_loss") as name:
        scores = tensor_of(logits)
        labels = op("cast")(multi_class_labels, scores.dtype)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = op("nn.sigmoid_cross_entropy_with_logits")(labels, scores)
        return compute_weighted_loss(losses, weights, name, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return the cross entropy of classes that exclude each other; no gradient flows to the labels."""
    with _scope(scope, "softmax_cross_entropy_loss") as name:
        scores = tensor_of(logits)
        labels = op("cast")(onehot_labels, scores.dtype)
        if label_smoothing > 0:
            classes = op("cast")(op("shape")(labels)[-1], scores.dtype)
            labels = labels * (1.0 - label_smoothing) + label_smoothing / classes
        losses = op("nn.softmax_cross_entropy_with_logits")(op("stop_gradient")(labels), scores)
        return compute_weighted_loss(losses, weights, name, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Return the cross entropy of classes that are given by their numbers."""
    with _scope(scope, "sparse_softmax_cross_entropy_loss") as name:
        scores, classes, factors = tensor_of(logits), tensor_of(labels), tensor_of(weights)
        if (classes.shape.rank or 0) >= (scores.shape.rank or 99):
            classes = op("squeeze")(classes, [-1])
        losses = op("nn.sparse_softmax_cross_entropy_with_logits")(classes, scores)
        if (factors.shape.rank or 0) > (losses.shape.rank or 99):
            factors = op("squeeze")(factors, [-1])
        return compute_weighted_loss(losses, factors, name, loss_collection, reduction)


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Collection = GraphKeys.LOSSES,
) -> Any:
    """Return the loss of the differences between pairs of elements of each row."""
    with _scope(scope, "mean_pairwise_squared_error"):
        differences = op("math.subtract")(_float(predictions), _float(labels))
        rows = op("shape")(differences)[0]
        flat = op("reshape")(differences, op("stack")([rows, -1]))
        factors = op("reshape")(op("cast")(weights, float32) * op("ones")(op("stack")([rows])), [-1])
        count = op("cast")(op("shape")(flat)[1], float32)
        pairs = op("math.maximum")(count * (count - 1.0), 1.0)
        squares = op("math.reduce_sum")(flat * flat, 1)
        total = op("math.square")(op("math.reduce_sum")(flat, 1))
        each = 2.0 * squares * (count / pairs) - 2.0 * total / pairs
        loss = _sum(each * factors)
    if loss_collection and building():
        get_default_graph().add_to_collection(loss_collection, loss)
    return loss


def _float(value: Any) -> Any:
    return op("cast")(value, float32)


def add_loss(loss: Any, loss_collection: Collection = GraphKeys.LOSSES) -> None:
    """List a loss with the others."""
    if loss_collection and building():
        get_default_graph().add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Any]:
    """Return the losses that were collected."""
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """Return the regularization losses that were collected."""
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: str | None = None, name: str = "total_regularization_loss") -> Any:
    """Return the sum of the regularization losses."""
    found = get_regularization_losses(scope)
    return op("math.add_n")(found, name=name) if found else op("constant")(0.0)


def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None) -> Any:
    """Return the sum of all losses that were collected."""
    found = get_losses(scope) + (get_regularization_losses(scope) if add_regularization_losses else [])
    return op("math.add_n")(found, name=name)
