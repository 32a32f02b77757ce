"""Metrics that add up over runs: a value, and an operation that updates it."""

from __future__ import annotations

from typing import Any

from tenon.compat._graph import GraphKeys, get_default_graph
from tenon.compat._ops import op, tensor_of
from tenon.compat._structure import control_dependencies
from tenon.compat._variable_scope import variable_scope
from tenon.compat._variables import GraphVariable, new_graph_variable
from tenon.core.tensors import float32

Pair = tuple[Any, Any]


def _local(name: str, shape: Any = ()) -> GraphVariable:
    keys = [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES]
    return new_graph_variable(op("zeros")(list(shape)), False, keys, True, name)


def _published(pair: Pair, metrics_collections: Any, updates_collections: Any) -> Pair:
    graph = get_default_graph()
    for names, value in ((metrics_collections, pair[0]), (updates_collections, pair[1])):
        if names:
            graph.add_to_collections(names, value)
    return pair


def _ratio(
    values: Any, weights: Any, metrics_collections: Any, updates_collections: Any, name: str, root: bool = False
) -> Pair:
    """Return the weighted mean of all values so far."""
    with variable_scope(None, name):
        total, count = _local("total"), _local("count")
        numbers = op("cast")(values, float32)
        factors = op("ones_like")(numbers) if weights is None else _factors(numbers, weights)
        updates = [
            total.assign_add(op("math.reduce_sum")(numbers * factors)),
            count.assign_add(op("math.reduce_sum")(factors)),
        ]
        value = op("math.divide_no_nan")(total.snapshot, count.snapshot)
        with control_dependencies(updates):
            update = op("math.divide_no_nan")(total.read_value(), count.read_value())
        if root:
            value, update = op("math.sqrt")(value), op("math.sqrt")(update)
    return _published((value, update), metrics_collections, updates_collections)


def _factors(numbers: Any, weights: Any) -> Any:
    factors = op("cast")(weights, float32)
    ranks = factors.shape.rank, numbers.shape.rank
    if ranks[0] is not None and ranks[1] is not None and ranks[0] == ranks[1] + 1:
        factors = op("squeeze")(factors, [-1])
    return op("ones_like")(numbers) * factors


def mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """Return the mean of values over all runs, and the operation that updates it."""
    return _ratio(values, weights, metrics_collections, updates_collections, name or "mean")


def accuracy(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """Return how often predictions are the labels, and the operation that updates it."""
    truth, found = tensor_of(labels), tensor_of(predictions)
    same = op("math.equal")(op("cast")(found, truth.dtype), truth)
    return _ratio(same, weights, metrics_collections, updates_collections, name or "accuracy")


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """Return the mean squared difference, and the operation that updates it."""
    squares = op("math.squared_difference")(op("cast")(predictions, float32), op("cast")(labels, float32))
    return _ratio(squares, weights, metrics_collections, updates_collections, name or "mean_squared_error")


def root_mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """Return the root of the mean squared difference, and the operation that updates it."""
    squares = op("math.squared_difference")(op("cast")(predictions, float32), op("cast")(labels, float32))
    return _ratio(squares, weights, metrics_collections, updates_collections, name or "root_mean_squared_error", True)


def mean_absolute_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """Return the mean absolute difference, and the operation that updates it."""
    sizes = op("math.abs")(op("cast")(predictions, float32) - op("cast")(labels, float32))
    return _ratio(sizes, weights, metrics_collections, updates_collections, name or "mean_absolute_error")


def _hits(labels: Any, predictions: Any, wanted: tuple[bool, bool], weights: Any) -> Any:
    truth, found = op("cast")(labels, "bool"), op("cast")(predictions, "bool")
    sides = [one if want else op("math.logical_not")(one) for one, want in zip((truth, found), wanted, strict=True)]
    hits = op("cast")(op("math.logical_and")(*sides), float32)
    return op("math.reduce_sum")(hits if weights is None else hits * _factors(hits, weights))


def precision(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """Return which part of what was predicted is true, and the operation that updates it."""
    return _share(
        labels, predictions, (False, True), weights, metrics_collections, updates_collections, name or "precision"
    )


def recall(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """Return which part of what is true was predicted, and the operation that updates it."""
    return _share(
        labels, predictions, (True, False), weights, metrics_collections, updates_collections, name or "recall"
    )


def _share(
    labels: Any,
    predictions: Any,
    missed: tuple[bool, bool],
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str,
) -> Pair:
    with variable_scope(None, name):
        right, wrong = _local("true_positives"), _local("others")
        updates = [
            right.assign_add(_hits(labels, predictions, (True, True), weights)),
            wrong.assign_add(_hits(labels, predictions, missed, weights)),
        ]
        value = op("math.divide_no_nan")(right.snapshot, op("math.add")(right.snapshot, wrong.snapshot))
        with control_dependencies(updates):
            first = right.read_value()
            update = op("math.divide_no_nan")(first, first + wrong.read_value())
    return _published((value, update), metrics_collections, updates_collections)
