"""How long programs are expected to run."""

import pytest

from tenon.serving.batching._estimate import INLINE_SECONDS, SLOW_RUNS, THREADED_RUNS, RunEstimate

QUICK, SLOW = INLINE_SECONDS / 10, INLINE_SECONDS * 100


def test_the_mean_follows_what_runs_take():
    estimate = RunEstimate(0.1)
    for _ in range(60):
        estimate.ran(0.2, inline=False)
    assert estimate.seconds == pytest.approx(0.2, rel=0.01)


def test_one_bad_moment_of_the_machine_hardly_counts():
    estimate = RunEstimate(0.1)
    estimate.ran(60.0, inline=False)
    assert estimate.seconds < 0.15


def test_refusals_lower_the_mean_so_that_it_cannot_refuse_for_ever():
    estimate = RunEstimate(10.0)
    for _ in range(100):
        estimate.refused()
    assert estimate.seconds < 0.001


def test_where_a_program_runs_is_said_by_its_measured_time():
    assert RunEstimate(QUICK).inline
    assert not RunEstimate(SLOW).inline


def test_a_slow_program_never_runs_in_the_loop_however_quick_it_looks():
    estimate = RunEstimate(SLOW)
    for _ in range(1000):
        estimate.ran(QUICK, inline=False)
    assert not estimate.inline


def test_a_program_that_turns_out_slow_goes_to_the_threads_and_may_come_back():
    estimate = RunEstimate(QUICK)
    for _ in range(SLOW_RUNS):
        assert estimate.inline
        estimate.ran(SLOW, inline=True)
    assert not estimate.inline
    for _ in range(THREADED_RUNS):
        estimate.ran(SLOW, inline=False)
    assert estimate.inline
    estimate.ran(SLOW, inline=True)
    assert not estimate.inline


def test_single_slow_runs_are_forgiven():
    estimate = RunEstimate(QUICK)
    for _ in range(10 * SLOW_RUNS):
        estimate.ran(SLOW, inline=True)
        estimate.ran(QUICK, inline=True)
    assert estimate.inline
