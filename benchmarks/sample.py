"""What a load generator tells: one JSON line on its standard output."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Sample:
    """The figures of one load.

    Args:
        requests_per_second: answered, over all connections.
        p50_ms: median time of a request.
        p99_ms: 99th percentile.
        errors: requests without an answer of status 200 (OK in gRPC).
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


def write(seconds: float, latencies: list[float], errors: int) -> None:
    """Print a sample; ``latencies`` are the seconds of each answered request."""
    p50, p99 = np.percentile(latencies, (50, 99)) * 1e3 if latencies else (0.0, 0.0)
    print(json.dumps(asdict(Sample(len(latencies) / seconds, float(p50), float(p99), errors))))


def read(text: str) -> Sample:
    """Return the sample in a load generator's output; other lines are its own."""
    return Sample(**json.loads(next(line for line in reversed(text.splitlines()) if line.startswith("{"))))
