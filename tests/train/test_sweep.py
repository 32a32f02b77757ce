from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.train._sweep import Saved, SweepPolicy

HOUR = 3600.0


def saved(*hours):
    return [Saved(f"ckpt-{number}", hour * HOUR) for number, hour in enumerate(hours)]


def names(found):
    return [each.path for each in found]


@pytest.mark.parametrize(
    ("keep", "every", "hours", "deleted", "preserved"),
    [
        (None, None, (1, 2, 3), [], 0),
        (3, None, (1, 2, 3), [], 0),
        (2, None, (1, 2, 3), ["ckpt-0"], 0),
        (1, None, (1, 2, 3), ["ckpt-0", "ckpt-1"], 0),
        (1, 1, (1, 2, 3), [], 2),
        (1, 2, (1, 2, 3), ["ckpt-0"], 2),
        (1, 1.5, (1, 2, 3, 4), ["ckpt-0", "ckpt-2"], 2),
        (1, 0.5, (0.4, 0.5, 9), ["ckpt-0"], 0.5),
    ],
)
def test_the_newest_stay_and_of_the_others_one_in_so_many_hours(keep, every, hours, deleted, preserved):
    sweep = SweepPolicy(keep, every).sweep(saved(*hours), last_preserved=0.0)
    assert (names(sweep.deleted), sweep.last_preserved) == (deleted, preserved * HOUR)
    assert names(sweep.active) == names(saved(*hours)[len(hours) - (keep or len(hours)) :])


@given(st.lists(st.floats(0, 100), max_size=9).map(sorted), st.integers(1, 5), st.floats(0.1, 20) | st.none())
def test_nothing_is_lost_and_nothing_kept_too_often(hours, keep, every):
    checkpoints = saved(*hours)
    sweep = SweepPolicy(keep, every).sweep(checkpoints, last_preserved=-1e9)
    kept_for_good = [each for each in checkpoints if each not in sweep.deleted and each not in sweep.active]
    assert len(sweep.active) == min(keep, len(checkpoints))
    times = [each.time for each in kept_for_good]
    assert all(later - earlier >= (every or 1e9) * HOUR for earlier, later in pairwise(times))
