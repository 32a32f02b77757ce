"""A harness lets a version live in the legal states only, and closes its servable exactly once."""

import gc
import itertools
import logging
import time
import weakref

import numpy as np
import pytest

from tenon.base import DataLossError, InternalError, NotFoundError, UnknownError
from tenon.serving import Loader, ServableId, State
from tenon.serving.lifecycle._harness import LoaderHarness
from tenon.serving.servables._state import LEGAL_TRANSITIONS
from tenon.serving.testing import FakeLoader, FakeServable

ID = ServableId("m", 1)
WAY_TO = {
    State.START: (),
    State.LOADING: (State.LOADING,),
    State.AVAILABLE: (State.LOADING, State.AVAILABLE),
    State.UNLOADING: (State.LOADING, State.AVAILABLE, State.UNLOADING),
    State.END: (State.END,),
}
PAIRS = list(itertools.product(State, State))


def harness_in(state):
    harness = LoaderHarness(ID, FakeLoader())
    for step in WAY_TO[state]:
        harness.transition(step)
    return harness


def available(servable=None):
    harness = LoaderHarness(ID, FakeLoader(servable))
    harness.start_loading()
    harness.finish_loading(harness.load())
    return harness


class BrokenClose(FakeServable):
    """A servable whose close fails."""

    def close(self):
        raise RuntimeError("device lost")


@pytest.mark.parametrize(("origin", "to"), [pair for pair in PAIRS if pair in LEGAL_TRANSITIONS])
def test_a_legal_transition_is_performed(origin, to):
    harness = harness_in(origin)
    harness.transition(to)
    assert harness.status().state is to


@pytest.mark.parametrize(("origin", "to"), [pair for pair in PAIRS if pair not in LEGAL_TRANSITIONS])
def test_an_illegal_transition_is_refused_naming_both_states_and_changes_nothing(origin, to):
    harness = harness_in(origin)
    with pytest.raises(InternalError, match=f"name: m version: 1.*from {origin.name} to {to.name}"):
        harness.transition(to)
    assert harness.state is origin


def test_a_failed_load_ends_with_its_error():
    error = NotFoundError("saved_model.pb is missing")
    harness = LoaderHarness(ID, FakeLoader(error=error))
    harness.start_loading()
    with pytest.raises(NotFoundError, match=r"saved_model\.pb is missing"):
        harness.load()
    harness.fail(error)
    assert harness.status().state is State.END
    assert harness.status().error is error


def test_an_error_that_no_loader_may_raise_becomes_one_that_names_the_version(caplog):
    harness = LoaderHarness(ID, FakeLoader(error=RuntimeError("XLA is cross")))
    with pytest.raises(UnknownError, match=r"version: 1.* raised RuntimeError: XLA is cross") as caught:
        harness.load()
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "Traceback" in caplog.text


def test_a_kept_error_does_not_keep_what_the_load_had_read():
    """Otherwise each failed load would hold its weights until the version is un-aspired."""

    class Weights(np.ndarray):
        """An array that can be referred to weakly."""

    class HalfLoader(Loader):
        def load(self):
            try:
                weights = np.zeros(8).view(Weights)
                seen.append(weakref.ref(weights))
                raise EOFError(f"{len(weights)} of 16 bytes")
            except EOFError as error:
                raise DataLossError("the other half is missing") from error

    seen = []
    harness = LoaderHarness(ID, HalfLoader())
    harness.start_loading()
    try:
        harness.load()
    except DataLossError as error:
        harness.fail(error)
    gc.collect()
    assert harness.status().error is not None
    assert seen[0]() is None


def test_an_idle_servable_is_quiet_at_once():
    quiet = []
    harness = available()
    harness.start_unloading(lambda: quiet.append(True))
    assert quiet == [True]


def test_a_servable_in_use_is_quiet_when_its_last_handle_is_released():
    quiet = []
    harness = available()
    first, second = harness.acquire(), harness.acquire()
    harness.start_unloading(lambda: quiet.append(True))
    first.release()
    first.release()
    assert quiet == []
    second.release()
    assert quiet == [True]


def test_a_servable_is_closed_at_the_end_and_not_before():
    servable = FakeServable({})
    harness = available(servable)
    harness.start_unloading(lambda: None)
    assert servable.closed == 0
    harness.finish_unloading()
    assert servable.closed == 1
    with pytest.raises(InternalError, match="from END to END"):
        harness.finish_unloading()
    assert servable.closed == 1


def test_a_servable_in_use_is_never_closed():
    servable = FakeServable({})
    harness = available(servable)
    with harness.acquire():
        harness.start_unloading(lambda: None)
        with pytest.raises(InternalError, match="closed while 1 handle"):
            harness.finish_unloading()
    assert servable.closed == 0


@pytest.mark.parametrize("state", [state for state in State if state is not State.AVAILABLE])
def test_only_an_available_version_gives_handles(state):
    with pytest.raises(InternalError, match=f"needs AVAILABLE, received {state.name}"):
        harness_in(state).acquire()


def test_a_close_that_fails_still_ends_the_version_and_is_told():
    harness = available(BrokenClose({}))
    harness.start_unloading(lambda: None)
    harness.finish_unloading()
    assert harness.state is State.END
    assert "RuntimeError: device lost" in str(harness.status().error)


def test_the_log_tells_each_step_with_the_name_and_version(caplog):
    caplog.set_level(logging.INFO, "tenon.serving")
    harness = available()
    harness.acquire()
    harness.start_unloading(lambda: None)
    texts = [record.getMessage() for record in caplog.records]
    assert [text.split(" {")[0] for text in texts[:3]] == [
        "loading servable version",
        "successfully loaded servable version",
        "unloading servable version",
    ]
    assert texts[3] == "servable {name: m version: 1}: unloading waits for 1 request(s) in flight"
    assert caplog.records[1].servable_state == "AVAILABLE"


def test_it_is_told_since_when_a_state_holds():
    before = time.time()
    harness = harness_in(State.LOADING)
    loading = harness.status().since
    harness.transition(State.AVAILABLE)
    assert before <= loading <= harness.status().since <= time.time()
