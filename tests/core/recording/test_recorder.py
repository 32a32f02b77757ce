"""Recorders: what is live is remembered, whoever computes with it."""

from __future__ import annotations

import gc
import weakref

import jax
import jax.numpy as jnp
import pytest

from tenon.core.recording import (
    Recorder,
    active_recorders,
    base_trace,
    executing_eagerly_on_arrays,
    kernel,
    new_identity,
    run,
    unrecorded,
)

SIN, COS = kernel(jnp.sin), kernel(jnp.cos)


@pytest.fixture
def x():
    return jnp.arange(3.0)


def watching(*arrays):
    recorder = Recorder()
    for array in arrays:
        recorder.watch(array)
    return recorder


def test_only_calls_on_live_values_are_remembered(x):
    with watching(x) as recorder:
        y = run(SIN, (x,))
        run(COS, (y,))
        run(COS, (jnp.ones(3),))
    assert [node.kernel for node in recorder.nodes] == [SIN, COS]
    assert recorder.nodes[1].inputs[0] is y


def test_integers_that_come_of_live_values_are_not_live(x):
    with watching(x) as recorder:
        place = run(kernel(jnp.argmax), (x,))
        run(kernel(jnp.negative), (place,))
    assert len(recorder.nodes) == 1


def test_recorders_nest_and_each_learns_of_what_runs_inside(x):
    with watching(x) as outer:
        run(SIN, (x,))
        with watching(x) as inner:
            assert active_recorders() == [inner, outer]
            run(COS, (x,))
    assert active_recorders() == []
    assert [len(recorder.nodes) for recorder in (outer, inner)] == [2, 1]


def test_pauses_and_unrecorded_blocks_leave_no_trace(x):
    with watching(x) as recorder:
        recorder.paused = True
        run(SIN, (x,))
        recorder.paused = False
        with unrecorded():
            run(SIN, (x,))
    assert recorder.nodes == []


def test_an_error_inside_the_block_switches_the_recorder_off(x):
    recorder = watching(x)
    with pytest.raises(ZeroDivisionError), recorder:
        raise ZeroDivisionError
    assert not recorder.on
    assert executing_eagerly_on_arrays()


def test_primitives_of_jax_and_functions_with_their_own_rule_are_remembered_once_each_time(x):
    with watching(x) as recorder:
        for _ in range(2):
            jax.nn.relu(jnp.square(x))
    kernels = [node.kernel for node in recorder.nodes]
    assert len(kernels) == 4
    assert kernels[:2] == kernels[2:]


def test_a_new_identity_shares_the_buffer_and_is_another_array(x):
    twin = new_identity(x)
    assert twin is not x
    assert twin.unsafe_buffer_pointer() == x.unsafe_buffer_pointer()


def test_what_was_recorded_is_let_go_with_the_recorder(x):
    with watching(x) as recorder:
        y = run(SIN, (x,))
    alive = weakref.ref(y)
    del y, recorder
    gc.collect()
    assert alive() is None


def test_the_base_trace_is_below_all_recorders(x):
    with watching(x), watching(x):
        assert executing_eagerly_on_arrays()
        assert base_trace() is not None
    assert not jax.jit(executing_eagerly_on_arrays)()
