"""Losses over many classes of which only some are looked at: sampled softmax, noise-contrastive estimation."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tenon.compat._arithmetic import joined_table
from tenon.compat._calls import recorded
from tenon.compat._graph import get_default_graph
from tenon.compat._mode import building
from tenon.compat._ops import op, tensor_of
from tenon.core import NAMES
from tenon.core.tensors import float32, int64


class SampledValues(NamedTuple):
    """Classes that were drawn, and how often each is expected.

    Attributes:
        sampled_candidates: numbers of classes.
        true_expected_count: for the true classes.
        sampled_expected_count: for those that were drawn.
    """

    sampled_candidates: Any
    true_expected_count: Any
    sampled_expected_count: Any


def _draw(true_classes: Any, num_sampled: int, range_max: int, unique: bool, seed: Any) -> tuple[Any, Any, Any]:
    """Draw classes log-uniformly: small numbers often."""
    chances = np.log((np.arange(range_max) + 2.0) / (np.arange(range_max) + 1.0)) / math.log(range_max + 1.0)
    logits = np.log(chances).astype(np.float32)
    if unique:
        noise = NAMES["random.stateless_uniform"]([range_max], seed, 1e-20, 1.0)
        gumbel = -NAMES["math.log"](-NAMES["math.log"](noise))
        drawn = NAMES["cast"](NAMES["math.top_k"](gumbel + logits, num_sampled)[1], int64)
        expected = (-np.expm1(num_sampled * np.log1p(-chances))).astype(np.float32)
    else:
        drawn = NAMES["reshape"](NAMES["random.stateless_categorical"](logits[None], num_sampled, seed), [-1])
        expected = (num_sampled * chances).astype(np.float32)
    counts = NAMES["convert_to_tensor"](expected)
    return drawn, NAMES["gather"](counts, true_classes), NAMES["gather"](counts, drawn)


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
    name: str | None = None,
) -> SampledValues:
    """Draw classes of which small numbers are frequent, ``tf.random.log_uniform_candidate_sampler``.

    Without repetition the expected counts are those of as many tries as there are classes drawn.

    Args:
        true_classes: numbers of the true classes, ``(batch, num_true)``.
        num_true: how many true classes each row has.
        num_sampled: how many classes are drawn.
        unique: whether none is drawn twice.
        range_max: how many classes there are.
        seed: the operation's seed.
        name: its name.
    """
    del num_true
    if not building():
        own = np.random.default_rng(seed).integers(0, 2**31 - 1, 2)
        return SampledValues(*_draw(true_classes, num_sampled, range_max, unique, own))
    seeds = (get_default_graph().seed, None if seed is None else int(seed))
    found = recorded(
        "LogUniformCandidateSampler", name, _draw, (true_classes, num_sampled, range_max, unique), {}, random=True,
        random_seeds=seeds, role="random",
    )  # fmt: skip
    return SampledValues(*found)


def _logits(
    weights: Any, biases: Any, labels: Any, inputs: Any, sampled: SampledValues, num_true: int, remove_hits: bool
) -> tuple[Any, Any]:
    """Return logits and labels of the true classes and of those that were drawn."""
    truth = op("cast")(labels, int64)
    rows = op("shape")(inputs)[0]
    true_rows = op("gather")(weights, op("reshape")(truth, [-1]))
    true_rows = op("reshape")(true_rows, op("stack")([rows, num_true, -1]))
    true = op("math.reduce_sum")(op("expand_dims")(inputs, 1) * true_rows, 2)
    true = true + op("reshape")(op("gather")(biases, op("reshape")(truth, [-1])), op("stack")([-1, num_true]))
    drawn = op("linalg.matmul")(inputs, op("gather")(weights, sampled.sampled_candidates), transpose_b=True)
    drawn = drawn + op("gather")(biases, sampled.sampled_candidates)
    if remove_hits:
        same = op("math.equal")(op("expand_dims")(truth, 2), op("reshape")(sampled.sampled_candidates, [1, 1, -1]))
        drawn = drawn - op("cast")(op("math.reduce_any")(same, 1), float32) * 3.4e38
    true = true - op("math.log")(op("cast")(sampled.true_expected_count, float32))
    drawn = drawn - op("math.log")(op("cast")(sampled.sampled_expected_count, float32))
    labels_of = op("concat")([op("ones_like")(true) / num_true, op("zeros_like")(drawn)], 1)
    return op("concat")([true, drawn], 1), labels_of


def _prepared(
    weights: Any,
    biases: Any,
    labels: Any,
    sampled: Any,
    num_true: int,
    num_sampled: int,
    num_classes: int,
    seed: Any,
    strategy: str,
) -> tuple[Any, Any, Any, SampledValues]:
    table = tensor_of(joined_table(weights, strategy))
    truth = op("reshape")(op("cast")(labels, int64), [-1, num_true])
    if sampled is None:
        sampled = log_uniform_candidate_sampler(truth, num_true, num_sampled, True, num_classes, seed)
    return table, tensor_of(biases), truth, SampledValues(*sampled)


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: Any = None,
) -> Any:
    """Return the cross entropy among the true classes and some that are drawn, ``tf.nn.sampled_softmax_loss``.

    Args:
        weights: a row for each class.
        biases: a number for each class.
        labels: numbers of the true classes, ``(batch, num_true)``.
        inputs: ``(batch, size)``.
        num_sampled: how many classes are drawn.
        num_classes: how many there are.
        num_true: how many true classes each row has.
        sampled_values: what ``log_uniform_candidate_sampler`` returns; ``None`` to draw.
        remove_accidental_hits: whether true classes that are drawn do not count.
        partition_strategy: how several tables make up the weights.
        name: accepted and ignored.
        seed: the seed of drawing.
    """
    del name
    given = _prepared(
        weights, biases, labels, sampled_values, num_true, num_sampled, num_classes, seed, partition_strategy
    )
    logits, truth = _logits(*given[:3], inputs, given[3], num_true, remove_accidental_hits)
    return op("nn.softmax_cross_entropy_with_logits")(op("stop_gradient")(truth), logits)


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Any:
    """Return the loss of telling true classes from noise, ``tf.nn.nce_loss``; arguments as of sampled softmax."""
    del name
    given = _prepared(
        weights, biases, labels, sampled_values, num_true, num_sampled, num_classes, None, partition_strategy
    )
    logits, truth = _logits(*given[:3], inputs, given[3], num_true, remove_accidental_hits)
    return op("math.reduce_sum")(op("nn.sigmoid_cross_entropy_with_logits")(truth, logits), 1)
