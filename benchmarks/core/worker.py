"""One side of the comparison: times the workloads that its standard input names, under one module.

``python -m benchmarks.core.worker tensorflow`` reads names and writes objects, both as JSON, one a line.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.core.workloads import WORKLOADS

SECONDS = 0.5
"""How long one turn of a workload runs."""


def main(module: str) -> None:
    """Answer every name with the microseconds a call took in its turn, and the value of the last call."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    tf = importlib.import_module(module)
    ready: dict[str, Callable[[], Any]] = {}
    for line in sys.stdin:
        name = json.loads(line)
        if name not in ready:
            ready[name] = WORKLOADS[name](tf)
            for _ in range(3):
                value = ready[name]()
        else:
            value = None
        microseconds, last = _timed(ready[name])
        answer = {"name": name, "us": microseconds, "value": _number(value), "last": _number(last)}
        print(json.dumps(answer), flush=True)


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    count, value = 0, None
    begin = time.perf_counter()
    while time.perf_counter() < begin + SECONDS or not count:
        value = call()
        count += 1
    _number(value)  # what was started must be finished
    return (time.perf_counter() - begin) / count * 1e6, value


def _number(value: Any) -> float | None:
    return None if value is None else float(np.sum(np.asarray(value)))


if __name__ == "__main__":
    main(sys.argv[1])
