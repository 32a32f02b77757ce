"""The manager makes what is aspired true, and never at the cost of what answers."""

import asyncio
import logging
import threading
from functools import partial

import numpy as np
import pytest

from tenon.base import FailedPreconditionError, InvalidArgumentError, NotFoundError, UnknownError
from tenon.serving import AspiredVersionsManager, ResourcePreservingPolicy, ServableRequest
from tenon.serving.testing import FakeLoader, FakeServable, half_plus_two

LATEST = ServableRequest.latest("m")
BROKEN = NotFoundError("saved_model.pb is missing")


def live(body, num_load_threads=1, **options):
    """Run ``body(manager)`` in a loop of its own, then shut the manager down: it hangs if a handle was lost."""

    async def main():
        manager = AspiredVersionsManager(num_load_threads=num_load_threads, **options)
        await body(manager)
        await manager.shutdown()

    asyncio.run(main())


def answering(manager, request=LATEST):
    with manager.servable_handle(request) as handle:
        return handle.id.version


def states(manager, name="m"):
    return {state.id.version: state.state.name for state in manager.states(name)}


async def reach(manager, wanted, name="m"):
    await manager.wait_until(lambda: states(manager, name) == wanted)


def factories(**loaders):
    """Return factories that hand out given loaders: ``v1=loader`` is version 1."""
    return {int(version[1:]): (lambda loader=loader: loader) for version, loader in loaders.items()}


def never():
    raise AssertionError("a factory was called for a version that is known")


def test_what_is_aspired_is_loaded_and_answers():
    async def body(manager):
        manager.set_aspired("m", {1: FakeLoader})
        assert states(manager) == {1: "START"}
        await reach(manager, {1: "AVAILABLE"})
        with manager.servable_handle(LATEST) as handle:
            assert str(handle.id) == "{name: m version: 1}"
            answer = await handle.servable.run("serving_default", {"x": np.float32([2])})
        assert answer["y"].tolist() == [3]
        assert manager.names() == ("m",)

    live(body)


def test_the_newest_available_answers_and_states_are_listed_newest_first():
    async def body(manager):
        manager.set_aspired("m", {2: FakeLoader, 10: FakeLoader, 9: partial(FakeLoader, error=BROKEN)})
        await manager.wait_until(lambda: len(manager.available("m")) == 2 and states(manager)[9] == "END")
        assert [state.id.version for state in manager.states("m")] == [10, 9, 2]
        assert answering(manager) == 10
        assert answering(manager, ServableRequest.specific("m", 2)) == 2
        with pytest.raises(NotFoundError, match=r"^Servable not found for request: Specific\(m, 9\)$"):
            manager.servable_handle(ServableRequest.specific("m", 9))

    live(body)


def test_an_unknown_name_has_no_states_and_no_servable():
    async def body(manager):
        assert manager.states("m") == ()
        assert manager.names() == ()
        with pytest.raises(NotFoundError, match=r"^Servable not found for request: Latest\(m\)$"):
            manager.servable_handle(LATEST)

    live(body)


def test_loads_begin_with_the_highest_version_and_at_most_so_many_at_once():
    async def body(manager):
        gates = {version: threading.Event() for version in (1, 2, 3, 4)}
        manager.set_aspired("m", {v: partial(FakeLoader, gate=gate) for v, gate in gates.items()})
        await reach(manager, {4: "LOADING", 3: "LOADING", 2: "START", 1: "START"})
        gates[3].set()
        await reach(manager, {4: "LOADING", 3: "AVAILABLE", 2: "LOADING", 1: "START"})
        gates[4].set()
        await reach(manager, {4: "AVAILABLE", 3: "AVAILABLE", 2: "LOADING", 1: "LOADING"})
        gates[1].set()
        gates[2].set()

    live(body, num_load_threads=2)


def test_a_swap_loads_the_new_version_before_it_unloads_the_old_one():
    async def body(manager):
        old, gate = half_plus_two(), threading.Event()
        manager.set_aspired("m", factories(v1=FakeLoader(old)))
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", factories(v2=FakeLoader(gate=gate)))
        await reach(manager, {2: "LOADING", 1: "AVAILABLE"})
        assert answering(manager) == 1
        assert old.closed == 0
        gate.set()
        await reach(manager, {2: "AVAILABLE", 1: "END"})
        assert answering(manager) == 2

    live(body)


def test_a_version_in_use_is_closed_when_its_last_request_ends():
    async def body(manager):
        old = half_plus_two()
        manager.set_aspired("m", factories(v1=FakeLoader(old)))
        await reach(manager, {1: "AVAILABLE"})
        with manager.servable_handle(LATEST) as handle:
            manager.set_aspired("m", {2: FakeLoader})
            await reach(manager, {2: "AVAILABLE", 1: "UNLOADING"})
            assert (await handle.servable.run("serving_default", {"x": np.float32([2])}))["y"].tolist() == [3]
            assert old.closed == 0
        await reach(manager, {2: "AVAILABLE", 1: "END"})
        assert old.closed == 1

    live(body)


def test_a_bad_version_leaves_the_good_one_alone_and_is_not_tried_again():
    async def body(manager):
        bad = FakeLoader(error=BROKEN)
        manager.set_aspired("m", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", factories(v2=bad))
        await reach(manager, {2: "END", 1: "AVAILABLE"})
        assert manager.states("m")[0].error is BROKEN
        manager.set_aspired("m", {2: never})
        manager.set_aspired("other", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"}, "other")
        assert bad.loads == 1
        assert answering(manager) == 1

    live(body)


def test_a_failed_version_is_tried_again_after_it_was_un_aspired():
    async def body(manager):
        manager.set_aspired("m", {1: partial(FakeLoader, error=BROKEN)})
        await reach(manager, {1: "END"})
        manager.set_aspired("m", {})
        assert manager.states("m")[0].error is BROKEN
        manager.set_aspired("m", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"})
        assert manager.states("m")[0].error is None

    live(body)


def test_a_failed_version_is_tried_again_on_request_and_no_other():
    async def body(manager):
        bad, good = FakeLoader(error=BROKEN), FakeLoader()
        manager.set_aspired("m", factories(v1=good, v2=bad))
        await reach(manager, {2: "END", 1: "AVAILABLE"})
        assert manager.failed("m") == (2,)
        bad.error = None
        for version in (1, 2, 3):
            manager.retry("m", version)
        manager.retry("unknown", 1)
        await reach(manager, {2: "AVAILABLE", 1: "AVAILABLE"})
        assert manager.failed("m") == manager.failed("unknown") == ()
        assert (good.loads, bad.loads) == (1, 2)

    live(body)


def test_a_loader_that_breaks_its_contract_harms_only_its_version():
    async def body(manager):
        manager.set_aspired("m", {1: FakeLoader, 2: partial(FakeLoader, error=RuntimeError("XLA is cross"))})
        await reach(manager, {2: "END", 1: "AVAILABLE"})
        error = manager.states("m")[0].error
        assert isinstance(error, UnknownError)
        assert "RuntimeError: XLA is cross" in str(error)

    live(body)


def test_a_version_un_aspired_before_its_load_is_never_loaded():
    async def body(manager):
        waiting, gate = FakeLoader(), threading.Event()
        manager.set_aspired("m", factories(v2=FakeLoader(gate=gate), v1=waiting))
        await reach(manager, {2: "LOADING", 1: "START"})
        manager.set_aspired("m", {2: never})
        await reach(manager, {2: "LOADING", 1: "END"})
        gate.set()
        await reach(manager, {2: "AVAILABLE", 1: "END"})
        assert waiting.loads == 0

    live(body)


def test_a_version_un_aspired_during_its_load_never_answers_when_nothing_is_aspired():
    async def body(manager):
        servable, gate, answered = half_plus_two(), threading.Event(), []
        manager.set_aspired("m", factories(v1=FakeLoader(servable, gate=gate)))
        await reach(manager, {1: "LOADING"})
        manager.set_aspired("m", {})
        gate.set()
        await manager.wait_until(lambda: answered.extend(manager.available("m")) or states(manager) == {1: "END"})
        assert answered == []
        assert servable.closed == 1

    live(body)


def test_a_version_un_aspired_during_a_load_that_fails_is_tried_again_when_aspired_anew():
    async def body(manager):
        gate = threading.Event()
        manager.set_aspired("m", {1: partial(FakeLoader, error=BROKEN, gate=gate)})
        await reach(manager, {1: "LOADING"})
        manager.set_aspired("m", {})
        gate.set()
        await reach(manager, {1: "END"})
        manager.set_aspired("m", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"})

    live(body)


def test_unloads_begin_before_loads_whatever_their_names(caplog):
    async def body(manager):
        manager.set_aspired("a", {})
        manager.set_aspired("m", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"})
        caplog.clear()
        manager.set_aspired("a", {1: FakeLoader})
        manager.set_aspired("m", {})
        await reach(manager, {1: "AVAILABLE"}, "a")
        steps = [(record.servable_name, record.servable_state) for record in caplog.records]
        assert steps[:2] == [("m", "UNLOADING"), ("a", "LOADING")]

    caplog.set_level(logging.INFO, "tenon.serving")
    live(body)


def test_a_rollback_to_a_version_that_still_answers_keeps_it():
    async def body(manager):
        good = half_plus_two()
        manager.set_aspired("m", factories(v1=FakeLoader(good)))
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", {2: partial(FakeLoader, error=BROKEN)})
        await reach(manager, {2: "END", 1: "AVAILABLE"})
        manager.set_aspired("m", {1: never})
        await reach(manager, {2: "END", 1: "AVAILABLE"})
        manager.set_aspired("m", {1: never, 3: FakeLoader})
        await reach(manager, {3: "AVAILABLE", 2: "END", 1: "AVAILABLE"})
        assert good.closed == 0

    live(body)


def test_a_version_wanted_again_while_it_unloads_ends_first_and_is_then_loaded_anew():
    async def body(manager):
        first, second = half_plus_two(), half_plus_two()
        manager.set_aspired("m", factories(v1=FakeLoader(first)))
        await reach(manager, {1: "AVAILABLE"})
        with manager.servable_handle(LATEST):
            manager.set_aspired("m", {})
            await reach(manager, {1: "UNLOADING"})
            manager.set_aspired("m", factories(v1=FakeLoader(second)))
            await asyncio.sleep(0)
            assert states(manager) == {1: "UNLOADING"}
        await reach(manager, {1: "AVAILABLE"})
        assert (first.closed, second.closed) == (1, 0)
        with manager.servable_handle(LATEST) as handle:
            assert handle.servable is second

    live(body)


def test_a_servable_whose_close_fails_still_ends_and_can_be_loaded_anew():
    class BrokenClose(FakeServable):
        def close(self):
            raise RuntimeError("device lost")

    async def body(manager):
        manager.set_aspired("m", {1: partial(FakeLoader, BrokenClose({}))})
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", {})
        await reach(manager, {1: "END"})
        assert "device lost" in str(manager.states("m")[0].error)
        manager.set_aspired("m", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"})

    live(body)


def test_a_long_life_remembers_the_last_hundred_versions_only():
    async def body(manager):
        for version in range(150):
            manager.set_aspired("m", {version: FakeLoader})
        await manager.wait_until(lambda: manager.available("m") == (149,))
        assert [state.id.version for state in manager.states("m")] == list(range(149, 48, -1))

    live(body)


def test_first_outcomes_waits_for_every_name_and_returns_the_errors():
    async def body(manager):
        gate = threading.Event()
        manager.set_aspired("good", {1: partial(FakeLoader, gate=gate)})
        manager.set_aspired("half", {1: FakeLoader, 2: partial(FakeLoader, error=BROKEN)})
        manager.set_aspired("bad", {2: partial(FakeLoader, error=BROKEN)})
        manager.set_aspired("empty", {})
        outcomes = asyncio.create_task(manager.first_outcomes(["good", "half", "bad", "empty"]))
        await asyncio.sleep(0)
        assert not outcomes.done()
        gate.set()
        errors = await outcomes
        assert set(errors) == {"bad", "empty"}
        assert errors["bad"] is BROKEN
        assert "servable 'empty': no version of it is aspired" in str(errors["empty"])

    live(body)


def test_shutdown_refuses_new_requests_awaits_those_in_flight_and_closes_everything():
    async def main():
        manager = AspiredVersionsManager()
        servables = [half_plus_two(), half_plus_two()]
        manager.set_aspired("m", factories(v1=FakeLoader(servables[0])))
        manager.set_aspired("n", factories(v1=FakeLoader(servables[1])))
        assert await manager.first_outcomes(["m", "n"]) == {}
        handle = manager.servable_handle(LATEST)
        shutdown = asyncio.create_task(manager.shutdown())
        await reach(manager, {1: "END"}, "n")
        with pytest.raises(NotFoundError, match="Servable not found"):
            manager.servable_handle(LATEST)
        assert not shutdown.done()
        assert servables[0].closed == 0
        handle.release()
        await shutdown
        assert [servable.closed for servable in servables] == [1, 1]
        await manager.shutdown()

    asyncio.run(main())


def test_shutdown_during_a_load_closes_what_was_loaded_and_begins_no_other():
    async def main():
        manager, gate = AspiredVersionsManager(), threading.Event()
        loading, waiting = FakeLoader(gate=gate), FakeLoader()
        manager.set_aspired("m", factories(v2=loading, v1=waiting))
        await reach(manager, {2: "LOADING", 1: "START"})
        shutdown = asyncio.create_task(manager.shutdown())
        await reach(manager, {2: "LOADING", 1: "END"})
        gate.set()
        await shutdown
        assert loading.servable.closed == 1
        assert waiting.loads == 0

    asyncio.run(main())


def test_nothing_is_aspired_after_shutdown():
    async def main():
        manager = AspiredVersionsManager()
        await manager.shutdown()
        with pytest.raises(FailedPreconditionError, match=r"'m': nothing can be aspired after shutdown.*\[1, 2\]"):
            manager.set_aspired("m", {2: FakeLoader, 1: FakeLoader})

    asyncio.run(main())


@pytest.mark.parametrize("count", [0, -1])
def test_at_least_one_load_thread_is_needed(count):
    with pytest.raises(InvalidArgumentError, match=f"num_load_threads: must be at least 1; received {count}"):
        AspiredVersionsManager(num_load_threads=count)


def test_a_load_never_blocks_the_event_loop():
    async def body(manager):
        gate = threading.Event()
        manager.set_aspired("slow", {1: partial(FakeLoader, gate=gate)})
        manager.set_aspired("m", {1: FakeLoader})
        await reach(manager, {1: "LOADING"}, "slow")
        asyncio.get_running_loop().call_soon(gate.set)  # never called, if the load held the loop
        await reach(manager, {1: "AVAILABLE"})

    live(body)


def test_a_load_that_failed_is_tried_again_so_many_times_without_holding_a_thread(caplog):
    async def body(manager):
        bad = FakeLoader(error=BROKEN)
        manager.set_aspired("m", factories(v1=bad))
        manager.set_aspired("n", {1: FakeLoader})
        await manager.wait_until(lambda: bad.loads == 3 and states(manager) == {1: "END"})
        assert manager.available("n") == (1,)
        for _ in range(5):
            await asyncio.sleep(0)
        assert states(manager) == {1: "END"}
        bad.error = None
        manager.retry("m", 1)
        await reach(manager, {1: "AVAILABLE"})

    caplog.set_level(logging.INFO, "tenon.serving")
    live(body, max_num_load_retries=2, load_retry_interval=0)
    assert "is tried again in 0 s (2 of 2)" in caplog.text


def test_a_retry_that_succeeds_begins_the_count_anew():
    async def body(manager):
        flaky = FakeLoader(error=BROKEN)
        manager.set_aspired("m", factories(v1=flaky))
        for loads in (2, 4):
            await manager.wait_until(lambda loads=loads: flaky.loads == loads and manager.failed("m") == (1,))
            flaky.error = None
            manager.retry("m", 1)
            await reach(manager, {1: "AVAILABLE"})
            flaky.error = BROKEN
            manager.set_aspired("m", {})
            await reach(manager, {1: "END"})
            flaky.loads = loads
            manager.set_aspired("m", factories(v1=flaky))

    live(body, max_num_load_retries=1, load_retry_interval=0)


def test_a_version_that_is_un_aspired_is_not_tried_again():
    async def body(manager):
        bad = FakeLoader(error=BROKEN)
        manager.set_aspired("m", factories(v1=bad))
        await reach(manager, {1: "END"})
        manager.set_aspired("m", {})
        good = FakeLoader()
        manager.set_aspired("m", factories(v1=good))
        await reach(manager, {1: "AVAILABLE"})
        await asyncio.sleep(0.02)
        assert (bad.loads, good.loads) == (1, 1)

    live(body, max_num_load_retries=5, load_retry_interval=0.01)


def test_a_shutdown_does_not_wait_for_retries():
    async def body(manager):
        manager.set_aspired("m", {1: partial(FakeLoader, error=BROKEN)})
        await reach(manager, {1: "END"})

    live(body, max_num_load_retries=5, load_retry_interval=3600)


def test_a_version_is_replaced_without_a_gap():
    async def body(manager):
        old, new, gate = half_plus_two(), half_plus_two(), threading.Event()
        manager.set_aspired("m", factories(v1=FakeLoader(old)))
        await reach(manager, {1: "AVAILABLE"})
        handle = manager.servable_handle(LATEST)
        manager.set_aspired("m", factories(v1=FakeLoader(new, gate=gate)))
        assert manager.replace("m", 1)
        await asyncio.sleep(0)
        assert not manager.replace("m", 1)
        assert states(manager) == {1: "AVAILABLE"}
        gate.set()

        def is_new():
            with manager.servable_handle(LATEST) as current:
                return current.servable is new

        await manager.wait_until(is_new)
        assert old.closed == 0
        handle.release()
        await manager.wait_until(lambda: old.closed == 1)
        assert states(manager) == {1: "AVAILABLE"}

    live(body)


def test_a_replacement_that_fails_leaves_what_answers():
    async def body(manager):
        bad = FakeLoader(error=BROKEN)
        manager.set_aspired("m", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", factories(v1=bad))
        assert manager.replace("m", 1)
        await manager.wait_until(lambda: bad.loads == 1)
        await manager.wait_until(lambda: manager.replace("m", 1))
        assert states(manager) == {1: "AVAILABLE"}
        assert answering(manager) == 1

    live(body)


def test_a_replacement_of_what_goes_meanwhile_never_answers():
    async def body(manager):
        new, gate = half_plus_two(), threading.Event()
        manager.set_aspired("m", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", factories(v1=FakeLoader(new, gate=gate)))
        manager.replace("m", 1)
        await asyncio.sleep(0)
        manager.set_aspired("m", {})
        await reach(manager, {1: "LOADING"})
        gate.set()
        await reach(manager, {1: "END"})
        assert new.closed == 1

    live(body)


def test_only_a_version_that_answers_is_replaced():
    async def body(manager):
        manager.set_aspired("m", {1: partial(FakeLoader, error=BROKEN)})
        await reach(manager, {1: "END"})
        assert not manager.replace("m", 1)
        assert not manager.replace("m", 2)
        assert not manager.replace("n", 1)

    live(body)


def test_where_resources_are_preserved_a_replacement_waits_for_the_end_of_what_it_replaces():
    async def body(manager):
        old = half_plus_two()
        manager.set_aspired("m", factories(v1=FakeLoader(old)))
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", {1: FakeLoader})
        with manager.servable_handle(LATEST):
            manager.replace("m", 1)
            await reach(manager, {1: "UNLOADING"})
        await reach(manager, {1: "AVAILABLE"})
        assert old.closed == 1

    live(body, policy=ResourcePreservingPolicy())


def test_a_removed_name_ends_and_a_hundred_of_them_are_remembered():
    async def body(manager):
        for number in range(150):
            name = f"m{number}"
            manager.set_labels(name, {"stable": 1})
            manager.set_aspired(name, {1: FakeLoader})
            await reach(manager, {1: "AVAILABLE"}, name)
            manager.remove(name)
            await reach(manager, {1: "END"}, name)
            assert manager.labels(name) == {}
        manager.set_aspired("last", {1: FakeLoader})
        await reach(manager, {1: "AVAILABLE"}, "last")
        assert len(manager.names()) == 101
        assert manager.states("m0") == ()
        manager.remove("nobody")

    live(body)


def test_servables_are_closed_in_threads_if_so_wished():
    class SlowClose(FakeServable):
        def close(self):
            super().close()
            self.thread = threading.current_thread()

    async def body(manager):
        servable = SlowClose({})
        manager.set_aspired("m", factories(v1=FakeLoader(servable)))
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", {})
        await reach(manager, {1: "END"})
        assert servable.closed == 1
        assert servable.thread is not threading.main_thread()

    live(body, num_unload_threads=2)


def test_a_close_in_a_thread_that_fails_is_told():
    class BrokenClose(FakeServable):
        def close(self):
            raise RuntimeError("device lost")

    async def body(manager):
        manager.set_aspired("m", {1: partial(FakeLoader, BrokenClose({}))})
        await reach(manager, {1: "AVAILABLE"})
        manager.set_aspired("m", {})
        await reach(manager, {1: "END"})
        assert "device lost" in str(manager.states("m")[0].error)

    live(body, num_unload_threads=1)


def test_numbers_below_zero_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"must be at least 0; received 0, -1, 60.0"):
        AspiredVersionsManager(max_num_load_retries=-1)
