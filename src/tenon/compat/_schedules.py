"""Learning rates that change with the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tenon.compat._ops import op, tensor_of


def _as_float(value: Any, like: Any) -> Any:
    return op("cast")(value, like.dtype)


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Any:
    """Return ``learning_rate * decay_rate ** (global_step / decay_steps)``; with ``staircase`` in whole steps."""
    rate = tensor_of(learning_rate, name="learning_rate")
    part = _as_float(_step(global_step), rate) / _as_float(decay_steps, rate)
    part = op("math.floor")(part) if staircase else part
    return op("math.multiply")(rate, op("math.pow")(_as_float(decay_rate, rate), part), name=name)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Any:
    """Return ``learning_rate * exp(-decay_rate * global_step / decay_steps)``."""
    return exponential_decay(
        learning_rate, global_step, decay_steps, op("math.exp")(op("math.negative")(decay_rate)), staircase, name
    )


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Any:
    """Return ``learning_rate / (1 + decay_rate * global_step / decay_steps)``."""
    rate = tensor_of(learning_rate, name="learning_rate")
    part = _as_float(_step(global_step), rate) / _as_float(decay_steps, rate)
    part = op("math.floor")(part) if staircase else part
    return op("math.divide")(rate, part * _as_float(decay_rate, rate) + 1.0, name=name)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Any:
    """Return a rate that goes from one to another in ``decay_steps``; with ``cycle`` again and again."""
    rate = tensor_of(learning_rate, name="learning_rate")
    end, step, steps = (_as_float(value, rate) for value in (end_learning_rate, _step(global_step), decay_steps))
    if cycle:
        times = op("where")(op("math.equal")(step, 0.0), op("ones_like")(step), op("math.ceil")(step / steps))
        steps = steps * times
    else:
        step = op("math.minimum")(step, steps)
    left = op("math.pow")(1.0 - step / steps, _as_float(power, rate))
    return op("math.add")((rate - end) * left, end, name=name)


def piecewise_constant(x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None) -> Any:
    """Return the value of the part that the step is in.

    Args:
        x: the step.
        boundaries: the last step of each part but the last.
        values: the rates, one more.
        name: the operation's name.

    Raises:
        ValueError: there is not one value more than boundaries.
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError(
            f"The length of boundaries should be 1 less than the length of values; received {len(boundaries)} and "
            f"{len(values)}."
        )
    step = _step(x)
    places = op("constant")([int(one) if step.dtype.is_integer else one for one in boundaries], step.dtype)
    passed = op("math.reduce_sum")(op("cast")(op("math.greater")(step, places), "int32"))
    return op("gather")(op("stack")(list(values)), passed, name=name)


def cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, alpha: float = 0.0, name: str | None = None
) -> Any:
    """Return a rate that follows half a wave down to ``alpha`` of it."""
    rate = tensor_of(learning_rate, name="learning_rate")
    steps = _as_float(decay_steps, rate)
    part = op("math.minimum")(_as_float(_step(global_step), rate), steps) / steps
    wave = 0.5 * (1.0 + op("math.cos")(part * math.pi))
    return op("math.multiply")(rate, wave * (1.0 - alpha) + alpha, name=name)


def _step(value: Any) -> Any:
    return tensor_of(value)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: str | None = None,
) -> Any:
    """Return a rate that follows half a wave down again and again; each is ``t_mul`` as long and ``m_mul`` as high."""
    rate = tensor_of(learning_rate, name="learning_rate")
    part = _as_float(_step(global_step), rate) / _as_float(first_decay_steps, rate)
    if t_mul == 1.0:
        turn = op("math.floor")(part)
        part = part - turn
    else:
        turn = op("math.floor")(op("math.log")(1.0 - part * (1.0 - t_mul)) / math.log(t_mul))
        begun = (1.0 - op("math.pow")(_as_float(t_mul, rate), turn)) / (1.0 - t_mul)
        part = (part - begun) / op("math.pow")(_as_float(t_mul, rate), turn)
    height = op("math.pow")(_as_float(m_mul, rate), turn)
    wave = 0.5 * height * (1.0 + op("math.cos")(part * math.pi))
    return op("math.multiply")(rate, wave * (1.0 - alpha) + alpha, name=name)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: str | None = None,
) -> Any:
    """Return a rate that goes down in a line, times a wave."""
    rate = tensor_of(learning_rate, name="learning_rate")
    steps = _as_float(decay_steps, rate)
    step = op("math.minimum")(_as_float(_step(global_step), rate), steps)
    line = (steps - step) / steps
    wave = 0.5 * (1.0 + op("math.cos")(step / steps * (2.0 * num_periods * math.pi)))
    return op("math.multiply")(rate, (alpha + line) * wave + beta, name=name)
