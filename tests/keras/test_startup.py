"""What is imported is not looked through for garbage at the start, and is later."""

import gc
import weakref

import pytest

from tenon.keras._startup import leave_out_what_is_there, without_looking_for_garbage


class Cycle:
    def __init__(self):
        self.itself = self


@pytest.fixture
def thawed():
    """Begin and end with nothing frozen and no callback."""
    callbacks = list(gc.callbacks)
    gc.callbacks.clear()
    gc.unfreeze()
    yield
    gc.callbacks[:] = callbacks
    gc.unfreeze()


def dropped_after(start):
    """Return a reference to a cycle that was dropped after the start was over."""
    cycle = Cycle()
    start()
    return weakref.ref(cycle)


def test_what_was_there_is_left_out_while_a_program_starts(thawed):
    before = dropped_after(lambda: leave_out_what_is_there(1000.0))
    gc.collect()
    assert before() is not None
    assert gc.get_freeze_count()


def test_what_comes_during_a_start_is_found(thawed):
    leave_out_what_is_there(1000.0)
    later = dropped_after(lambda: None)
    gc.collect()
    assert later() is None


def test_what_was_there_is_found_when_the_start_is_over(thawed):
    before = dropped_after(lambda: leave_out_what_is_there(0.0))
    gc.collect()
    assert before() is None
    assert not gc.get_freeze_count()
    assert not gc.callbacks


def test_what_others_froze_stays_frozen(thawed):
    leave_out_what_is_there(0.0)
    others = Cycle()
    gc.freeze()
    gc.collect()
    assert gc.get_freeze_count()
    assert not gc.callbacks
    assert others.itself is others


def test_who_froze_before_decides(thawed):
    gc.freeze()
    leave_out_what_is_there(0.0)
    assert not gc.callbacks


def fail_in_a_block():
    with without_looking_for_garbage():
        assert not gc.isenabled()
        raise KeyError


@pytest.mark.parametrize("on", [True, False])
def test_a_block_without_collections_leaves_the_switch_as_it_was(on):
    (gc.enable if on else gc.disable)()
    try:
        with pytest.raises(KeyError):
            fail_in_a_block()
        assert gc.isenabled() is on
    finally:
        gc.enable()


def test_a_collector_that_is_off_leaves_nothing_frozen(thawed):
    gc.disable()
    try:
        leave_out_what_is_there(0.0)
    finally:
        gc.enable()
    assert not gc.get_freeze_count()
