"""Workers that are asked over pipes."""

from __future__ import annotations

import sys

import pytest

from benchmarks.processes import WorkerError, worker

DOUBLES = """
import json, sys, time
for line in sys.stdin:
    number = json.loads(line)
    if number == 0:
        sys.exit("zero is too little")
    if number < 0:
        time.sleep(60)
    print(json.dumps(2 * number), flush=True)
"""


@pytest.fixture
def doubler(tmp_path):
    with worker([sys.executable, "-c", DOUBLES], {}, tmp_path, tmp_path / "log") as process:
        yield process


def test_a_worker_answers_every_question(doubler):
    assert [doubler.ask(number, 30) for number in (1, 2.5, 21)] == [2, 5.0, 42]


def test_a_worker_that_ends_says_why(doubler):
    with pytest.raises(WorkerError, match="ended with 1: zero is too little"):
        doubler.ask(0, 30)
    with pytest.raises(WorkerError, match="zero is too little"):
        doubler.ask(1, 30)


def test_a_worker_that_does_not_answer_is_killed(doubler):
    with pytest.raises(WorkerError, match=r"no answer in 0\.2 s"):
        doubler.ask(-1, 0.2)
