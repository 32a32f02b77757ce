"""Which of two engines answers which batch sizes: measure, compare, decide."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from tenon.base import UnimplementedError
from tenon.serving.engines._agreement import agree, largest_difference, tolerance
from tenon.serving.engines._engine import Engine, Program
from tenon.serving.engines._report import EngineReport, Measurement

BUDGET_SECONDS = 1.0
"""Time for the runs that are measured, for one signature; compiling comes on top."""

MAX_RUNS = 7
"""Runs of one program of which the quickest counts."""

TINY_SECONDS = 50e-6
"""A program that XLA runs faster than this at the smallest size, and in ten times this at the largest, stays with XLA:
what LiteRT could win is less than what handing over a request costs."""

WORTH_WHILE = 1.25
"""How many times as fast an engine must be at some sizes to answer them while the other answers the rest."""

Inputs = Sequence[np.ndarray]


def is_tiny(xla: Engine, samples: Sequence[Inputs]) -> bool:
    """Return whether XLA runs a signature so fast that no other engine is worth a conversion.

    Args:
        xla: the engine; its programs for the smallest and, after that, the largest size are made.
        samples: inputs at ascending batch sizes.
    """
    bounds = ((samples[0], TINY_SECONDS), (samples[-1], 10 * TINY_SECONDS))
    return all(
        _quickest(xla.prepare(_shapes(inputs)), inputs, BUDGET_SECONDS / 10)[0] < bound for inputs, bound in bounds
    )


def choose(xla: Engine, litert: Engine, samples: Sequence[Inputs], odd: Sequence[Inputs] = ()) -> EngineReport:
    """Measure two engines and say which answers what.

    Args:
        xla: the engine whose answers are right.
        litert: the engine that may be faster.
        samples: inputs at ascending batch sizes, first dimension first; at least one.
        odd: more inputs on which the answers must agree.

    Returns:
        LiteRT where it is faster and its answers agree at every size and on every odd input. Sizes between two that
        were measured go with the smaller. Sizes whose measurement would take longer than ``BUDGET_SECONDS`` go with
        the largest that was measured.
    """
    measured: list[Measurement] = []
    left = BUDGET_SECONDS
    for inputs in samples:
        if measured and left < _forecast(measured[-1], _rows(inputs)):
            break
        try:
            theirs = litert.prepare(_shapes(inputs))
            measurement, same = _compare(xla.prepare(_shapes(inputs)), theirs, inputs, left / 2)
        except (UnimplementedError, RuntimeError) as error:
            return EngineReport(f"LiteRT cannot run it: {error}", measurements=tuple(measured))
        measured.append(measurement)
        if not same:
            return _disagree(measured)
        left -= MAX_RUNS * (measurement.xla_seconds + measurement.litert_seconds)
    if not all(agree(_run(xla, inputs), _run(litert, inputs)) for inputs in odd):
        return EngineReport("LiteRT's answers differ for unusual numbers", measurements=tuple(measured))
    return decide(measured)


def decide(measured: Sequence[Measurement]) -> EngineReport:
    """Choose by times alone.

    Args:
        measured: at ascending batch sizes; at least one.

    Example:
        >>> decide([Measurement(1, 0.002, 0.001, 0.0), Measurement(64, 0.01, 0.02, 0.0)]).engines
        ((0, 'litert'), (64, 'xla'))
    """
    main = max(measured, key=lambda each: each.ratio).faster
    engines: list[tuple[int, str]] = []
    for index, each in enumerate(measured):
        engine = each.faster if each.ratio >= WORTH_WHILE else main
        if not engines or engines[-1][1] != engine:
            engines.append((each.rows if index else 0, engine))
    times = ", ".join(
        f"{each.rows} rows: XLA {each.xla_seconds * 1e3:.3g} ms, LiteRT {each.litert_seconds * 1e3:.3g} ms"
        for each in measured
    )
    return EngineReport(f"measured at {times}", tuple(engines), tuple(measured))


def _disagree(measured: Sequence[Measurement]) -> EngineReport:
    last = measured[-1]
    text = (
        f"LiteRT's answers differ by {last.difference:.2g} of the largest value at {last.rows} rows, more than "
        f"{tolerance(np.dtype('float32')):.0e} (in float32)"
    )
    return EngineReport(text, measurements=tuple(measured))


def _compare(xla: Program, litert: Program, inputs: Inputs, seconds: float) -> tuple[Measurement, bool]:
    xla_seconds, right = _quickest(xla, inputs, seconds)
    litert_seconds, answer = _quickest(litert, inputs, seconds)
    same = agree(right, answer)
    difference = largest_difference(right, answer) if [a.shape for a in right] == [a.shape for a in answer] else 1.0
    return Measurement(_rows(inputs), xla_seconds, litert_seconds, difference), same


def _quickest(program: Program, inputs: Inputs, seconds: float) -> tuple[float, list[np.ndarray]]:
    """Return the time of the quickest of some runs, and what it answered."""
    times: list[float] = []
    answer, end = program(inputs), time.perf_counter() + seconds
    while len(times) < MAX_RUNS:
        start = time.perf_counter()
        if times and start + times[-1] > end:
            break
        answer = program(inputs)
        times.append(time.perf_counter() - start)
    return min(times), answer


def _forecast(last: Measurement, rows: int) -> float:
    """Return how long it takes at least to measure at ``rows``: making a program runs it too."""
    return 3 * (last.xla_seconds + last.litert_seconds) * rows / max(last.rows, 1)


def _run(engine: Engine, inputs: Inputs) -> list[np.ndarray]:
    return engine.prepare(_shapes(inputs))(inputs)


def _rows(inputs: Inputs) -> int:
    return len(inputs[0]) if inputs and inputs[0].ndim else 1


def _shapes(inputs: Inputs) -> tuple[tuple[int, ...], ...]:
    return tuple(array.shape for array in inputs)
