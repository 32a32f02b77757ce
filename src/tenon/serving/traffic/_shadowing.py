"""Requests run once more on a shadow version, behind the back of the clients."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenon.base import Code, InvalidArgumentError, TenonError
from tenon.serving.servables import Manager, Priority, RunOptions, Servable, ServableId
from tenon.serving.traffic._comparison import Difference, compare
from tenon.serving.traffic._route import Route, Shadow

_LOGGER = logging.getLogger(__name__)

_REMEMBERED_DIFFERENCES = 32
_REMEMBERED_VERSIONS = 256
_OF_LOAD = (Code.CANCELLED, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE)
_TOO_BUSY = (Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE)
_LARGE_VALUES = 1 << 16  # so many are compared in a thread; fewer take less than a turn of the event loop is worth

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    shadow: Shadow
    signature_name: str
    inputs: Arrays
    answer: Arrays | TenonError
    size: int


class _Findings:
    """What became of the runs of one shadow version."""

    def __init__(self) -> None:
        self.agree = self.differ = self.error = self.dropped = 0
        self.is_logged = False
        self.recent: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED_DIFFERENCES)

    def remember(self, **what: Any) -> None:
        self.recent.append({"time": time.time(), **what})

    def to_json(self) -> dict[str, Any]:
        counts = {"agree": self.agree, "differ": self.differ, "error": self.error, "dropped": self.dropped}
        return {**counts, "recent": list(self.recent)}


class ShadowRunner:
    """Run what the shadows of a route ask for, after the answer, and compare.

    A run has low priority. What does not fit into the queue, by number or bytes, is dropped and counted; so nothing
    waits for a shadow, and memory is bounded. A run has one of four outcomes: ``agree``; ``differ``, also where the
    client got an error and the shadow another or none; ``error``, where only the shadow failed; ``dropped``, also where
    the shadow was too busy to answer. The last 32 differences and errors of a version are kept, in numbers and names,
    never in values.

    Belongs to the event loop of its manager.

    Args:
        manager: where the versions live.
        max_concurrency: how many run at the same time.
        max_queued: how many wait.
        max_queued_bytes: how large all inputs and answers may be that wait or run.
        timeout_seconds: after how long a run is given up, as an error.

    Example:
        >>> from tenon.serving import ServableRequest
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> async def main():
        ...     runner = ShadowRunner(StaticManager({"m": {1: half_plus_two(), 2: half_plus_two()}}))
        ...     route = Route(ServableRequest.specific("m", 1), shadows=(Shadow(ServableRequest.specific("m", 2)),))
        ...     x, y = np.float32([2]), np.float32([3])
        ...     runner.submit(route, "serving_default", {"x": x}, {"y": y})
        ...     await runner.idle()
        ...     return runner.status()
        >>> asyncio.run(main())
        {'m': {'2': {'agree': 1, 'differ': 0, 'error': 0, 'dropped': 0, 'recent': []}}}
    """

    def __init__(
        self,
        manager: Manager,
        max_concurrency: int = 2,
        max_queued: int = 64,
        max_queued_bytes: int = 64 * 2**20,
        timeout_seconds: float = 30.0,
    ) -> None:
        limits = {"max_concurrency": max_concurrency, "timeout_seconds": timeout_seconds}
        for name, value in limits.items():
            if value <= 0:
                raise InvalidArgumentError(f"{name}: must be more than 0; received {value}. Give a larger number.")
        self._manager = manager
        self._max_concurrency = max_concurrency
        self._max_queued = max_queued
        self._max_bytes = max_queued_bytes
        self._timeout = timeout_seconds
        self._queue: deque[_Job] = deque()
        self._bytes = 0
        self._workers: set[asyncio.Task[None]] = set()
        self._findings: dict[ServableId, _Findings] = {}

    def submit(self, route: Route, signature_name: str, inputs: Arrays, answer: Arrays | TenonError) -> None:
        """Let the shadows of a route run, in later turns of the event loop. Returns at once and never raises.

        Outputs that the client did not get are not looked at. Errors that tell of load or of an impatient client, and
        not of the model (``CANCELLED``, ``DEADLINE_EXCEEDED``, ``RESOURCE_EXHAUSTED``, ``UNAVAILABLE``), are nothing to
        compare with: no shadow runs.

        Args:
            route: what ``Router.route`` returned.
            signature_name: the signature that ran.
            inputs: its inputs; not to be changed any more.
            answer: the outputs that the client got, not to be changed any more, or the error.
        """
        if isinstance(answer, TenonError) and answer.code in _OF_LOAD:
            return
        for shadow in route.shadows:
            if len(self._queue) >= self._max_queued:
                self._finding(shadow).dropped += 1
                continue
            size = _size(inputs) + (0 if isinstance(answer, TenonError) else _size(answer))
            self._enqueue(_Job(shadow, signature_name, inputs, answer, size))

    async def idle(self) -> None:
        """Wait until nothing waits or runs."""
        while self._workers:
            await asyncio.wait(self._workers)

    async def close(self) -> None:
        """Drop what waits and give up what runs."""
        for job in self._queue:
            self._finding(job.shadow).dropped += 1
        self._queue.clear()
        for worker in self._workers:
            worker.cancel()
        await self.idle()
        self._bytes = 0

    def status(self) -> dict[str, dict[str, Any]]:
        """Return the outcomes by model and version, JSON-able."""
        made: dict[str, dict[str, Any]] = {}
        for id_, findings in sorted(self._findings.items()):
            made.setdefault(id_.name, {})[str(id_.version)] = findings.to_json()
        return made

    def _enqueue(self, job: _Job) -> None:
        if self._bytes + job.size > self._max_bytes:
            self._finding(job.shadow).dropped += 1
            return
        self._queue.append(job)
        self._bytes += job.size
        self._start_worker()

    def _start_worker(self) -> None:
        if self._queue and len(self._workers) < self._max_concurrency:
            worker = asyncio.get_running_loop().create_task(self._work(), name="shadow")
            self._workers.add(worker)
            worker.add_done_callback(self._worker_ended)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        """Look into the queue once more: something may have come between the worker's last look and now."""
        self._workers.discard(worker)
        self._start_worker()

    async def _work(self) -> None:
        while self._queue:
            job = self._queue.popleft()
            findings = self._finding(job.shadow)
            try:
                await self._run(job, findings)
            except asyncio.CancelledError:
                findings.dropped += 1
                raise
            except Exception:
                if not findings.is_logged:
                    _LOGGER.exception("a shadow run of %s failed; more will be counted only", job.shadow.request)
                    findings.is_logged = True
                _failed(findings, job, "INTERNAL")
            finally:
                self._bytes -= job.size

    async def _run(self, job: _Job, findings: _Findings) -> None:
        try:
            outputs = await asyncio.wait_for(self._outputs(job), self._timeout)
        except TenonError as error:
            if error.code in _TOO_BUSY:
                findings.dropped += 1
            else:
                _failed(findings, job, error.code.name)
        except TimeoutError:
            _failed(findings, job, "DEADLINE_EXCEEDED")
        else:
            await _answered(findings, job, outputs)

    async def _outputs(self, job: _Job) -> Arrays:
        with self._manager.servable_handle(job.shadow.request) as handle:
            outputs = _fitting_outputs(handle.servable, job)
            if outputs is not None and not outputs:
                return {}
            deadline = asyncio.get_running_loop().time() + self._timeout
            return await handle.servable.run(
                job.signature_name, job.inputs, outputs, RunOptions(deadline, Priority.LOW)
            )

    def _finding(self, shadow: Shadow) -> _Findings:
        id_ = ServableId(shadow.request.name, shadow.request.version or 0)
        if id_ not in self._findings:
            if len(self._findings) >= _REMEMBERED_VERSIONS:
                del self._findings[next(iter(self._findings))]
            self._findings[id_] = _Findings()
        return self._findings[id_]


def _size(arrays: Arrays) -> int:
    return sum(_array_size(array) for array in arrays.values())


def _array_size(array: np.ndarray) -> int:
    return array.nbytes if array.dtype.kind != "O" else array.nbytes + sum(len(item) for item in array.flat)


def _fitting_outputs(servable: Servable, job: _Job) -> list[str] | None:
    """Return which outputs to ask for, ``None`` for all; what reaches ``Servable.run`` must fit its signature.

    Raises:
        InvalidArgumentError: the version has no such signature, or one with other inputs.
    """
    signature = servable.signatures.get(job.signature_name)
    if signature is None:
        raise InvalidArgumentError(f"signature {job.signature_name!r}: the shadow version has none of that name.")
    sent = {name: array.dtype for name, array in job.inputs.items()}
    wanted = {name: spec.dtype for name, spec in signature.inputs.items()}
    if sent != wanted:
        raise InvalidArgumentError(
            f"signature {job.signature_name!r}: the shadow version has other inputs than {sent}."
        )
    return None if isinstance(job.answer, TenonError) else [name for name in job.answer if name in signature.outputs]


def _failed(findings: _Findings, job: _Job, code: str) -> None:
    """Count a shadow that failed: it agrees with a client that saw the same error, and with nothing else."""
    seen = job.answer.code.name if isinstance(job.answer, TenonError) else "OK"
    if seen == code:
        findings.agree += 1
        return
    if seen == "OK":
        findings.error += 1
    else:
        findings.differ += 1
    findings.remember(signature=job.signature_name, expected=seen, actual=code)


async def _answered(findings: _Findings, job: _Job, outputs: Arrays) -> None:
    if isinstance(job.answer, TenonError):
        findings.differ += 1
        findings.remember(signature=job.signature_name, expected=job.answer.code.name, actual="OK")
        return
    found = await _compare(job.shadow, job.answer, outputs)
    if not found:
        findings.agree += 1
        return
    findings.differ += 1
    findings.remember(signature=job.signature_name, outputs=[difference.to_json() for difference in found])


async def _compare(shadow: Shadow, expected: Arrays, actual: Arrays) -> tuple[Difference, ...]:
    """Compare here if that is quick, and otherwise in a thread."""
    tolerances = (shadow.relative_tolerance, shadow.absolute_tolerance)
    if sum(array.size for array in expected.values()) < _LARGE_VALUES:
        return compare(expected, actual, *tolerances)
    return await asyncio.to_thread(compare, expected, actual, *tolerances)
