"""A model without a server, called by threads of its own process; NumPy alone, for every environment."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import sample

CLIENTS = 32
"""Of the servers beside it: so many that the engine never waits while the next rows are on their way."""

BATCHES = (1, 2, 4, 8, 16)
"""Rows of a call."""

THREADS = tuple(sorted({1, os.cpu_count() or 1}))
"""Callers at the same time."""

LEAST_SECONDS = 1.0

Forward = Callable[[np.ndarray], np.ndarray]


def measure_all(name: str, image: np.ndarray, make: Callable[[int, int], Forward], seconds: float) -> None:
    """Print a sample for each batch size and number of threads.

    Args:
        name: what the settings begin with, perhaps nothing.
        image: one row; batches repeat it.
        make: returns the model for a batch size and a number of threads that will call it.
        seconds: for all of them together, if that is enough.
    """
    shapes = list(product(BATCHES, THREADS))
    each = max(seconds / len(shapes), LEAST_SECONDS)
    for batch, threads in shapes:
        rows = np.repeat(image, batch, axis=0)
        forward = make(batch, threads)
        _measure(forward, rows, threads, each / 4)
        settings = f"{name}batch {batch}, {threads} {'thread' if threads == 1 else 'threads'}"
        sample.write_settings(settings, _measure(forward, rows, threads, each))


def _measure(forward: Forward, rows: np.ndarray, threads: int, seconds: float) -> sample.Sample:
    """Call for some time; requests are rows, latencies those of whole calls."""
    latencies: list[float] = []
    start, used = time.perf_counter(), time.process_time()

    def caller() -> None:
        while (begin := time.perf_counter()) < start + seconds:
            forward(rows)
            latencies.append(time.perf_counter() - begin)

    callers = [threading.Thread(target=caller) for _ in range(threads)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    found = sample.of((time.perf_counter() - start) / len(rows), latencies, 0)
    return replace(found, cpu_us=(time.process_time() - used) / len(latencies) / len(rows) * 1e6)
