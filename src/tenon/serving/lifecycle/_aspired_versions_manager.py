"""The machine that makes what is aspired true."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tenon.base import FailedPreconditionError, InvalidArgumentError, NotFoundError, TenonError
from tenon.serving.lifecycle._aspired import Action, AspiredVersionPolicy, AvailabilityPreservingPolicy, Load, Unload
from tenon.serving.lifecycle._harness import LoaderHarness
from tenon.serving.lifecycle._observer import LifecycleObserver
from tenon.serving.lifecycle._serving_map import ServingMap
from tenon.serving.lifecycle._stream import ServableStream
from tenon.serving.servables import LoaderFactory, Manager, ServableHandle, ServableRequest, ServableState, State

_REMOVED_KEPT = 100
"""Removed names whose states are still told."""

_logger = logging.getLogger("tenon.serving")


class AspiredVersionsManager(Manager):
    """Load what is aspired, unload what is not, and hand out what is available.

    Every method is called in one event loop; only ``Loader.load`` runs elsewhere, in the worker threads. Between two
    turns of the loop what ``servable_handle`` gives out and what ``states`` tells agree.

    A version that fails to load harms nobody: it stays in ``END`` with its error, and the others go on. It is tried
    again ``max_num_load_retries`` times, when ``retry`` is called for it, and when it is un-aspired and aspired anew;
    while it waits for that it holds no thread. An unload waits, without limit, until the last handle is released; then
    ``Servable.close`` is called.

    Args:
        policy: decides the order of loads and unloads of one name.
        num_load_threads: how many versions load at the same time, over all names.
        num_unload_threads: how many servables are closed at the same time in worker threads; 0 closes them in the
            event loop.
        max_num_load_retries: how often a load that failed is tried again, while the version is aspired.
        load_retry_interval: seconds before each of those tries.
        observer: is told of every load and unload.

    Raises:
        InvalidArgumentError: ``num_load_threads`` is below 1, or another number below 0.

    Example:
        >>> from tenon.serving.testing import FakeLoader
        >>> async def life():
        ...     manager = AspiredVersionsManager()
        ...     manager.set_aspired("m", {1: FakeLoader, 2: FakeLoader})
        ...     await manager.wait_until(lambda: len(manager.available("m")) == 2)
        ...     with manager.servable_handle(ServableRequest.latest("m")) as handle:
        ...         print(handle.id)
        ...     await manager.shutdown()
        >>> asyncio.run(life())
        {name: m version: 2}
    """

    def __init__(
        self,
        policy: AspiredVersionPolicy | None = None,
        num_load_threads: int = 1,
        num_unload_threads: int = 0,
        max_num_load_retries: int = 0,
        load_retry_interval: float = 60.0,
        observer: LifecycleObserver | None = None,
    ) -> None:
        if num_load_threads < 1:
            raise InvalidArgumentError(f"num_load_threads: must be at least 1; received {num_load_threads}.")
        if min(num_unload_threads, max_num_load_retries, load_retry_interval) < 0:
            raise InvalidArgumentError(
                "num_unload_threads, max_num_load_retries, load_retry_interval: must be at least 0; received "
                f"{num_unload_threads}, {max_num_load_retries}, {load_retry_interval}."
            )
        self._policy = policy or AvailabilityPreservingPolicy()
        self._observer = observer
        self._max_num_load_retries, self._load_retry_interval = max_num_load_retries, load_retry_interval
        self._unload_threads = (
            ThreadPoolExecutor(num_unload_threads, thread_name_prefix="tenon-unload") if num_unload_threads else None
        )
        self._num_load_threads = num_load_threads
        self._threads = ThreadPoolExecutor(num_load_threads, thread_name_prefix="tenon-load")
        self._streams: dict[str, ServableStream] = {}
        self._serving = ServingMap[LoaderHarness]()
        self._undecided: dict[str, None] = {}  # an ordered set of names that changed since the policy was asked
        self._loads: dict[str, Load] = {}  # what the policy wants to be done next, by name
        self._unloads: dict[str, Unload] = {}
        self._removed: dict[str, None] = {}  # an ordered set
        self._tasks: set[asyncio.Task[None]] = set()
        self._free_load_threads = num_load_threads
        self._reconcile_is_due = False
        self._is_shut_down = False
        self._changed = asyncio.Event()

    def servable_handle(self, request: ServableRequest) -> ServableHandle:
        """Return a handle of the version asked for; the contract is ``Manager.servable_handle``'s."""
        return self._serving.find(request).acquire()

    def states(self, name: str) -> tuple[ServableState, ...]:
        """Return the versions that live and the last hundred that ended, newest version first."""
        return self._streams[name].states() if name in self._streams else ()

    def available(self, name: str) -> tuple[int, ...]:
        """Return the versions of ``name`` that answer, newest first."""
        return self._serving.available(name)

    def aspired(self, name: str) -> tuple[int, ...]:
        """Return the versions of ``name`` that are wanted, newest first."""
        return self._streams[name].aspired() if name in self._streams else ()

    def labels(self, name: str) -> Mapping[str, int]:
        """Return the version that each label of ``name`` stands for."""
        return self._serving.labels(name)

    def set_labels(self, name: str, labels: Mapping[str, int]) -> None:
        """Let clients ask for versions of ``name`` by ``labels``, and by no others, from now on.

        A label whose version is not available is answered as that version is: not found.
        """
        self._serving.set_labels(name, labels)

    def names(self) -> tuple[str, ...]:
        """Return the names that have states, sorted."""
        return tuple(sorted(name for name, stream in self._streams.items() if stream.states()))

    def set_aspired(self, name: str, versions: Mapping[int, LoaderFactory]) -> None:
        """Say which versions of ``name`` are wanted: all of them, for what is left out becomes un-aspired.

        Returns at once; loads and unloads begin in the next turn of the event loop. Repeating what is aspired already
        costs and changes nothing: a factory is called only for a version that is not known, that is tried again or
        that is replaced, and then it is the one given last.

        Raises:
            FailedPreconditionError: after ``shutdown``.
        """
        if self._is_shut_down:
            raise FailedPreconditionError(
                f"servable {name!r}: nothing can be aspired after shutdown; received versions {sorted(versions)}. "
                "Stop the poller before the manager."
            )
        self._removed.pop(name, None)
        stream = self._streams.get(name) or self._streams.setdefault(name, ServableStream(name))
        if stream.aspire(versions):
            self._change(name)

    def remove(self, name: str) -> None:
        """Unload every version of ``name`` and drop its labels; of names removed the states are told of the last 100.

        Raises:
            FailedPreconditionError: after ``shutdown``.
        """
        self.set_labels(name, {})
        if name not in self._streams:
            return
        self.set_aspired(name, {})
        self._removed[name] = None
        while len(self._removed) > _REMOVED_KEPT and not self._streams[next(iter(self._removed))].is_alive:
            self._forget(next(iter(self._removed)))

    def _forget(self, name: str) -> None:
        del self._streams[name], self._removed[name]
        for known in (self._undecided, self._loads, self._unloads):
            known.pop(name, None)

    def failed(self, name: str) -> tuple[int, ...]:
        """Return the versions of ``name`` whose load failed and which are still aspired, newest first."""
        return self._streams[name].failed() if name in self._streams else ()

    def retry(self, name: str, version: int) -> None:
        """Load a version anew whose load failed; one in any other state is left alone."""
        if name in self._streams and self._streams[name].retry(version):
            self._change(name)

    def replace(self, name: str, version: int) -> bool:
        """Load a version that answers anew, from what its factory finds now; return whether that begins.

        The policy decides whether the one before answers until then. If the load fails it goes on answering, or with
        a policy that unloaded it first, the version ends with the error. Nothing begins for a version that does not
        answer, is not aspired, or is being replaced already.
        """
        begun = name in self._streams and self._streams[name].replace(version)
        if begun:
            self._change(name)
        return begun

    async def wait_until(self, predicate: Callable[[], bool]) -> None:
        """Return once ``predicate()`` is true; it is asked now and after every change of any state.

        A condition that holds only for one turn of the event loop may be missed.
        """
        while not predicate():
            await self._changed.wait()

    async def first_outcomes(self, names: Collection[str]) -> dict[str, TenonError]:
        """Wait until each name either answers or cannot, and return the errors of those that cannot.

        A name answers when one of its versions is available; it cannot when all have ended, or when none is aspired
        (so wait only after the first poll). The error is that of the newest version that failed.
        """
        waiting = list(names)

        def all_known() -> bool:
            while waiting and _has_outcome(self.states(waiting[-1])):
                waiting.pop()  # asked once, or thousands of names would be asked after each of thousands of loads
            return not waiting

        await self.wait_until(all_known)
        return {name: _reason(name, self.states(name)) for name in names if not self.available(name)}

    async def shutdown(self) -> None:
        """Unload everything: new requests are refused at once, those in flight are awaited, then servables close.

        Loads that have begun cannot be interrupted and are awaited as well. May be called more than once.
        """
        self._is_shut_down = True
        for name, stream in self._streams.items():
            stream.aspire({})
            self._touch(name)
        self._reconcile()
        await self.wait_until(lambda: not any(stream.is_alive for stream in self._streams.values()))
        self._threads.shutdown()
        if self._unload_threads is not None:
            self._unload_threads.shutdown()

    def _change(self, name: str) -> None:
        self._touch(name)
        self._reconcile_soon()

    def _reconcile_soon(self) -> None:
        """Reconcile once for all the names that a poll brings."""
        if not self._reconcile_is_due:
            self._reconcile_is_due = True
            asyncio.get_running_loop().call_soon(self._reconcile)

    def _reconcile(self) -> None:
        """Take the steps that can be taken now. Synchronous, so no request sees a state between two steps."""
        self._reconcile_is_due = False
        while (action := self._next_action()) is not None:
            self._act(action)
        self._changed.set()
        self._changed = asyncio.Event()

    def _next_action(self) -> Action | None:
        """Ask the policy for every name that changed; unloads come first, and a load needs a free thread."""
        for name in self._undecided:
            action = self._policy.next_action(self._streams[name].snapshots())
            self._loads.pop(name, None)
            self._unloads.pop(name, None)
            if isinstance(action, Load):
                self._loads[name] = action
            elif action is not None:
                self._unloads[name] = action
        self._undecided.clear()
        load = next(iter(self._loads.values()), None) if self._free_load_threads else None
        return next(iter(self._unloads.values()), load)

    def _act(self, action: Action) -> None:
        stream = self._streams[action.id.name]
        if isinstance(action, Load):
            self._start_load(stream.harness(action.id.version, State.START))
        else:
            harness = stream.harness(action.id.version, State.AVAILABLE)
            harness.start_unloading(partial(asyncio.get_running_loop().call_soon, self._close, harness))
        self._touch(action.id.name)

    def _start_load(self, harness: LoaderHarness) -> None:
        harness.start_loading()
        self._free_load_threads -= 1
        self._begin(self._load(harness), f"load {harness.id}")

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)  # the event loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)

    async def _load(self, harness: LoaderHarness) -> None:
        began = time.monotonic()
        try:
            servable = await asyncio.get_running_loop().run_in_executor(self._threads, harness.load)
        except TenonError as error:
            harness.fail(error)
            self._retry_later(harness)
            if self._observer is not None:
                self._observer.failed(harness.id, time.monotonic() - began, error)
        else:
            harness.finish_loading(servable)
            if self._observer is not None:
                self._observer.loaded(harness.id, time.monotonic() - began, servable)
        self._free_load_threads += 1
        self._settle(harness.id.name)

    def _retry_later(self, harness: LoaderHarness) -> None:
        failures = self._streams[harness.id.name].count_failure(harness)
        if harness.is_aspired and 0 < failures <= self._max_num_load_retries and not self._is_shut_down:
            _logger.info(
                "servable version %s: is tried again in %g s (%d of %d)",
                *(harness.id, self._load_retry_interval, failures, self._max_num_load_retries),
            )
            asyncio.get_running_loop().call_later(self._load_retry_interval, self._retry, harness)

    def _retry(self, harness: LoaderHarness) -> None:
        """Try again what has failed, unless it was un-aspired or tried since."""
        name = harness.id.name
        if name in self._streams and self._streams[name].retry(harness.id.version, harness):
            self._change(name)

    def _close(self, harness: LoaderHarness) -> None:
        if self._unload_threads is None:
            self._finish_unload(harness)
        else:
            self._begin(self._close_in_thread(harness, self._unload_threads), f"unload {harness.id}")

    async def _close_in_thread(self, harness: LoaderHarness, threads: ThreadPoolExecutor) -> None:
        await asyncio.get_running_loop().run_in_executor(threads, harness.close)
        self._finish_unload(harness)

    def _finish_unload(self, harness: LoaderHarness) -> None:
        harness.finish_unloading()
        if self._observer is not None:
            self._observer.unloaded(harness.id)
        self._streams[harness.id.name].retire(harness)
        self._settle(harness.id.name)

    def _settle(self, name: str) -> None:
        """After a load or an unload: bring everything in line at once, so that no request sees a state in between."""
        self._streams[name].refresh()
        self._touch(name)
        self._reconcile()

    def _touch(self, name: str) -> None:
        """After a change: publish what the name offers, and let the policy decide on it anew."""
        self._serving.replace(name, self._streams[name].available())
        self._undecided[name] = None


def _has_outcome(states: tuple[ServableState, ...]) -> bool:
    reached = {state.state for state in states}
    return State.AVAILABLE in reached or reached <= {State.END}


def _reason(name: str, states: tuple[ServableState, ...]) -> TenonError:
    errors = (state.error for state in states if state.error is not None)
    nothing = NotFoundError(f"servable {name!r}: no version of it is aspired. Put one under its base path.")
    return next(errors, nothing)
