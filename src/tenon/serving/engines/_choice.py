"""Which of two engines answers which batch sizes: measure, compare, decide."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from tenon.base import UnimplementedError
from tenon.serving.engines._agreement import agree, largest_difference
from tenon.serving.engines._engine import Engine, Program
from tenon.serving.engines._litert import LiteRtEngine
from tenon.serving.engines._paces import enough_rows, halves, measure_paces, rows_of
from tenon.serving.engines._report import LITERT, EngineReport, Measurement

BUDGET_SECONDS = 1.0
"""Time for the runs that are measured, for one signature; compiling comes on top."""

MAX_RUNS = 7
"""Runs of one program of which the quickest counts."""

TINY_SECONDS = 50e-6
"""A program that XLA runs faster than this at the smallest size, and in ten times this at the largest, stays with XLA:
what LiteRT could win is less than what handing over a request costs."""

WORTH_WHILE = 1.25
"""How many times as fast an engine must be at some sizes to answer them while the other answers the rest."""

LARGER_PAYS = 0.9
"""A batch is worth joining if a row then costs at most this part of what it costs in the smaller batch."""

HANDOVER_SECONDS = 100e-6
"""What a run costs besides computing; large batches save it."""

Inputs = Sequence[np.ndarray]


def is_tiny(xla: Engine, samples: Sequence[Inputs]) -> bool:
    """Return whether XLA runs a signature so fast that no other engine is worth a conversion.

    Args:
        xla: the engine; its programs for the smallest and, after that, the largest size are made.
        samples: inputs at ascending batch sizes; at least one.
    """
    bounds = ((samples[0], TINY_SECONDS), (samples[-1], 10 * TINY_SECONDS))
    return all(_quickest(_program(xla, inputs), inputs, BUDGET_SECONDS / 10)[0] < bound for inputs, bound in bounds)


def choose(xla: Engine, litert: Engine, samples: Sequence[Inputs], odd: Sequence[Inputs] = ()) -> EngineReport:
    """Measure two engines and say which answers what.

    Args:
        xla: the engine whose answers are right.
        litert: the engine that may be faster.
        samples: inputs at ascending batch sizes, first dimension first; at least one.
        odd: more inputs on which the answers must agree.

    Returns:
        LiteRT where it is faster and its answers agree at every size and on every odd input. Sizes between two that
        were measured go with the smaller. What would take longer than ``BUDGET_SECONDS`` is not measured: XLA at a
        size where LiteRT is known to be faster at the smaller one, and then sizes altogether.
    """
    measured: list[Measurement] = []
    left = BUDGET_SECONDS
    try:
        for inputs in samples:
            rows = rows_of(inputs)
            litert_forecast, xla_forecast = _forecasts(measured, rows)
            fits = litert_forecast + xla_forecast < left
            if left < litert_forecast or not (fits or _is_litert_ahead(measured)):
                break
            start = time.perf_counter()
            litert_seconds, answer = _quickest(_program(litert, inputs), inputs, left / 3)
            if fits:
                xla_seconds, right = _quickest(_program(xla, inputs), inputs, left / 3)
                difference = largest_difference(right, answer)
                measured.append(Measurement(rows, xla_seconds, litert_seconds, difference))
                if not agree(right, answer):
                    return _disagree(measured)
            else:
                measured.append(Measurement(rows, None, litert_seconds, None))
            left -= min(time.perf_counter() - start, MAX_RUNS * measured[-1].seconds)
        if not all(agree(_program(xla, inputs)(inputs), _program(litert, inputs)(inputs)) for inputs in odd):
            return EngineReport("LiteRT's answers differ for unusual numbers", measurements=tuple(measured))
    except (UnimplementedError, RuntimeError) as error:
        return EngineReport(f"LiteRT cannot run it: {error}", measurements=tuple(measured))
    return decide(measured)


def with_paces(report: EngineReport, litert: LiteRtEngine, samples: Sequence[Inputs], *, batched: bool) -> EngineReport:
    """Find out how large batches and how many threads LiteRT is best given, for the sizes that it answers.

    Args:
        report: which sizes those are.
        litert: the engine.
        samples: as for ``choose``.
        batched: whether the first dimension counts rows.

    Returns:
        The report with ``paces``, and with their ``largest_batch`` where LiteRT answers alone.

    Raises:
        UnimplementedError: LiteRT cannot run one of the sizes.
        RuntimeError: it refuses an input.
    """
    batches = halves(samples[-1], rows_of(samples[0])) if batched else [samples[0]]
    paces = measure_paces(litert, [each for each in batches if report.engine_for(rows_of(each)) == LITERT])
    if not paces:
        return report
    best = max(paces, key=lambda pace: pace.rows_per_second)
    reason = f"{report.reason}; quickest: {best}"
    if report.name != LITERT or not batched:
        return replace(report, reason=reason, paces=paces)
    enough = enough_rows(paces)
    largest = None if enough == rows_of(samples[-1]) else enough
    return replace(report, reason=reason, paces=paces, largest_batch=largest)


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
        engine = each.faster if each.ratio >= WORTH_WHILE or each.xla_seconds is None else main
        if not engines or engines[-1][1] != engine:
            engines.append((each.rows if index else 0, engine))
    report = EngineReport(f"measured: {'; '.join(map(str, measured))}", tuple(engines), tuple(measured))
    return replace(report, largest_batch=_largest_useful(report))


def _largest_useful(report: EngineReport) -> int | None:
    """Return the batch size beyond which a row does not get cheaper; ``None`` where that was not seen."""
    costs = [
        (each.rows, (each.seconds_of(report.engine_for(each.rows)) + HANDOVER_SECONDS) / max(each.rows, 1))
        for each in report.measurements
    ]
    for (rows, cost), (_, next_cost) in pairwise(costs):
        if next_cost > LARGER_PAYS * cost:
            return rows
    return None


def _disagree(measured: Sequence[Measurement]) -> EngineReport:
    last = measured[-1]
    return EngineReport(
        f"LiteRT's answers differ, by {last.difference:.2g} of the largest value at {last.rows} rows",
        measurements=tuple(measured),
    )


def _quickest(program: Program, inputs: Inputs, seconds: float) -> tuple[float, list[np.ndarray]]:
    """Return the time of the quickest of some runs, and what it answered."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or (len(times) < MAX_RUNS and time.perf_counter() + times[-1] < end):
        start = time.perf_counter()
        answer = program(inputs)
        times.append(time.perf_counter() - start)
    return min(times), answer


def _is_litert_ahead(measured: Sequence[Measurement]) -> bool:
    """Return whether LiteRT was so much faster at the last size that XLA need not be asked at a larger one."""
    last = measured[-1]
    return last.faster == LITERT and (last.xla_seconds is None or last.ratio >= WORTH_WHILE)


def _forecasts(measured: Sequence[Measurement], rows: int) -> tuple[float, float]:
    """Return how long LiteRT and XLA take to be measured at ``rows`` at least: making a program runs it too."""
    if not measured:
        return 0.0, 0.0
    last = measured[-1]
    known = next(each for each in reversed(measured) if each.xla_seconds is not None)
    litert = 3 * last.litert_seconds * rows / max(last.rows, 1)
    # A program that grows with its rows; one that does not is forecast too slow only if it is slow already.
    return litert, 3 * (known.xla_seconds or 0.0) * rows / max(known.rows, 1)


def _program(engine: Engine, inputs: Inputs) -> Program:
    return engine.prepare(tuple(array.shape for array in inputs))
