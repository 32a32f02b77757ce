"""What a load generator tells: one JSON line on its standard output."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Sample:
    """The figures of one load.

    Args:
        requests_per_second: answered, over all connections; of models without a server, rows.
        p50_ms: median time of a request.
        p99_ms: 99th percentile.
        errors: requests without an answer of status 200 (OK in gRPC).
        cpu_us: processor time for each request, of all processes of the server; 0 where nobody measured it. It depends
            less than the rate on what else the machine does.
        load_us: processor time of the load generator for each request, which the server has to do without; 0 where
            nobody measured it.
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_us: float = 0.0
    load_us: float = 0.0


def of(seconds: float, latencies: list[float], errors: int, load_us: float = 0.0) -> Sample:
    """Return a sample; ``latencies`` are the seconds of each answered request."""
    p50, p99 = np.percentile(latencies, (50, 99)) * 1e3 if latencies else (0.0, 0.0)
    return Sample(len(latencies) / seconds, float(p50), float(p99), errors, load_us=load_us)


def write(seconds: float, latencies: list[float], errors: int, load_us: float = 0.0) -> None:
    """Print the sample ``of`` these."""
    print(json.dumps(asdict(of(seconds, latencies, errors, load_us))))


def read(text: str) -> Sample:
    """Return the sample in a load generator's output; other lines are its own."""
    return Sample(**json.loads(next(line for line in reversed(text.splitlines()) if line.startswith("{"))))


def write_settings(settings: str, sample: Sample) -> None:
    """Print a sample of a program that measures itself in several settings."""
    print(json.dumps({settings: asdict(sample)}))


def read_settings(text: str) -> dict[str, Sample]:
    """Return the samples of a program that measures itself, by their settings."""
    lines = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
    return {settings: Sample(**figures) for line in lines for settings, figures in line.items()}
