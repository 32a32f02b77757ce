"""Turns: the signature that ran longest ago is next, and its lanes take turns in its turns."""

from tenon.serving.batching._lane import Backlog, Lane
from tenon.serving.batching._turns import Turns, note_run
from tenon.serving.servables import Priority


def lanes(count):
    backlog = Backlog(4, 4)
    return [Lane(None, Priority.NORMAL, backlog) for _ in range(count)]


def order(turns):
    popped = []
    while turns:
        popped.append(turns.pop())
        note_run(popped[-1])
    return popped


def test_lanes_of_one_signature_come_in_order():
    many, turns = lanes(5), Turns()
    for lane in many:
        turns.add(lane)
    assert order(turns) == many


def test_a_signature_has_one_turn_for_each_of_the_others_however_many_lanes_it_has():
    (a, b, c), [stranger], turns = lanes(3), lanes(1), Turns()
    for lane in (a, b, c, stranger):
        turns.add(lane)
    assert order(turns) == [a, stranger, b, c]


def test_who_was_idle_comes_before_who_has_just_run():
    [busy], [idle], turns = lanes(1), lanes(1), Turns()
    note_run(busy)
    for lane in (busy, idle):
        turns.add(lane)
    assert order(turns) == [idle, busy]
