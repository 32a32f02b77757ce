"""Engines that live in memory, and what tests say to a batcher."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from time import monotonic

import numpy as np

from tenon.serving.batching._batcher import Batcher
from tenon.serving.batching._lane import Backlog
from tenon.serving.batching._observer import BatchObserver, SignatureId
from tenon.serving.batching._parameters import BatchingParameters
from tenon.serving.batching._run_plan import RunPlan
from tenon.serving.engines import Engine, Program, Shapes
from tenon.serving.servables import DEFAULT_RUN_OPTIONS, ServableId

COMPILER = ThreadPoolExecutor(1, "test-compile")


def double(inputs):
    return [array * 2 for array in inputs]


class MemoryProgram(Program):
    """A Python function; ``used`` takes the threads of each run."""

    engine = "memory"

    def __init__(self, function, seconds: float, used: list[int], threads: int = 1) -> None:
        self.function, self.seconds, self.used, self.threads = function, seconds, used, threads

    def __call__(self, inputs):
        self.used.append(self.threads)
        return self.function(inputs)

    def on(self, threads: int) -> Program:
        return MemoryProgram(self.function, self.seconds, self.used, threads)


class MemoryEngine(Engine):
    """One function for all shapes.

    Args:
        function: takes and returns a list of arrays; it may raise or wait.
        seconds: what its programs say that they take; a second sends them to threads, 0 keeps them in the loop.
        compiled: whether there is a program for any shapes, or for none and every run compiles.
    """

    name = "memory"

    def __init__(self, function=double, seconds: float = 0.0, compiled: bool = True) -> None:
        self.function, self.compiled, self.compiler = function, compiled, COMPILER
        self.batches: list[list[np.ndarray]] = []
        self.threads: list[int] = []
        self._program = MemoryProgram(self._run, seconds, self.threads)

    def _run(self, inputs):
        self.batches.append(list(inputs))
        return self.function(inputs)

    def engine_for(self, rows: int) -> str:
        return self.name

    def prepare(self, shapes: Shapes) -> Program:
        return self._program

    def find(self, shapes: Shapes) -> Program | None:
        return self._program if self.compiled else None

    def compile_and_run(self, inputs):
        return self._run(inputs)

    def close(self) -> None:
        self.compiled = False

    @property
    def values(self):
        """The first column of every batch that ran."""
        return [inputs[0].reshape(len(inputs[0]), -1)[:, 0].tolist() for inputs in self.batches]


class Gate:
    """A function that waits, in its thread, until the test lets it go."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Semaphore(0), threading.Event()

    def __call__(self, inputs):
        self.entered.release()
        assert self.opened.wait(10)
        return double(inputs)

    async def run_began(self):
        assert await asyncio.to_thread(self.entered.acquire, timeout=10)


class ClosedExecutor(Executor):
    """An executor after its shutdown."""

    def submit(self, *args, **named):
        raise RuntimeError("cannot schedule new futures after shutdown")


class Batches(BatchObserver):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.seen: list[dict] = []

    def batch_ran(self, signature_id, priority, queue_seconds, rows, padding_rows, run_seconds):
        self.seen.append(
            {
                "signature_id": signature_id,
                "priority": priority,
                "tasks": len(queue_seconds),
                "rows": rows,
                "padding": padding_rows,
            }
        )
        assert min(queue_seconds) >= 0
        assert run_seconds >= 0


NAME = SignatureId(ServableId("m", 1), "f")


def batcher_of(engine, sizes=(1, 2, 4), observer=None, backlog=None, paces=(), **parameters) -> Batcher:
    made = BatchingParameters(**parameters)
    backlog = backlog or Backlog(sizes[-1] if sizes else 1, made.max_enqueued_batches)
    return Batcher(NAME, engine, RunPlan(sizes, paces), backlog, made, observer)


def rows_of(*values):
    return [np.array(values, np.float32)[:, None]]


def submit(scheduler, batcher, *values, options=DEFAULT_RUN_OPTIONS, admitted=False):
    """Queue one task with a row for each value; return its future."""
    lane, future = batcher.add(rows_of(*values), len(values), options, admitted)
    scheduler.task_added(lane)
    return future


def answer(outputs):
    return outputs[0][:, 0].tolist()


def now() -> float:
    return monotonic()


async def until(condition):
    """Let the loop turn until the condition holds."""
    limit = monotonic() + 10
    while not condition():
        assert monotonic() < limit
        await asyncio.sleep(0)
