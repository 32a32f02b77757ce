"""The machine that makes what is aspired true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tenon.base import FailedPreconditionError, InvalidArgumentError, NotFoundError, TenonError
from tenon.serving.lifecycle._aspired import Action, AspiredVersionPolicy, AvailabilityPreservingPolicy, Load, Unload
from tenon.serving.lifecycle._harness import LoaderHarness
from tenon.serving.lifecycle._serving_map import ServingMap
from tenon.serving.lifecycle._stream import ServableStream
from tenon.serving.servables import LoaderFactory, Manager, ServableHandle, ServableRequest, ServableState, State


class AspiredVersionsManager(Manager):
    """Load what is aspired, unload what is not, and hand out what is available.

    Every method is called in one event loop; only ``Loader.load`` runs elsewhere, in the worker threads. Between two
    turns of the loop what ``servable_handle`` gives out and what ``states`` tells agree.

    A version that fails to load harms nobody: it stays in ``END`` with its error, the others go on, and it is not
    tried again until ``retry`` is called for it, or it is un-aspired and aspired anew. An unload waits, without limit,
    until the last handle is released; then ``Servable.close`` is called in the event loop.

    Args:
        policy: decides the order of loads and unloads of one name.
        num_load_threads: how many versions load at the same time, over all names.

    Raises:
        InvalidArgumentError: ``num_load_threads`` is below 1.

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

    def __init__(self, policy: AspiredVersionPolicy | None = None, num_load_threads: int = 1) -> None:
        if num_load_threads < 1:
            raise InvalidArgumentError(f"num_load_threads: must be at least 1; received {num_load_threads}.")
        self._policy = policy or AvailabilityPreservingPolicy()
        self._num_load_threads = num_load_threads
        self._threads = ThreadPoolExecutor(num_load_threads, thread_name_prefix="tenon-load")
        self._streams: dict[str, ServableStream] = {}
        self._serving = ServingMap[LoaderHarness]()
        self._undecided: dict[str, None] = {}  # an ordered set of names that changed since the policy was asked
        self._decisions: dict[str, Action | None] = {}
        self._loads: set[asyncio.Task[None]] = set()
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
        return tuple(state.id.version for state in self.states(name) if state.state is State.AVAILABLE)

    def names(self) -> tuple[str, ...]:
        """Return the names that have states, sorted."""
        return tuple(sorted(name for name, stream in self._streams.items() if stream.states()))

    def set_aspired(self, name: str, versions: Mapping[int, LoaderFactory]) -> None:
        """Say which versions of ``name`` are wanted: all of them, for what is left out becomes un-aspired.

        Returns at once; loads and unloads begin in the next turn of the event loop. Repeating what is aspired already
        costs and changes nothing: a factory is called only for a version that is not known.

        Raises:
            FailedPreconditionError: after ``shutdown``.
        """
        if self._is_shut_down:
            raise FailedPreconditionError(
                f"servable {name!r}: nothing can be aspired after shutdown; received versions {sorted(versions)}. "
                "Stop the poller before the manager."
            )
        stream = self._streams.setdefault(name, ServableStream(name))
        if stream.aspire(versions):
            self._touch(name)
            self._reconcile_soon()

    def failed(self, name: str) -> tuple[int, ...]:
        """Return the versions of ``name`` whose load failed and which are still aspired, newest first."""
        return self._streams[name].failed() if name in self._streams else ()

    def retry(self, name: str, version: int) -> None:
        """Load a version anew whose load failed; one in any other state is left alone."""
        if name in self._streams and self._streams[name].retry(version):
            self._touch(name)
            self._reconcile_soon()

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
        await self.wait_until(lambda: all(_has_outcome(self.states(name)) for name in names))
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
            self._decisions[name] = self._policy.next_action(self._streams[name].snapshots())
        self._undecided.clear()
        unloads = (action for action in self._decisions.values() if isinstance(action, Unload))
        loads = (action for action in self._decisions.values() if isinstance(action, Load))
        return next(unloads, None) or (next(loads, None) if self._free_load_threads else None)

    def _act(self, action: Action) -> None:
        harness = self._streams[action.id.name].harness(action.id.version)
        if isinstance(action, Load):
            self._start_load(harness)
        else:
            harness.start_unloading(partial(asyncio.get_running_loop().call_soon, self._finish_unload, harness))
        self._touch(action.id.name)

    def _start_load(self, harness: LoaderHarness) -> None:
        harness.start_loading()
        self._free_load_threads -= 1
        task = asyncio.get_running_loop().create_task(self._load(harness), name=f"load {harness.id}")
        self._loads.add(task)  # the event loop itself keeps only a weak reference
        task.add_done_callback(self._loads.discard)

    async def _load(self, harness: LoaderHarness) -> None:
        try:
            servable = await asyncio.get_running_loop().run_in_executor(self._threads, harness.load)
        except TenonError as error:
            harness.fail(error)
        else:
            harness.finish_loading(servable)
        self._free_load_threads += 1
        self._streams[harness.id.name].refresh()
        self._touch(harness.id.name)
        self._reconcile()

    def _finish_unload(self, harness: LoaderHarness) -> None:
        harness.finish_unloading()
        self._streams[harness.id.name].retire(harness.id.version)
        self._touch(harness.id.name)
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
