"""Programs by shapes: pinned ones stay, those on demand make room."""

from __future__ import annotations

from tenon.serving.engines._program_table import ProgramTable


def shapes(rows):
    return ((rows, 2),)


def test_only_so_many_are_kept_on_demand_and_those_used_last_stay():
    made = []
    table = ProgramTable(lambda each: made.append(each) or each, on_demand=2)
    for rows in (1, 2):
        table.find_or_make(shapes(rows))
    table.find(shapes(1))
    table.find_or_make(shapes(3))
    assert [table.find(shapes(rows)) is None for rows in (1, 2, 3)] == [False, True, False]
    assert made == [shapes(1), shapes(2), shapes(3)]


def test_pinned_ones_stay_whatever_comes():
    table = ProgramTable(lambda each: each, on_demand=1)
    table.pin(shapes(9))
    for rows in range(5):
        table.find_or_make(shapes(rows))
    assert table.find(shapes(9)) is not None


def test_a_program_that_is_there_already_is_not_made_again_to_be_pinned():
    made = []
    table = ProgramTable(lambda each: made.append(each) or each)
    assert table.find_or_make(shapes(1)) is table.pin(shapes(1))
    assert made == [shapes(1)]


def test_nothing_is_left_after_clear():
    table = ProgramTable(lambda each: each)
    table.pin(shapes(1))
    table.find_or_make(shapes(2))
    table.clear()
    assert table.find(shapes(1)) is table.find(shapes(2)) is None
