"""Batch size, threads of a run and runs at once, measured together."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tenon.serving.engines._engine import Program
from tenon.serving.engines._litert import LiteRtEngine
from tenon.serving.engines._report import Pace

PACE_SECONDS = 1.0
"""Time for the runs that are measured, for one signature, as long as nothing else keeps the machine busy."""

CLOCK_SECONDS = 4.0
"""Time by the clock after which no further size is begun on a busy machine."""

ROUNDS = 5
"""Rounds of runs at once, besides the first, of which the quickest counts."""

MAX_IN_VAIN = 2
"""Sizes in a row that are no quicker than smaller ones, after which no larger one is tried."""

ENOUGH = 0.97
"""A batch is large enough if rows are answered at this part of the best rate of any."""

MAX_PACKED_BYTES = 2**30
"""Packed weights of all interpreters with the same number of threads: a large model has few, with many threads each."""

Inputs = Sequence[np.ndarray]


def runs_by_threads(cores: int, size: int) -> dict[int, int]:
    """Return the numbers of threads that one run may use, and how many such runs there may be at once.

    They are the fewest, the most, and the geometric middle where these lie far apart.

    Args:
        cores: of the machine.
        size: bytes of the model.

    Example:
        >>> runs_by_threads(2, 10_000), runs_by_threads(64, 10_000)
        ({1: 2, 2: 1}, {1: 64, 8: 8, 64: 1})
        >>> runs_by_threads(64, 2**28)
        {16: 4, 32: 2, 64: 1}
    """
    fewest = math.ceil(cores / max(1, min(cores, MAX_PACKED_BYTES // max(size, 1))))
    middle = fewest * 2 ** round(math.log2(cores / fewest) / 2)
    return {threads: cores // threads for threads in sorted({fewest, middle, cores})}


def measure_paces(engine: LiteRtEngine, batches: Sequence[Inputs]) -> tuple[Pace, ...]:
    """Measure how quickly rows are answered at some batch sizes by every number of threads.

    Times are the processor time of the thread that calls, for it works as long as the others do: what else the machine
    does changes it little.

    Args:
        engine: what runs.
        batches: inputs, by ascending rows.

    Returns:
        By ascending rows. It ends after two sizes in a row that are no quicker than smaller ones, or where the next
        would take longer than what is left of ``PACE_SECONDS``; the first size is always there.
    """
    paces: list[Pace] = []
    late = time.perf_counter() + CLOCK_SECONDS
    left, in_vain = PACE_SECONDS, 0
    with ThreadPoolExecutor(max(engine.runs.values()), "tenon-measure") as pool:
        for inputs in batches:
            if paces and (
                in_vain == MAX_IN_VAIN or _forecast(paces, rows_of(inputs)) > left or time.perf_counter() > late
            ):
                break
            program = engine.prepare(tuple(array.shape for array in inputs))
            found = []
            for threads, runs in engine.runs.items():
                pace, spent = _pace(pool, program.on(threads), inputs, runs, left / 4)
                found.append(pace)
                left -= spent
            in_vain = in_vain + 1 if paces and _best(found) <= _best(paces) else 0
            paces += found
    return tuple(paces)


def halves(inputs: Inputs, smallest: int) -> list[Inputs]:
    """Return the first rows of a batch at doubling sizes, and the batch.

    Args:
        inputs: first dimension first.
        smallest: rows to begin with.
    """
    sizes = [smallest]
    while sizes[-1] < rows_of(inputs):
        sizes.append(min(2 * sizes[-1], rows_of(inputs)))
    return [[array[:rows] for array in inputs] for rows in sizes]


def rows_of(inputs: Inputs) -> int:
    """Return the size of the first dimension; 1 where there is none."""
    return len(inputs[0]) if inputs and inputs[0].ndim else 1


def enough_rows(paces: Sequence[Pace]) -> int:
    """Return the smallest batch at which a server answers rows about as quickly as at any that was measured.

    Args:
        paces: what ``measure_paces`` returned; at least one.

    Example:
        >>> enough_rows([Pace(1, 1, 2, 0.002), Pace(4, 1, 2, 0.006), Pace(8, 1, 2, 0.012)])
        4
    """
    best = max(pace.served_per_second for pace in paces)
    return min(pace.rows for pace in paces if pace.served_per_second >= ENOUGH * best)


def _pace(pool: ThreadPoolExecutor, program: Program, inputs: Inputs, runs: int, seconds: float) -> tuple[Pace, float]:
    """Measure the quickest of some rounds, and say what all took; in the first, interpreters are made and resized."""
    times: list[float] = []
    while not times or (len(times) <= ROUNDS and sum(times) + times[-1] < seconds):
        round_of_runs = [pool.submit(_busy_seconds, program, inputs) for _ in range(runs)]
        times.append(max(done.result() for done in round_of_runs))
    return Pace(rows_of(inputs), program.threads, runs, min(times)), sum(times)


def _busy_seconds(program: Program, inputs: Inputs) -> float:
    start = time.thread_time()
    program(inputs)
    return time.thread_time() - start


def _forecast(paces: Sequence[Pace], rows: int) -> float:
    """Return how long the next size takes to be measured at least."""
    last = {pace.threads: pace for pace in paces}
    return sum(2 * pace.seconds * rows / pace.rows for pace in last.values())


def _best(paces: Sequence[Pace]) -> float:
    return max(pace.rows_per_second for pace in paces)
