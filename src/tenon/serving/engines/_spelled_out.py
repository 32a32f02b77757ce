"""What a program spells out and LiteRT has or needs not.

JAX writes a function that StableHLO lacks as sums and products of some sixty operations, other versions of JAX as
others. LiteRT has an operation for one of them: the exact GELU, which XNNPACK computes in one pass. Masks of attention
are spelled out, too: with a value for each row where all rows have the same.

A program that ``_converter`` loads: imports nothing of Tenon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

MOST_OPERATIONS = 150
"""That a function may have."""

LEAST_OPERATIONS = 8
"""A function of fewer is none of those."""

TOLERANCE = 2e-6
"""How far a function may lie from the true one, absolutely and as a part of its value."""

_SIDE = np.concatenate([np.geomspace(1e-6, 1, 49), np.linspace(1, 14, 209)])
POINTS = np.concatenate([-_SIDE, [0], _SIDE]).astype(np.float32)
"""Where functions are compared; the branches of all expansions lie between."""

GELU = np.array([0.5 * x * math.erfc(-x / math.sqrt(2)) for x in POINTS.astype(np.float64)])

_COMPARISONS: dict[str, Callable[..., Any]] = {
    "LT": np.less,
    "LE": np.less_equal,
    "GT": np.greater,
    "GE": np.greater_equal,
    "EQ": np.equal,
    "NE": np.not_equal,
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "add": np.add,
    "and": np.logical_and,
    "clamp": lambda low, x, high: np.clip(x, low, high),
    "divide": np.divide,
    "exponential": np.exp,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "multiply": np.multiply,
    "negate": np.negative,
    "or": np.logical_or,
    "select": np.where,
    "subtract": np.subtract,
}

Step = tuple[Any, Callable[..., Any]]
"""An operation of MLIR, and what it computes of each number."""


def write_gelu(module: Any, ir: Any) -> None:
    """Replace each GELU that is spelled out by LiteRT's operation.

    Args:
        module: StableHLO with static shapes; changed in place.
        ir: MLIR's Python module.
    """
    for function in module.body.operations:
        operations = [each.operation for each in function.regions[0].blocks[0].operations]
        order = {result: place for place, each in enumerate(operations) for result in each.results}
        for each in operations:
            argument = _gelu_argument(each, order, ir)
            if argument is not None:
                _replace(each, argument, ir)


def write_masks(module: Any, ir: Any) -> None:
    """Let masks that are the same for all rows have no rows.

    Attention combines the masks that it is given with one that is true everywhere, of all rows. Without it, what was
    broadcast in two steps is broadcast in one, which the converter leaves to the operation that takes the mask.

    Args:
        module: StableHLO with static shapes; changed in place.
        ir: MLIR's Python module.
    """
    for function in module.body.operations:
        for each in [each.operation for each in function.regions[0].blocks[0].operations]:
            replacement = _same_mask(each, ir) if each.name == "stablehlo.and" else _single_broadcast(each, ir)
            if replacement is not None:
                each.results[0].replace_all_uses_with(replacement)


def _same_mask(operation: Any, ir: Any) -> Any:
    """Return the operand that "and" gives back where the other one is true everywhere."""
    one, other = operation.operands
    return other if _constant(one, ir) is True else one if _constant(other, ir) is True else None


def _single_broadcast(operation: Any, ir: Any) -> Any:
    """Return the result of a broadcast of a broadcast mask in one step."""
    if not (_is_broadcast(operation, ir) and str(operation.results[0].type).endswith("xi1>")):
        return None
    inner = operation.operands[0].owner
    if not _is_broadcast(inner, ir):
        return None
    first, second = (ir.DenseI64ArrayAttr(each.attributes["broadcast_dimensions"]) for each in (inner, operation))
    axes = {"broadcast_dimensions": ir.DenseI64ArrayAttr.get([second[axis] for axis in first])}
    with ir.InsertionPoint(operation), operation.location:
        return ir.Operation.create(operation.name, [operation.results[0].type], [inner.operands[0]], axes).results[0]


def _is_broadcast(operation: Any, ir: Any) -> bool:
    return not isinstance(operation, ir.Block) and operation.name == "stablehlo.broadcast_in_dim"


def _gelu_argument(operation: Any, order: dict[Any, int], ir: Any) -> Any:
    """Return the value of which an operation computes the GELU, if it does.

    Going back from the operation, the argument is the only value that all others come from.
    """
    if operation.name != "stablehlo.multiply" or not str(operation.results[0].type).endswith("xf32>"):
        return None
    result = operation.results[0]
    passed: list[Step] = []
    needed = {result}
    while len(passed) < MOST_OPERATIONS and needed:
        value = max(needed, key=lambda each: order.get(each, -1))
        alone = len(needed) == 1 and len(passed) >= LEAST_OPERATIONS and value.type == result.type
        if alone and _is_gelu(passed, value, result, ir):
            return value
        function = None if isinstance(value.owner, ir.Block) else _function(value.owner)
        if function is None:
            return None
        needed.discard(value)
        passed.append((value.owner, function))
        needed.update(each for each in value.owner.operands if _constant(each, ir) is None)
    return None


def _is_gelu(steps: Sequence[Step], argument: Any, result: Any, ir: Any) -> bool:
    """Take ``steps``, the last one first, at some points."""
    known = {argument: POINTS}

    def value(operand: Any) -> Any:
        return known[operand] if operand in known else _constant(operand, ir)

    with np.errstate(all="ignore"):
        for operation, function in reversed(steps):
            known[operation.results[0]] = function(*map(value, operation.operands))
        return bool((np.abs(known[result] - GELU) <= TOLERANCE * (1 + np.abs(GELU))).all())


def _function(operation: Any) -> Callable[..., Any] | None:
    """Return what an operation computes of each number; ``None`` where it is not known."""
    kind = operation.name.removeprefix("stablehlo.")
    if kind == "compare":
        return _COMPARISONS[str(operation.attributes["comparison_direction"]).rstrip(">").rpartition(" ")[2]]
    return _FUNCTIONS.get(kind)


def _constant(value: Any, ir: Any) -> Any:
    """Return the number that a value has everywhere; ``None`` where there is none."""
    operation = value.owner
    while not isinstance(operation, ir.Block) and operation.name == "stablehlo.broadcast_in_dim":
        operation = operation.operands[0].owner
    if isinstance(operation, ir.Block) or operation.name != "stablehlo.constant":
        return None
    numbers = operation.attributes["value"]
    if not isinstance(numbers, ir.DenseElementsAttr) or not numbers.is_splat:
        return None
    number = numbers.get_splat_value().value
    return np.float32(number) if isinstance(number, float) else number


def _replace(operation: Any, argument: Any, ir: Any) -> None:
    exact = {"approximate": ir.BoolAttr.get(False)}
    with ir.InsertionPoint(operation), operation.location:
        made = ir.Operation.create("tfl.gelu", [argument.type], [argument], exact)
    operation.results[0].replace_all_uses_with(made.results[0])
