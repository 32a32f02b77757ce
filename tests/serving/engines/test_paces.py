"""How many rows, threads and runs at once are measured, and what follows from it."""

from __future__ import annotations

import time
from threading import Semaphore

import numpy as np
import pytest

from tenon.serving.engines import EngineReport, Pace, runs_by_threads, with_paces
from tenon.serving.engines._paces import MAX_PACKED_BYTES, PACE_SECONDS, enough_rows, halves, measure_paces
from tests.serving.engines.signatures import litert_engine


class Timed:
    """An engine of which a run takes ``seconds(rows, threads)``, and no more run at once than it says."""

    def __init__(self, seconds, runs):
        self.seconds, self.runs = seconds, runs
        self.prepared = []

    def prepare(self, shapes):
        self.prepared.append(shapes[0][0] if shapes[0] else None)
        return TimedProgram(self, max(self.runs))


class TimedProgram:
    def __init__(self, engine, threads):
        self.engine, self.threads = engine, threads
        self.free = Semaphore(engine.runs[threads])

    def on(self, threads):
        return TimedProgram(self.engine, threads)

    def __call__(self, inputs):
        assert self.free.acquire(blocking=False)
        end = time.thread_time() + self.engine.seconds(len(inputs[0]), self.threads)
        while time.thread_time() < end:
            pass
        self.free.release()


def batches(largest):
    return halves([np.zeros((largest, 2), "f4")], 1)


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 6, 8, 16, 48, 64, 192])
@pytest.mark.parametrize("size", [0, 10**6, 2**28, 2**31])
def test_threads_are_shared_out_and_memory_is_bounded(cores, size):
    runs = runs_by_threads(cores, size)
    assert 1 <= len(runs) <= 3
    assert list(runs) == sorted(runs)
    assert runs[cores] == 1
    assert all(1 <= threads * each <= cores for threads, each in runs.items())
    assert all(each == 1 or each * size <= MAX_PACKED_BYTES for each in runs.values())


def test_sizes_double_until_two_bring_nothing():
    engine = Timed(lambda rows, threads: 0.002 if rows <= 4 else 0.0006 * rows, {1: 2, 2: 1})
    paces = measure_paces(engine, batches(64))
    assert engine.prepared == [1, 2, 4, 8, 16]
    assert {(pace.threads, pace.runs) for pace in paces} == {(1, 2), (2, 1)}
    assert enough_rows(paces) == 4


def test_what_would_take_too_long_is_not_measured():
    engine = Timed(lambda rows, threads: 0.1 * rows, {1: 1})
    assert [pace.rows for pace in measure_paces(engine, batches(64))] in ([1], [1, 2])


def test_a_first_run_that_takes_longer_than_there_is_time_counts():
    [pace] = measure_paces(Timed(lambda rows, threads: PACE_SECONDS / 3, {1: 1}), batches(1))
    assert pace.seconds >= PACE_SECONDS / 3


def test_rows_that_share_a_run_share_what_the_server_takes_for_it():
    paces = [Pace(rows, 1, 2, 0.0014 * rows) for rows in (1, 2, 4, 8)]
    assert [round(pace.rows_per_second) for pace in paces] == [1429] * 4
    assert enough_rows(paces) == 4
    assert enough_rows([Pace(pace.rows, 1, 2, 10 * pace.seconds) for pace in paces]) == 1


def test_a_little_quicker_is_not_worth_a_larger_batch():
    assert enough_rows([Pace(1, 1, 2, 0.02), Pace(2, 1, 2, 0.0394)]) == 1


def test_the_best_number_of_threads_may_differ_from_size_to_size():
    assert enough_rows([Pace(1, 1, 2, 0.002), Pace(1, 2, 1, 0.001), Pace(2, 1, 2, 0.002), Pace(2, 2, 1, 0.004)]) == 2


def test_a_report_says_how_large_batches_should_be():
    engine = Timed(lambda rows, threads: 0.0005 if rows <= 2 else 0.0005 * rows, {1: 2})
    report = with_paces(
        EngineReport("asked for", ((0, "litert"),)), engine, [[np.zeros((1, 2))], [np.zeros((64, 2))]], batched=True
    )
    assert report.largest_batch == 2
    assert report.reason.startswith("asked for; quickest: 2 runs of 2 rows on 1 thread: ")


def test_only_sizes_that_litert_answers_are_measured():
    engine = Timed(lambda rows, threads: 0.0005, {1: 2})
    mixed = EngineReport("measured", ((0, "litert"), (8, "xla")), largest_batch=64)
    report = with_paces(mixed, engine, [[np.zeros((1, 2))], [np.zeros((64, 2))]], batched=True)
    assert engine.prepared == [1, 2, 4]
    assert report.largest_batch == 64


def test_nothing_is_measured_where_xla_answers():
    alone = EngineReport("measured")
    assert with_paces(alone, Timed(lambda rows, threads: 1.0, {1: 1}), [[np.zeros((1, 2))]], batched=True) is alone


@pytest.mark.parametrize("name", ["scalar", "dense"])
def test_a_signature_without_a_batch_is_measured_as_it_is(name):
    inputs = [np.float32(1)] if name == "scalar" else [np.ones((3, 4), "f4")]
    report = with_paces(EngineReport("asked for", ((0, "litert"),)), litert_engine(name), [inputs], batched=False)
    assert {pace.rows for pace in report.paces} == {1 if name == "scalar" else 3}
    assert report.largest_batch is None
