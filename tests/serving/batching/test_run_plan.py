"""For what waits and what is free, the runs that answer it at the highest rate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.batching import RunPlan
from tenon.serving.engines import EngineReport, Measurement, Pace

SIZES = (1, 2, 4, 8)
TWO_CORES = tuple(
    Pace(rows, threads, runs, seconds)
    for rows, narrow, wide in ((1, 0.0015, 0.00094), (2, 0.0028, 0.0018), (4, 0.0055, 0.0034), (8, 0.0105, 0.0059))
    for threads, runs, seconds in ((1, 2, narrow), (2, 1, wide))
)
"""MobileNetV2 at 96 pixels, as measured."""


@pytest.mark.parametrize(
    ("rows", "runs", "cores", "chosen"),
    [
        (1, 2, 2, (1, 2)),  # alone on an idle machine
        (1, 1, 1, (1, 1)),  # beside a run
        (8, 2, 2, (4, 1)),  # shared by two
        (16, 2, 2, (8, 1)),
        (100, 2, 2, (8, 1)),
        (100, 1, 1, (8, 1)),
        (8, 1, 2, (8, 2)),  # the operator allows one run at a time
        (1, 1, 0, (1, 1)),  # asked before anything is free
        (5, 1, 1, (4, 1)),  # four and then one, for eight take longer
        (7, 1, 1, (4, 1)),
    ],
)
def test_two_cores_are_shared_once_enough_waits(rows, runs, cores, chosen):
    assert RunPlan(SIZES, TWO_CORES).choose(rows, 1, runs, cores) == chosen


def test_a_request_of_many_rows_is_not_left_to_one_thread():
    assert RunPlan(SIZES, TWO_CORES).choose(rows=8, first=8, runs=2, cores=2) == (8, 2)


@pytest.mark.parametrize(("rows", "chosen"), [(4, (1, 1)), (40, (1, 1)), (128, (64, 1))])
def test_sizes_that_the_operator_allows_are_filled_or_left(rows, chosen):
    assert RunPlan((1, 64), TWO_CORES).choose(rows, 1, 2, 2) == chosen


def test_without_measurements_a_run_takes_all_that_waits():
    assert RunPlan(SIZES).choose(rows=3, first=1, runs=2, cores=2) == (8, 0)


def test_where_threads_gain_nothing_every_run_has_one():
    paces = [Pace(1, threads, 16 // threads, 0.001) for threads in (1, 4, 16)]
    assert RunPlan((1,), paces).choose(1, 1, 16, 16) == (1, 1)


def test_batching_that_costs_nothing_puts_all_rows_into_one_run():
    paces = [Pace(rows, 1, 16, 0.01) for rows in (1, 8, 64)]
    assert RunPlan((1, 8, 64), paces).choose(64, 1, 1, 1) == (64, 1)


def test_sizes_that_xla_answers_count_as_runs_on_all_processors():
    measured = (Measurement(1, 0.004, 0.001, 0.0), Measurement(64, 0.008, 0.064, 0.0))
    paces = (Pace(1, 1, 2, 0.0015), Pace(32, 1, 2, 0.045), Pace(1, 2, 1, 0.001), Pace(32, 2, 1, 0.032))
    plan = RunPlan.of((1, 32, 64), EngineReport("measured", ((0, "litert"), (64, "xla")), measured, None, paces))
    assert plan.choose(1, 1, 2, 2) == (1, 2)
    assert plan.choose(64, 1, 2, 2) == (64, 2)
    assert plan.choose(64, 64, 1, 1) == (64, 1)  # as soon as anything is free


def test_an_engine_that_measured_nothing_has_no_choice():
    report = EngineReport("tiny", ((0, "xla"),), (Measurement(1, 0.001, 0.002, 0.0),))
    assert RunPlan.of((1, 2), report).choose(2, 1, 2, 2) == (2, 0)


numbers = st.integers(1, 80)


@given(
    st.lists(st.tuples(numbers, st.sampled_from((1, 4, 16)), st.floats(0, 1)), max_size=9),
    numbers,
    st.integers(1, 8),
    st.integers(0, 20),
    st.integers(-4, 20),
)
def test_whatever_was_measured_a_choice_can_run(measured, rows, first, runs, cores):
    plan = RunPlan(SIZES, [Pace(size, threads, 16 // threads, seconds) for size, threads, seconds in measured])
    taken, threads = plan.choose(rows, first, runs, cores)
    assert first <= taken <= 8
    assert threads in {each for _, each, _ in measured} | ({0} if not measured else set())
    assert threads <= max(cores, min((each for _, each, _ in measured), default=0))


def test_larger_batches_win_where_the_engine_takes_as_long_for_every_row():
    paces = [Pace(rows, 1, 2, 0.0014 * rows) for rows in (1, 2, 4, 8)]
    assert RunPlan((1, 2, 4, 8), paces).choose(32, 1, 2, 2) == (8, 1)
