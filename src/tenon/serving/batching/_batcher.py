"""Requests become batches: what waits while a batch runs is the next batch."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np

from tenon.base import InternalError, TenonError, UnavailableError
from tenon.serving.batching._batch_sizes import padded_size
from tenon.serving.engines import Engine, Program

MAX_TURNS = 4
"""Turns of the event loop for which a batch stays open while tasks keep joining it; a turn is some microseconds."""

INLINE_SECONDS = 0.0005
"""A program that is faster than this runs in the event loop: handing it to a thread would cost more than it takes."""

_log = logging.getLogger("tenon.serving")


class _Task:
    __slots__ = ("future", "inputs", "rows")

    def __init__(self, inputs: Sequence[np.ndarray], rows: int, future: asyncio.Future[list[np.ndarray]]) -> None:
        self.inputs, self.rows, self.future = inputs, rows, future


class Batcher:
    """Runs the tasks of one signature and one set of trailing shapes, in the order they came.

    One batch is in flight at a time. The first task of an idle batcher waits for the first turn of the event loop in
    which no task joined it (``MAX_TURNS`` at most), so requests that arrive together share a batch, and no timer ever
    delays one. Belongs to one event loop.

    Args:
        name: what to call it in errors.
        engine: runs arrays of padded shapes.
        sizes: padded batch sizes, ascending; empty when rows may not share a batch, then each task runs alone.
        executor: where programs slower than ``INLINE_SECONDS`` run.
        max_queued_rows: rows that may wait before tasks are refused.
    """

    def __init__(
        self, name: str, engine: Engine, sizes: tuple[int, ...], executor: Executor, max_queued_rows: int
    ) -> None:
        self._name, self._engine, self._sizes, self._executor = name, engine, sizes, executor
        self._max_queued_rows = max_queued_rows
        self._full = sizes[-1] if sizes else 1
        self._queue: deque[_Task] = deque()
        self._queued_rows = 0
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not self._busy and not self._queue

    def submit(self, inputs: Sequence[np.ndarray], rows: int) -> asyncio.Future[list[np.ndarray]]:
        """Queue a task.

        Args:
            inputs: one array per input of the signature, all with ``rows`` rows where tasks may share a batch.
            rows: at most the largest of ``sizes``.

        Returns:
            A future of the outputs, with ``rows`` rows; cancel it and the task is dropped unless it already runs.

        Raises:
            UnavailableError: too many rows wait.
        """
        if self._queued_rows + rows > self._max_queued_rows:
            raise UnavailableError(
                f"The queue of {self._name} is full: {self._queued_rows} rows wait and the bound is "
                f"{self._max_queued_rows}. Try again a little later."
            )
        loop = asyncio.get_running_loop()
        task = _Task(inputs, rows, loop.create_future())
        self._queue.append(task)
        self._queued_rows += rows
        if not self._busy:
            self._busy = True
            loop.call_soon(self._close_batch, loop, MAX_TURNS, 0)
        return task.future

    def _close_batch(self, loop: asyncio.AbstractEventLoop, turns: int, seen: int) -> None:
        """Wait while tasks join, then run."""
        joined = len(self._queue)
        if turns and joined > seen and self._queued_rows < self._full:
            loop.call_soon(self._close_batch, loop, turns - 1, joined)
        else:
            self._run_next()

    def _run_next(self) -> None:
        """Run batches in this turn while they are quick; leave the first slow one to a thread and return."""
        while tasks := self._take():
            inputs = self._join(tasks)
            program = self._engine.find(tuple(array.shape for array in inputs))
            if program is None or program.seconds > INLINE_SECONDS:
                running = self._start(tasks, program, inputs)
                running.add_done_callback(partial(self._finish_and_go_on, tasks))
                return
            try:
                outputs = program(inputs)
            except Exception as error:
                self._fail(tasks, error)
            else:
                self._deliver(tasks, outputs)
        self._busy = False

    def _start(
        self, tasks: list[_Task], program: Program | None, inputs: Sequence[np.ndarray]
    ) -> asyncio.Future[list[np.ndarray]]:
        loop = asyncio.get_running_loop()
        if program is None:
            return loop.run_in_executor(self._engine.compiler, self._compile_and_run, tasks, inputs)
        return loop.run_in_executor(self._executor, program, inputs)

    def _compile_and_run(self, tasks: list[_Task], inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Compile and run in the compiler's thread, unless every client left while others' programs were compiled."""
        if all(task.future.done() for task in tasks):
            return []
        return self._engine.compile_and_run(inputs)

    def _finish_and_go_on(self, tasks: list[_Task], done: asyncio.Future[list[np.ndarray]]) -> None:
        error = done.exception()
        if error is None:
            self._deliver(tasks, done.result())
        else:
            self._fail(tasks, error)
        self._run_next()

    def _take(self) -> list[_Task]:
        """Take tasks for one batch off the queue, leaving out those whose client has gone."""
        taken: list[_Task] = []
        rows = 0
        while self._queue:
            task = self._queue[0]
            if taken and rows + task.rows > self._full:
                break
            self._queue.popleft()
            self._queued_rows -= task.rows
            if not task.future.done():
                taken.append(task)
                rows += task.rows
        return taken

    def _join(self, tasks: list[_Task]) -> Sequence[np.ndarray]:
        """Concatenate the tasks' rows and pad with copies of the last one, which no answer contains."""
        if not self._sizes:
            return tasks[0].inputs
        rows = sum(task.rows for task in tasks)
        padding = padded_size(rows, self._sizes) - rows
        if len(tasks) == 1 and not padding:
            return tasks[0].inputs
        columns = zip(*(task.inputs for task in tasks), strict=True)
        return [np.concatenate([*column, *[column[-1][-1:]] * padding]) for column in columns]

    def _deliver(self, tasks: list[_Task], outputs: list[np.ndarray]) -> None:
        if not self._sizes:
            _resolve(tasks[0], outputs)
            return
        start = 0
        for task in tasks:
            end = start + task.rows
            _resolve(task, [output[start:end] for output in outputs])
            start = end

    def _fail(self, tasks: list[_Task], error: BaseException) -> None:
        if not isinstance(error, TenonError):
            _log.error("%s: a batch of %d requests failed.", self._name, len(tasks), exc_info=error)
            error = InternalError(f"{self._name} failed to run; the server's log says why.")
        for task in tasks:
            if not task.future.done():
                task.future.set_exception(type(error)(error.message))


def _resolve(task: _Task, outputs: list[np.ndarray]) -> None:
    if not task.future.done():
        task.future.set_result(outputs)
