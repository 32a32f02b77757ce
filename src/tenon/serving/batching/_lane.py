"""What waits: tasks of one signature, one set of shapes and one priority, in the order they came."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Any

import numpy as np

from tenon.base import UnavailableError
from tenon.serving.servables import Priority, RunOptions, RunTimes

LONGEST_WAIT = 0.002
"""Seconds for which a batch stays open while tasks keep joining it in every turn of the event loop."""


class Task:
    """One request, or a part of a large one, that waits for its run.

    Args:
        inputs: an array per input of the signature.
        rows: of every array; 1 where rows are not batched.
        future: takes the outputs.
        options: deadline, priority and who wants to know the times.

    Attributes:
        deadline: the loop's time after which nobody waits; infinity for none.
        queued: when it came.
        alone: whether it must not share a batch, because one that it was in has failed.
    """

    __slots__ = ("alone", "deadline", "future", "inputs", "priority", "queued", "rows", "times")

    def __init__(
        self, inputs: Sequence[np.ndarray], rows: int, future: asyncio.Future[Any], options: RunOptions
    ) -> None:
        self.inputs, self.rows, self.future = inputs, rows, future
        self.deadline = math.inf if options.deadline is None else options.deadline
        self.priority, self.times = options.priority, options.times
        self.queued = monotonic()
        self.alone = False


def note_times(
    times: RunTimes, task: Task, closed: float, started: float, ended: float, rows: int, padding: int
) -> None:
    """Write down what a task's run took; the parts of a large request add up.

    Args:
        times: where to.
        task: what ran.
        closed: when its batch began to be joined and padded; 0 where it was not.
        started: when its batch began to run.
        ended: when it had run.
        rows: of the batch, padding included.
        padding: rows of padding.
    """
    if not times.ended:
        times.queued, times.closed, times.started, times.ended = task.queued, closed, started, ended
    else:
        times.queued = min(times.queued, task.queued)
        times.closed = min(times.closed, closed)
        times.started = min(times.started, started)
        times.ended = max(times.ended, ended)
    times.batch_rows += rows
    times.padding_rows += padding


class Backlog:
    """Counts the rows that wait for one signature, whatever their shapes, and refuses more than it may hold.

    Each priority has room of its own, so requests that can wait never push out those that cannot.

    Args:
        full: rows of a full batch.
        max_enqueued_batches: full batches that may wait.

    Attributes:
        rows: that wait, by priority.
        max_rows: that may wait, of each priority.
        last_run: when the signature had a run, on the clock of the scheduler's turns.
    """

    __slots__ = ("_full", "_max_batches", "last_run", "max_rows", "rows")

    def __init__(self, full: int, max_enqueued_batches: int) -> None:
        self.rows = [0] * len(Priority)
        self.last_run = 0
        self._full, self._max_batches, self.max_rows = full, max_enqueued_batches, full * max_enqueued_batches

    def full_error(self, priority: Priority) -> UnavailableError:
        """Return TensorFlow Serving's error for a full queue."""
        batches = -(-self.rows[priority] // self._full)
        return UnavailableError(
            "The batch scheduling queue to which this task was submitted is full; currently "
            f"{batches} batches enqueued and max_enqueued_batches is {self._max_batches}"
        )


class Lane:
    """A queue of tasks that a scheduler gives turns to.

    Args:
        batcher: whose tasks they are; only whoever schedules the lane looks at it.
        priority: of all tasks.
        backlog: of the signature; counts along. Also an attribute.

    Attributes:
        tasks: what waits; change it by the methods alone.
        rows: of all that waits.
        scheduled: whether the scheduler has the lane in one of its lists.
        seen: tasks that had joined the open batch in the event loop's last turn.
        timer: what will wake the scheduler when the lane's oldest task has waited long enough.
    """

    __slots__ = ("backlog", "batcher", "priority", "rows", "scheduled", "seen", "tasks", "timer")

    def __init__(self, batcher: Any, priority: Priority, backlog: Backlog) -> None:
        self.batcher, self.priority, self.backlog = batcher, priority, backlog
        self.tasks: deque[Task] = deque()
        self.rows = self.seen = 0
        self.scheduled = False
        self.timer: asyncio.TimerHandle | None = None

    def add(self, task: Task) -> None:
        """Put a task at the end."""
        self.tasks.append(task)
        self.rows += task.rows
        self.backlog.rows[self.priority] += task.rows

    def closes(self, now: float, full: int) -> bool:
        """Say whether the open batch should run; to be asked once in every turn of the event loop.

        It should when it is full, when no task joined it in the last turn (requests that arrive together come in
        neighbouring turns, and an idle server's turn takes some microseconds), or when it has been open for long.

        Args:
            now: the time.
            full: rows of a full batch.
        """
        joined = len(self.tasks)
        if joined in (0, self.seen) or self.rows >= full or now - self.tasks[0].queued >= LONGEST_WAIT:
            self.seen = 0
            return True
        self.seen = joined
        return False

    def put_back(self, task: Task) -> None:
        """Put a task that was popped to the front again."""
        self.tasks.appendleft(task)
        self._count(task.rows)

    def pop(self) -> Task:
        """Take the first task off."""
        task = self.tasks.popleft()
        self.rows -= task.rows
        self.backlog.rows[self.priority] -= task.rows
        return task

    def drop(self, is_useless: Any) -> None:
        """Forget the tasks of which ``is_useless`` is true."""
        kept = [task for task in self.tasks if not is_useless(task)]
        self._count(sum(task.rows for task in kept) - self.rows)
        self.tasks = deque(kept)

    def _count(self, rows: int) -> None:
        self.rows += rows
        self.backlog.rows[self.priority] += rows
