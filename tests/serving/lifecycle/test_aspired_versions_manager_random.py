"""Whatever is aspired, fails or is held, and in whatever order: what answers goes on answering, and all ends well."""

import asyncio
import threading
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tenon.base import DataLossError, InvalidArgumentError, NotFoundError
from tenon.serving import (
    AspiredVersionsManager,
    AvailabilityPreservingPolicy,
    Loader,
    ResourcePreservingPolicy,
    ServableId,
    ServableRequest,
    State,
)
from tenon.serving.testing import FakeServable

NAMES = st.sampled_from(["a", "b"])
VERSIONS = st.sets(st.integers(1, 4))
OUTCOMES = st.sampled_from([None, None, None, DataLossError("half a model"), RuntimeError("not even a proper error")])
LABELS = st.dictionaries(st.sampled_from(["stable", "canary"]), st.integers(1, 5))
LOAD_THREADS = 2
RETRIES = 1
TURNS = 8
"""Turns of the event loop after which nothing moves without a load or a release: the longest chain is 5."""


class GatedLoader(Loader):
    """Wait until told how to end; the servable made is watched."""

    def __init__(self, world, servable_id):
        self.world, self.id = world, servable_id
        self.gate, self.outcome = threading.Event(), None
        world.loaders.append(self)

    def load(self):
        self.gate.wait()
        if self.outcome is not None:
            raise self.outcome
        servable = WatchedServable(self.world)
        self.world.servables.append(servable)
        return servable


class WatchedServable(FakeServable):
    """Refuse to be closed while a handle is held."""

    def __init__(self, world):
        super().__init__({})
        self._world = world

    def close(self):
        assert self._world.held[self] == 0
        super().close()


class ManagerMachine(RuleBasedStateMachine):
    """Drive a manager, and look at it after every turn of its event loop."""

    policy = AvailabilityPreservingPolicy()

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.loaders, self.servables, self.handles = [], [], []
        self.held = Counter()
        self.aspired = {"a": set(), "b": set()}
        self.labels = {"a": {}, "b": {}}
        self.manager = AspiredVersionsManager(
            self.policy, LOAD_THREADS, num_unload_threads=0, max_num_load_retries=RETRIES, load_retry_interval=0
        )
        self.before = self.seen()

    def seen(self):
        return {name: {s.id.version: s.state for s in self.manager.states(name)} for name in self.aspired}

    def answering(self, name, states):
        return {version for version, state in states[name].items() if state is State.AVAILABLE}

    def harnesses(self, name):
        stream = self.manager._streams.get(name)
        return [] if stream is None else list(stream._all())

    def loading(self):
        """The loaders that were called and have not ended; a successor's is among them, though no state tells."""
        return [h._loader for name in self.aspired for h in self.harnesses(name) if h.state is State.LOADING]

    def look(self):
        """Check one turn of the loop against the turn before."""
        now = self.seen()
        for name, aspired in self.aspired.items():
            had, has = self.answering(name, self.before), self.answering(name, now)
            self.check_swap(name, aspired, had, has)
            begun = {v for v, state in now[name].items() if state is State.LOADING} - {
                v for v, state in self.before[name].items() if state is State.LOADING
            }
            waiting = {v for v, state in now[name].items() if state is self.before[name].get(v) is State.START}
            assert not begun or not waiting or min(begun) > max(waiting), "a lower version was loaded first"
            self.check_requests(name, has)
            self.check_labels(name, has)
        assert len(self.loading()) <= LOAD_THREADS
        self.before = now

    def check_swap(self, name, aspired, had, has):
        assert had & aspired <= has, "an aspired version that answered was unloaded"
        assert has or not (had and aspired), "a swap left nothing that answers"

    def check_labels(self, name, answering):
        for label in ("stable", "canary"):
            version = self.labels[name].get(label)
            try:
                with self.manager.servable_handle(ServableRequest(name, label=label)) as handle:
                    assert handle.id.version == version
            except NotFoundError:
                assert version not in answering
            except InvalidArgumentError:
                assert version is None

    def check_requests(self, name, answering):
        try:
            with self.manager.servable_handle(ServableRequest.latest(name)) as handle:
                assert handle.id.version == max(answering)
                assert not handle.servable.closed
        except NotFoundError:
            assert not answering

    def settle(self):
        async def turns():
            for _ in range(TURNS):
                await asyncio.sleep(0)
                self.look()

        self.runner.run(turns())

    @rule(name=NAMES, versions=VERSIONS)
    def aspire(self, name, versions):
        async def tell():
            self.aspired[name] = versions
            self.manager.set_aspired(name, {v: lambda v=v: GatedLoader(self, ServableId(name, v)) for v in versions})
            self.look()

        self.runner.run(tell())
        self.settle()

    @rule(name=NAMES)
    def remove(self, name):
        async def tell():
            self.aspired[name], self.labels[name] = set(), {}
            self.manager.remove(name)
            self.look()

        self.runner.run(tell())
        self.settle()

    @rule(name=NAMES, labels=LABELS)
    def move_labels(self, name, labels):
        self.labels[name] = labels
        self.manager.set_labels(name, labels)
        self.look()

    @rule(name=NAMES, version=st.integers(1, 4))
    def replace_in_place(self, name, version):
        async def tell():
            before = self.before[name].get(version)
            if self.manager.replace(name, version):
                assert before is State.AVAILABLE
            self.look()

        self.runner.run(tell())
        self.settle()

    @rule(pick=st.integers(0, 9), outcome=OUTCOMES)
    def finish_a_load(self, pick, outcome):
        if loading := self.loading():
            self.finish(loading[pick % len(loading)], outcome)

    def finish(self, loader, outcome):
        loader.outcome = outcome
        loader.gate.set()
        self.runner.run(self.manager.wait_until(lambda: loader not in self.loading()))
        self.look()
        self.settle()

    @rule(name=NAMES, version=st.none() | st.integers(1, 4))
    def hold_a_handle(self, name, version):
        try:
            handle = self.manager.servable_handle(ServableRequest(name, version))
        except NotFoundError:
            return
        self.held[handle.servable] += 1
        self.handles.append(handle)

    @rule(pick=st.integers(0, 9))
    def release_a_handle(self, pick):
        if self.handles:
            self.release(self.handles.pop(pick % len(self.handles)))

    def release(self, handle):
        async def let_go():
            self.held[handle.servable] -= 1
            handle.release()

        self.runner.run(let_go())
        self.settle()

    @invariant()
    def a_servable_is_closed_at_most_once_and_never_while_held(self):
        for servable in self.servables:
            assert servable.closed <= (self.held[servable] == 0)

    def check_quiet(self):
        """With nothing loading and nothing held, the states are what is aspired, as far as loads succeeded."""
        for name, aspired in self.aspired.items():
            states = {state.id.version: state for state in self.manager.states(name)}
            answering = self.answering(name, self.before)
            assert all(state.state in (State.AVAILABLE, State.END) for state in states.values())
            assert aspired <= states.keys()
            assert all(v in answering or states[v].error is not None for v in aspired)
            self.check_left_over(aspired, answering)

    def check_left_over(self, aspired, answering):
        left_over = answering - aspired
        assert not left_over or (aspired and len(answering) == 1), "unwanted versions answer without need"

    def teardown(self):
        try:
            self.end_well()
        finally:  # a thread that still waits would keep a failed test from ending
            for loader in self.loaders:
                loader.gate.set()
            self.runner.close()

    def end_well(self):
        while self.handles:
            self.release(self.handles.pop())
        while loading := self.loading():
            self.finish(loading[0], None)
        self.check_quiet()
        self.runner.run(self.manager.shutdown())
        assert all(servable.closed == 1 for servable in self.servables)
        assert all(state is State.END for states in self.seen().values() for state in states.values())


class ResourcePreservingMachine(ManagerMachine):
    """The other policy: a swap leaves a gap, but never are an old and a new version in memory."""

    policy = ResourcePreservingPolicy()

    def check_swap(self, name, aspired, had, has):
        unwanted = [h for h in self.harnesses(name) if not h.is_aspired and h.state is not State.END]
        begun = {v for v, state in self.seen()[name].items() if state is State.LOADING} - {
            v for v, state in self.before[name].items() if state is State.LOADING
        }
        assert not (unwanted and begun), "a version was loaded before the unwanted ones had ended"

    def check_left_over(self, aspired, answering):
        assert answering <= aspired, "unwanted versions answer"


ResourcePreservingMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestManagerThatPreservesResources = ResourcePreservingMachine.TestCase

ManagerMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestManagerUnderRandomUse = ManagerMachine.TestCase
