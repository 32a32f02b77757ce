"""Whose batch runs next, and where: in the event loop, in a thread, or in a compiler's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TypeVar

import numpy as np

from tenon.base import InvalidArgumentError, UnavailableError, processor_count
from tenon.serving.batching._batcher import Batch, Batcher
from tenon.serving.batching._lane import Lane
from tenon.serving.batching._turns import Turns, note_run
from tenon.serving.servables import Priority

TURN_SECONDS = 0.001
"""For how long quick programs may run in one turn of the event loop before it looks at its connections again."""

NORMAL_RUNS = 16
"""After so many batches of normal priority, one of low priority runs although normal ones wait."""

_UNLOADED = "The model is being unloaded; ask again for a version that is available."

T = TypeVar("T")
Outcome = tuple[list[np.ndarray], float, float]


class BatchScheduler:
    """Gives turns to the lanes of all batchers of a server.

    A lane with tasks is first *open*, until its batch is closed; then *ready*, until its turn comes (``Turns``); and
    *parked* where its program is slow and every thread is taken. Low lanes get a turn when no normal lane waits, and
    after ``NORMAL_RUNS`` batches of normal ones in any case. Belongs to one event loop.

    Args:
        num_batch_threads: slow programs that run at once; ``None`` for one per processor. Programs that use several
            processors leave fewer to others.
        cores: processors that runs share; ``None`` for all that the process may use. Who asks for more runs than
            there are processors gets them.

    Raises:
        InvalidArgumentError: ``num_batch_threads`` is less than 1.

    Attributes:
        num_batch_threads: the number in use.
    """

    def __init__(self, num_batch_threads: int | None = None, cores: int | None = None) -> None:
        threads = processor_count() if num_batch_threads is None else num_batch_threads
        if threads < 1:
            raise InvalidArgumentError(f"num_batch_threads must be positive; was {threads}")
        self.num_batch_threads = threads
        self._executor = ThreadPoolExecutor(threads, "tenon-run")
        self._free_threads = threads
        self._free_cores = max(threads, cores or processor_count())
        self._open: list[Lane] = []
        self._ready = tuple(Turns() for _ in Priority)
        self._parked = tuple(Turns() for _ in Priority)
        self._normal_runs = 0
        self._turning: asyncio.AbstractEventLoop | None = None

    def close(self) -> None:
        """Run no more programs in threads; what waits for one is refused. Runs in progress go on."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, step: Callable[[], T]) -> T:
        """Run something slow that is no program in the threads of programs.

        Args:
            step: what to run.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, step)

    def task_added(self, lane: Lane) -> None:
        """See to it that the lane gets a turn; call it after each task that joins one."""
        if not lane.scheduled:
            lane.scheduled = True
            self._open_batch(lane)
        elif lane.timer is not None and lane.rows >= lane.batcher.full:
            lane.timer.cancel()
            lane.timer = None
            self._make_ready(lane)

    def _open_batch(self, lane: Lane) -> None:
        if not lane.batcher.timeout:
            self._open.append(lane)
            self._ensure_turn()
        elif lane.rows >= lane.batcher.full:
            self._make_ready(lane)
        else:
            self._set_timer(lane)

    def _set_timer(self, lane: Lane) -> None:
        """Wake up when the oldest task has waited long enough; a clock that counts milliseconds may need two calls."""
        lane.timer = None
        left = lane.tasks[0].queued + lane.batcher.timeout - monotonic() if lane.tasks else 0.0
        if left > 0:
            lane.timer = asyncio.get_running_loop().call_later(left, self._set_timer, lane)
        else:
            self._make_ready(lane)

    def _make_ready(self, lane: Lane) -> None:
        self._ready[lane.priority].add(lane)
        self._ensure_turn()

    def _ensure_turn(self) -> None:
        loop = asyncio.get_running_loop()
        if self._turning is not loop:
            self._turning = loop
            loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close batches, run those that may run, and come back while there is something to do."""
        self._turning = None
        now = monotonic()
        lanes, self._open = self._open, []
        for lane in lanes:
            if not lane.closes(now, lane.batcher.full):
                self._open.append(lane)
            elif len(lanes) > 1 or self._others_wait():
                self._ready[lane.priority].add(lane)
            else:
                self._give_turn(loop, lane)
        self._run_ready(loop, now)

    def _others_wait(self) -> bool:
        """Whether there is anybody to choose from besides a lane that has just been closed."""
        return any(self._ready) or any(self._parked)

    def _run_ready(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        """Give turns for ``TURN_SECONDS``; what is left then waits for the loop's next turn."""
        normal, low = self._ready
        while (normal or low) and (lane := self._next_lane()) is not None:
            self._give_turn(loop, lane)
            if monotonic() - now > TURN_SECONDS:
                break
        if self._open or normal or (low and not self._parked[Priority.NORMAL]):
            self._ensure_turn()

    def _next_lane(self) -> Lane | None:
        normal, low = self._ready
        if low and (self._normal_runs >= NORMAL_RUNS or not self._normal_waits()):
            self._normal_runs = 0
            return low.pop()
        if not normal:
            return None
        if low:
            self._normal_runs += 1
        return normal.pop()

    def _normal_waits(self) -> bool:
        normal = Priority.NORMAL
        return bool(self._ready[normal] or self._parked[normal] or any(lane.priority is normal for lane in self._open))

    def _give_turn(self, loop: asyncio.AbstractEventLoop, lane: Lane) -> None:
        """Run one batch of the lane, or set it aside until it can run."""
        batcher = lane.batcher
        if batcher.compiling:
            batcher.blocked.append(lane)
            return
        if (self._free_threads <= 0 or self._free_cores <= 0) and batcher.needs_thread(lane):
            self._parked[lane.priority].add(lane)
            return
        batch = batcher.form(lane, self._free_threads, self._free_cores)
        if batch is not None:
            note_run(lane)
            self._run(loop, batcher, batch)
        if lane.tasks:
            self._go_on(lane, batch is not None and batch.divided)
        else:
            lane.scheduled = False

    def _go_on(self, lane: Lane, divided: bool) -> None:
        """Let a lane that has tasks left wait for its next turn; no more need join what was divided."""
        if divided or lane.rows >= lane.batcher.full:
            self._ready[lane.priority].add(lane)
        else:
            self._open_batch(lane)

    def _run(self, loop: asyncio.AbstractEventLoop, batcher: Batcher, batch: Batch) -> None:
        started = monotonic()
        try:
            batcher.find_program(batch)
            if batch.program is not None and batcher.inline(batch):
                batcher.deliver(batch, *batcher.run(batch), inline=True)
                return
        except Exception as error:  # whatever a program raises, its tasks must hear of it
            self._failed(batcher, batch, error, started)
            return
        self._start(loop, batcher, batch)

    def _start(self, loop: asyncio.AbstractEventLoop, batcher: Batcher, batch: Batch) -> None:
        """Run in a thread, and compile before where there is no program yet."""
        if batch.program is None:
            batcher.compiling = True
        else:
            self._free_threads -= 1
            self._free_cores -= batch.cores
        batcher.running += 1
        started = monotonic()
        try:
            if batch.program is None:
                running = batcher.compiler.submit(batcher.compile_and_run, batch)
            else:
                running = self._executor.submit(batcher.run, batch)
        except RuntimeError:  # the executor is closed: the model is being unloaded, or the server stops
            running = Future()
            running.cancel()
        running.add_done_callback(partial(_tell, loop, partial(self._finished, loop, batcher, batch, started)))

    def _finished(
        self,
        loop: asyncio.AbstractEventLoop,
        batcher: Batcher,
        batch: Batch,
        started: float,
        done: Future[Outcome],
    ) -> None:
        batcher.running -= 1
        if batch.program is None:
            batcher.compiling = False
            self._unblock(batcher)
        else:
            self._free_threads += 1
            self._free_cores += batch.cores
        error = UnavailableError(_UNLOADED) if done.cancelled() else done.exception()
        if error is None:
            batcher.deliver(batch, *done.result(), inline=False)
        else:
            self._failed(batcher, batch, error, started)
        self._unpark()
        self._run_ready(loop, monotonic())

    def _failed(self, batcher: Batcher, batch: Batch, error: BaseException, started: float) -> None:
        for lane in batcher.fail(batch, error, started, monotonic()):
            self.task_added(lane)

    def _unblock(self, batcher: Batcher) -> None:
        for lane in batcher.blocked:
            self._ready[lane.priority].add(lane)
        batcher.blocked.clear()

    def _unpark(self) -> None:
        """Let the parked lanes compete for the thread that is free now; whoever gets none is parked again."""
        for ready, parked in zip(self._ready, self._parked, strict=True):
            while parked:
                ready.add(parked.pop())


def _tell(loop: asyncio.AbstractEventLoop, finished: Callable[[Future[Outcome]], None], done: Future[Outcome]) -> None:
    """Go on in the event loop, unless it has ended; asyncio's own futures would take a turn of it more."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(finished, done)
