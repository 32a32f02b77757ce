"""Tasks of one signature and one set of trailing shapes become batches, and a batch's outputs their answers."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from concurrent.futures import Executor
from time import monotonic

import numpy as np

from tenon.base import DeadlineExceededError, InternalError, TenonError
from tenon.serving.batching._estimate import RunEstimate
from tenon.serving.batching._lane import Backlog, Lane, Task, note_times
from tenon.serving.batching._observer import BatchObserver, SignatureId
from tenon.serving.batching._padding import aligned, check_rows, equal_lengths, join, joined_shapes
from tenon.serving.batching._parameters import BatchingParameters
from tenon.serving.batching._run_plan import RunPlan
from tenon.serving.engines import Engine, Program
from tenon.serving.servables import DEFAULT_RUN_OPTIONS, Priority, RunOptions

PURGE_SECONDS = 0.01
"""How often a full queue is searched for tasks that nobody waits for any more."""

_log = logging.getLogger("tenon.serving")


class Batch:
    """Tasks that run together.

    Args:
        tasks: at least one.
        rows: of all tasks.
        size: rows that the program takes, padding included.
        priority: in whose turn they run.
        threads: that the program should use; 0 for as many as it likes.

    Attributes:
        timed: whether anybody wants to know the times.
        divided: whether it left tasks to runs beside it.
        program: what runs it; ``None`` where it must be compiled first.
        closed: when its rows began to be joined and padded; 0 where nobody wants to know.
    """

    __slots__ = ("closed", "divided", "priority", "program", "rows", "size", "tasks", "threads", "timed")

    def __init__(self, tasks: list[Task], rows: int, size: int, priority: Priority, threads: int = 0) -> None:
        self.tasks, self.rows, self.size, self.priority, self.threads = tasks, rows, size, priority, threads
        self.timed = any([task.times is not None for task in tasks])
        self.divided = False
        self.program: Program | None = None
        self.closed = 0.0

    @property
    def cores(self) -> int:
        """Processors that its run takes; there must be a program."""
        assert self.program is not None
        return self.threads or self.program.threads


class Batcher:
    """Takes tasks in, makes batches of them, and gives answers out; a ``BatchScheduler`` says when.

    Belongs to one event loop.

    Args:
        signature_id: what to call it in errors, and to the observer.
        engine: runs arrays of padded shapes.
        plan: says how many rows run together, and on how many threads; without sizes each task runs alone.
        backlog: bounds what waits; shared by all batchers of a signature.
        parameters: timeout and padding of lengths.
        observer: is told of every batch.

    Attributes:
        lanes: what waits, by priority.
        backlog: that which was given.
        full: rows of a full batch.
        timeout: seconds that a batch stays open; 0 for the event loop's turns.
        running: batches in flight.
        compiling: whether one of them is being compiled for; no other is made meanwhile.
        blocked: lanes that wait for the compiler.
    """

    def __init__(
        self,
        signature_id: SignatureId,
        engine: Engine,
        plan: RunPlan,
        backlog: Backlog,
        parameters: BatchingParameters,
        observer: BatchObserver | None = None,
    ) -> None:
        self._id, self._engine, self._plan, self._observer = signature_id, engine, plan, observer
        self._sizes = plan.sizes
        self.backlog, self._pad_lengths = backlog, parameters.pad_variable_length_inputs
        self.full = plan.full
        self.timeout = parameters.batch_timeout_micros / 1e6 if plan.sizes else 0.0
        self.lanes = tuple(Lane(self, priority, backlog) for priority in Priority)
        self.running = 0
        self.compiling = False
        self.blocked: list[Lane] = []
        self._estimates: dict[int, dict[int, RunEstimate]] = {}  # by size, then by threads
        self._purged = 0.0

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not self.running and not any(lane.tasks for lane in self.lanes)

    def add(
        self,
        inputs: Sequence[np.ndarray],
        rows: int,
        options: RunOptions = DEFAULT_RUN_OPTIONS,
        admitted: bool = False,
    ) -> tuple[Lane, asyncio.Future[list[np.ndarray]]]:
        """Queue a task.

        Args:
            inputs: one array per input of the signature, all with ``rows`` rows where tasks may share a batch.
            rows: at most those of a full batch.
            options: deadline, priority and who wants to know the times.
            admitted: whether it belongs to a request whose first part was queued before; then it is never refused.

        Returns:
            The lane that it waits in, and a future of the outputs, with ``rows`` rows; cancel it and the task is
            dropped unless it already runs.

        Raises:
            UnavailableError: too many rows wait.
        """
        lane, backlog = self.lanes[options.priority], self.backlog
        if backlog.rows[options.priority] + rows > backlog.max_rows and not admitted:
            self._purge(lane)
            if backlog.rows[options.priority] + rows > backlog.max_rows:
                raise backlog.full_error(options.priority)
        task = Task(inputs, rows, asyncio.get_running_loop().create_future(), options)
        lane.add(task)
        return lane, task.future

    def _purge(self, lane: Lane) -> None:
        now = monotonic()
        if now - self._purged > PURGE_SECONDS:
            self._purged = now
            lane.drop(lambda task: task.future.done() or self._refused(task, now))

    def needs_thread(self, lane: Lane) -> bool:
        """Whether the lane's next batch is known to be too slow for the event loop."""
        if not lane.tasks:
            return False
        rows, threads = self._plan.choose(lane.rows, lane.tasks[0].rows, 1, 0)
        size = self._plan.padded(min(lane.rows, rows))
        known = self._estimates.get(size)
        estimate = known.get(threads) if known else self._estimate(size, lane.tasks[0].inputs)
        return estimate is not None and not estimate.inline

    def _estimate(self, size: int, inputs: Sequence[np.ndarray]) -> RunEstimate | None:
        """Return what is expected of a size that has not run yet, for inputs of these trailing shapes."""
        program = self._engine.find(tuple((size, *array.shape[1:]) if self._sizes else array.shape for array in inputs))
        return RunEstimate(program.seconds) if program is not None else None

    def form(self, lane: Lane, runs: int, cores: int) -> Batch | None:
        """Take a batch off the lane; ``None`` when nobody waits for any of it.

        Args:
            lane: what waits.
            runs: that may begin now.
            cores: that no run uses.
        """
        if not lane.tasks:
            return None
        now = monotonic()
        most, threads = self._plan.choose(lane.rows, lane.tasks[0].rows, runs, cores)
        tasks, rows = self._take(lane, now, most)
        if not tasks:
            return None
        size = self._plan.padded(rows)
        if lane.priority is Priority.NORMAL and size > rows and self.lanes[Priority.LOW].tasks:
            rows += self._fill_padding(tasks, size, size - rows, now)
        batch = Batch(tasks, rows, size, lane.priority, threads)
        batch.divided = most < self.full
        return batch

    def find_program(self, batch: Batch) -> None:
        """Find the program for what the tasks' arrays will be together."""
        arrays = [task.inputs for task in batch.tasks]
        shapes = joined_shapes(arrays, batch.size) if self._sizes else tuple([array.shape for array in arrays[0]])
        program = self._engine.find(shapes)
        if program is None:
            return
        batch.program = program.on(batch.threads) if batch.threads else program
        known = self._estimates.setdefault(batch.size, {})
        if batch.threads not in known:
            known[batch.threads] = RunEstimate(batch.program.seconds)

    def joined(self, batch: Batch) -> Sequence[np.ndarray]:
        """Return the tasks' arrays as one batch; any thread may ask, best the one that runs it next."""
        if batch.timed:
            batch.closed = monotonic()
        arrays: Sequence[Sequence[np.ndarray]] = [task.inputs for task in batch.tasks]
        if self._pad_lengths and len(arrays) > 1:
            arrays = equal_lengths(arrays)
        return join(arrays, batch.rows, batch.size) if self._sizes else aligned(arrays[0])

    def run(self, batch: Batch) -> tuple[list[np.ndarray], float, float]:
        """Run the batch's program, and say when that began and ended; in any thread."""
        assert batch.program is not None
        inputs, started = self.joined(batch), monotonic()
        return batch.program(inputs), started, monotonic()

    def _take(self, lane: Lane, now: float, most: int) -> tuple[list[Task], int]:
        """Take tasks while they fit and none of them would be too late because of another."""
        taken: list[Task] = []
        rows, nearest = 0, math.inf
        soon = now + max([each.seconds for known in self._estimates.values() for each in known.values()], default=0.0)
        while lane.tasks:
            task = lane.tasks[0]
            hurried = task.deadline < soon  # all others are in time in whatever batch
            if task.future.done() or (hurried and self._refused(task, now)):
                lane.pop()
                continue
            if taken and (task.alone or rows + task.rows > most):
                break
            if hurried or nearest < math.inf:
                nearest = min(nearest, task.deadline)
                if taken and not self._in_time(rows + task.rows, nearest, now):
                    break
            taken.append(lane.pop())
            rows += task.rows
            if task.alone:
                break
        return taken, rows

    def _fill_padding(self, tasks: list[Task], size: int, room: int, now: float) -> int:
        """Take low tasks along that cost nothing: their rows stand where padding would."""
        lane, filled = self.lanes[Priority.LOW], 0
        while lane.tasks and not tasks[0].alone:
            task = lane.tasks[0]
            if task.future.done() or self._refused(task, now):
                lane.pop()
                continue
            if task.alone or filled + task.rows > room or not self._in_time(size, task.deadline, now):
                break
            tasks.append(lane.pop())
            filled += task.rows
        return filled

    def _in_time(self, rows: int, deadline: float, now: float) -> bool:
        if deadline == math.inf:
            return True
        return now + self._expected_seconds(rows) <= deadline

    def _expected_seconds(self, rows: int) -> float:
        """Return how long a run takes at best; 0 where nobody knows."""
        known = self._estimates.get(self._plan.padded(rows))
        return min([estimate.seconds for estimate in known.values()]) if known else 0.0

    def _refused(self, task: Task, now: float) -> bool:
        """Refuse a task that would be too late even if it ran alone and at once."""
        if self._in_time(task.rows, task.deadline, now):
            return False
        seconds = self._expected_seconds(task.rows)
        if now <= task.deadline:
            for estimate in self._estimates.get(self._plan.padded(task.rows), {}).values():
                estimate.refused()
        task.future.set_exception(
            DeadlineExceededError(
                f"{self._id}: the deadline cannot be met; the request waited {now - task.queued:.3f} s, "
                f"{max(task.deadline - now, 0.0):.3f} s are left and a run takes about "
                f"{seconds:.3f} s. It was not run."
            )
        )
        return True

    def inline(self, batch: Batch) -> bool:
        """Whether the batch's program, which must be compiled, should run in the event loop."""
        return self._estimates[batch.size][batch.threads].inline

    def compile_and_run(self, batch: Batch) -> tuple[list[np.ndarray], float, float]:
        """Compile and run in the compiler's thread, unless every client left while others' programs were compiled."""
        if all(task.future.done() for task in batch.tasks):
            return [], monotonic(), monotonic()
        inputs, started = self.joined(batch), monotonic()
        return self._engine.compile_and_run(inputs), started, monotonic()

    @property
    def compiler(self) -> Executor:
        """Where ``compile_and_run`` belongs."""
        return self._engine.compiler

    def deliver(self, batch: Batch, outputs: list[np.ndarray], started: float, ended: float, inline: bool) -> None:
        """Give every task its rows.

        Args:
            batch: what ran.
            outputs: of the program.
            started: when it began.
            ended: when it had ended.
            inline: whether it ran in the event loop.
        """
        if batch.program is not None:
            self._estimates[batch.size][batch.threads].ran(ended - started, inline)
        if self._observer is not None or batch.timed:
            self._tell(batch, started, ended)
        if self._sizes:
            try:
                check_rows(outputs, batch.size)
            except TenonError as error:
                self._fail_all(batch, error)
                return
        start = 0  # what stands behind the last task's rows is padding
        for task in batch.tasks:
            end = start + task.rows
            if not task.future.done():
                task.future.set_result([output[start:end] for output in outputs] if self._sizes else outputs)
            start = end

    def _tell(self, batch: Batch, started: float, ended: float) -> None:
        padding = batch.size - batch.rows
        for task in batch.tasks:
            if task.times is not None:
                note_times(task.times, task, min(batch.closed, started), started, ended, batch.size, padding)
        if self._observer is not None:
            waited = [started - task.queued for task in batch.tasks]
            try:
                self._observer.batch_ran(self._id, batch.priority, waited, batch.rows, padding, ended - started)
            except Exception:  # an answer must not be lost because somebody miscounts
                _log.exception("%s: the observer of batches failed.", self._id)

    def fail(self, batch: Batch, error: BaseException, started: float, ended: float) -> list[Lane]:
        """Tell every task that its batch failed, or let it try again alone: one's data must not fail another.

        Args:
            batch: what ran.
            error: what the program raised.
            started: when it began.
            ended: when it had failed.

        Returns:
            The lanes in which tasks wait for another try.
        """
        self._tell(batch, started, ended)
        if isinstance(error, TenonError):
            self._fail_all(batch, error)
            return []
        _log.error("%s: a batch of %d requests failed.", self._id, len(batch.tasks), exc_info=error)
        if len(batch.tasks) == 1:
            self._fail_all(batch, InternalError(f"{self._id} failed to run; the server's log says why."))
            return []
        for task in reversed(batch.tasks):
            task.alone = True
            self.lanes[task.priority].put_back(task)
        return [lane for lane in self.lanes if lane.tasks]

    def _fail_all(self, batch: Batch, error: TenonError) -> None:
        for task in batch.tasks:
            if not task.future.done():
                task.future.set_exception(type(error)(error.message))
