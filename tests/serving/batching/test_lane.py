"""Lanes keep count of what waits, and say when a batch is closed."""

import asyncio
from time import monotonic

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.batching._lane import LONGEST_WAIT, Backlog, Lane, Task
from tenon.serving.servables import DEFAULT_RUN_OPTIONS, Priority

LOOP = asyncio.new_event_loop()
LOOP.close()  # a future needs one, and none of these is awaited


def task(rows=1):
    return Task([np.zeros(rows)], rows, asyncio.Future(loop=LOOP), DEFAULT_RUN_OPTIONS)


@given(st.lists(st.tuples(st.sampled_from(["add", "pop", "put back", "drop"]), st.integers(1, 9))))
def test_the_rows_counted_are_the_rows_that_wait(steps):
    backlog = Backlog(4, 100)
    backlog.rows[Priority.LOW] = 7
    lane, popped = Lane(None, Priority.LOW, backlog), []
    for step, rows in steps:
        if step == "add":
            lane.add(task(rows))
        elif step == "drop":
            lane.drop(lambda each, rows=rows: each.rows == rows)
        elif step == "pop" and lane.tasks:
            popped.append(lane.pop())
        elif step == "put back" and popped:
            lane.put_back(popped.pop())
        assert lane.rows == sum(each.rows for each in lane.tasks) == backlog.rows[Priority.LOW] - 7
        assert backlog.rows[Priority.NORMAL] == 0


def test_a_batch_is_closed_in_the_first_turn_in_which_nothing_joins():
    lane = Lane(None, Priority.NORMAL, Backlog(4, 1))
    now = monotonic()
    for _ in range(3):
        lane.add(task())
        assert not lane.closes(now, 4)
    assert lane.closes(now, 4)
    assert not lane.closes(now, 4)  # the next batch


def test_a_batch_that_is_full_or_old_or_empty_is_closed_at_once():
    lane = Lane(None, Priority.NORMAL, Backlog(4, 1))
    assert lane.closes(0.0, 4)
    lane.add(task(3))
    assert not lane.closes(monotonic(), 4)
    lane.add(task(1))
    assert lane.closes(monotonic(), 4)
    assert lane.closes(monotonic() + LONGEST_WAIT, 100)
