"""One contender's process for one workload: it does what its standard input says, one JSON line after another.

``python -m benchmarks.models.worker FRAMEWORK WORKLOAD FOLDER THREADS [--compiled] [--device D] [--policy P]`` answers

- ``["first", batch]`` with seconds from nothing to the first result, the result, and a note;
- ``["turn", batch, seconds]`` with the median seconds of a call in about so much time, at least one, and the
  processor's seconds for a call;
- ``["convert", batch]`` after it has written the workload's file for another contender;
- ``["memory"]`` with the most resident memory the process ever had, in MiB.

What a framework prints goes to standard error.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.models.devices import POLICIES, Computing, Device
from benchmarks.models.task import RefusedError, Runner, Task
from benchmarks.models.workloads import WORKLOADS

MOST_VALUES = 4096
"""Of a result that are sent to be compared."""


class Worker:
    """Has what stays from one question to the next.

    Args:
        flags: the command line.
    """

    def __init__(self, flags: argparse.Namespace) -> None:
        self._flags = flags
        begin = time.perf_counter()
        self._framework = importlib.import_module(f"benchmarks.models.frameworks.{flags.framework}")
        self._import_seconds = time.perf_counter() - begin
        self._runners: dict[int, Runner] = {}

    def first(self, batch: int) -> dict[str, Any]:
        """Make the runner of a batch size and run it once."""
        task = self._task(batch)
        task.draw()
        begin = time.perf_counter()
        runner = self._runners[batch] = self._framework.runner(task)
        result = runner.first()
        seconds = time.perf_counter() - begin
        values = np.asarray(result, np.float64).ravel()[:MOST_VALUES].tolist()
        return {"seconds": seconds, "values": values, "note": runner.note, "import_seconds": self._import_seconds}

    def turn(self, batch: int, seconds: float) -> dict[str, float]:
        """Call for some time."""
        call, taken = self._runners[batch].call, []
        used, end = time.process_time(), time.perf_counter() + seconds
        while (begin := time.perf_counter()) < end or not taken:
            call()
            taken.append(time.perf_counter() - begin)
        return {"seconds": median(taken), "cpu_seconds": (time.process_time() - used) / len(taken)}

    def convert(self, batch: int) -> None:
        """Write the workload's file for a contender without training."""
        self._framework.convert(self._task(batch))

    def memory(self) -> float:
        """Return the peak."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def _task(self, batch: int) -> Task:
        flags = self._flags
        computing = Computing(flags.device, flags.policy)
        return Task(WORKLOADS[flags.workload], batch, flags.folder, flags.threads, flags.compiled, computing)


def _answer(worker: Worker, question: list[Any]) -> dict[str, Any]:
    name, *arguments = question
    try:
        return {"answer": getattr(worker, name)(*arguments)}
    except RefusedError as error:
        return {"refusal": str(error)}
    except Exception as error:  # whatever a framework raises is the reason why its cell is empty
        return {"refusal": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("framework")
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--device", type=Device, choices=Device, default=Device.CPU)
    parser.add_argument("--policy", choices=POLICIES, default="float32")
    flags = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(flags)
    for line in sys.stdin:
        print(json.dumps(_answer(worker, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
