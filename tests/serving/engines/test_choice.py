"""Which engine is chosen for what, by the times measured and the answers compared."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tenon.base import UnimplementedError
from tenon.serving.engines import Engine, Measurement, Program
from tenon.serving.engines._choice import BUDGET_SECONDS, choose, decide, is_tiny


class Sleeping(Program):
    """Doubles its input, in a time that depends on the rows."""

    def __init__(self, engine, seconds, factor):
        self.engine, self.seconds, self._factor = engine, seconds, factor

    def __call__(self, inputs):
        end = time.perf_counter() + self.seconds
        while time.perf_counter() < end:
            pass
        return [inputs[0] * self._factor]

    def on(self, threads):
        return self


class Made(Engine):
    """An engine whose programs take the seconds that are asked for."""

    def __init__(self, name, seconds, factor=2, refuses=()):
        self.name, self._seconds, self._factor, self._refuses = name, seconds, factor, refuses
        self.prepared = []

    def prepare(self, shapes):
        self.prepared.append(shapes[0][0])
        if shapes[0][0] in self._refuses:
            raise UnimplementedError(f"no {shapes[0][0]} rows")
        return Sleeping(self.name, self._seconds(shapes[0][0]), self._factor)

    def find(self, shapes):
        return None

    def engine_for(self, rows):
        return self.name

    def compile_and_run(self, inputs):
        return self.prepare(tuple(array.shape for array in inputs))(inputs)

    def close(self):
        pass


def samples(*sizes):
    return [[np.ones((size, 2), "f4")] for size in sizes]


def test_the_faster_engine_answers():
    xla, litert = Made("xla", lambda rows: 0.004), Made("litert", lambda rows: 0.001)
    report = choose(xla, litert, samples(1, 8))
    assert report.name == "litert"
    assert [each.rows for each in report.measurements] == [1, 8]
    assert "1 rows: XLA" in report.reason


def test_each_engine_answers_the_sizes_at_which_it_is_much_faster():
    measured = [Measurement(1, 0.004, 0.001, 0.0), Measurement(8, 0.004, 0.004, 0.0), Measurement(64, 0.005, 0.03, 0.0)]
    report = decide(measured)
    assert report.engines == ((0, "litert"), (8, "xla"))
    assert [report.engine_for(rows) for rows in (1, 4, 8, 16, 64)] == ["litert", "litert", "xla", "xla", "xla"]


def test_a_little_faster_is_not_worth_a_second_engine():
    measured = [Measurement(1, 0.004, 0.001, 0.0), Measurement(8, 0.004, 0.0045, 0.0)]
    assert decide(measured).engines == ((0, "litert"),)


@pytest.mark.parametrize(
    ("times", "largest"),
    [((0.001, 0.008, 0.064), 1), ((0.001, 0.002, 0.016), 8), ((0.001, 0.002, 0.004), None), ((1e-5, 8e-5, 6e-4), None)],
)
def test_batches_grow_while_a_row_gets_cheaper(times, largest):
    measured = [Measurement(rows, 1.0, seconds, 0.0) for rows, seconds in zip((1, 8, 64), times, strict=True)]
    assert decide(measured).largest_batch == largest


def test_other_answers_rule_an_engine_out_however_fast():
    xla, litert = Made("xla", lambda rows: 0.004), Made("litert", lambda rows: 0.0001, factor=2.01)
    report = choose(xla, litert, samples(1, 8))
    assert report.name == "xla"
    assert "answers differ, by 0.005 of the largest value at 1 rows" in report.reason


def test_unusual_numbers_must_agree_too():
    xla, litert = Made("xla", lambda rows: 0.002), Made("litert", lambda rows: 0.0001, factor=np.float32(2 + 1e-5))
    odd = [[np.full((1, 2), 2**30, "i4")]]
    assert choose(xla, litert, samples(1), odd).reason == "LiteRT's answers differ for unusual numbers"


def test_a_refusal_is_the_reason():
    xla, litert = Made("xla", lambda rows: 0.001), Made("litert", lambda rows: 0.001, refuses=(8,))
    report = choose(xla, litert, samples(1, 8))
    assert (report.name, report.reason) == ("xla", "LiteRT cannot run it: no 8 rows")


def test_what_takes_too_long_is_not_measured():
    xla, litert = Made("xla", lambda rows: 0.02 * rows), Made("litert", lambda rows: 0.001 * rows)
    start = time.perf_counter()
    report = choose(xla, litert, samples(1, 32, 2048))
    assert time.perf_counter() - start < 2 * BUDGET_SECONDS
    assert [(each.rows, each.xla_seconds is None) for each in report.measurements] == [(1, False), (32, True)]
    assert xla.prepared == [1]
    assert report.engines == ((0, "litert"),)


def test_an_engine_that_was_not_ahead_is_not_taken_for_sizes_at_which_the_other_was_not_measured():
    xla, litert = Made("xla", lambda rows: 0.003), Made("litert", lambda rows: 0.0065 * rows)
    report = choose(xla, litert, samples(1, 48))
    assert [each.rows for each in report.measurements] == [1]
    assert report.engine_for(48) == "xla"


def test_only_short_runs_at_both_ends_are_tiny():
    assert is_tiny(Made("xla", lambda rows: 1e-6), samples(1, 8))
    assert not is_tiny(Made("xla", lambda rows: 1e-6 if rows == 1 else 0.001), samples(1, 8))
    slow = Made("xla", lambda rows: 0.001)
    assert not is_tiny(slow, samples(1, 8))
    assert slow.prepared == [1]
