"""Turns among openings of one file, as among processes."""

import tempfile
import threading

from tenon.serving.workers._turns import LoadTurns


def test_one_has_the_turn_and_the_other_waits():
    with tempfile.TemporaryFile() as file:
        one, other = LoadTurns(file.fileno()), LoadTurns(file.fileno())
        one.begin()
        other.begin()
        order, waits = [], threading.Event()

        def second():
            waits.set()
            with other():
                order.append("second")

        thread = threading.Thread(target=second)
        with one():
            thread.start()
            waits.wait(10)
            order.append("first")
        thread.join(10)
        assert order == ["first", "second"]


def test_before_all_serve_nobody_waits():
    with tempfile.TemporaryFile() as file:
        one, other = LoadTurns(file.fileno()), LoadTurns(file.fileno())
        one.begin()
        with one(), other():
            pass


def test_a_load_that_fails_gives_its_turn_back():
    with tempfile.TemporaryFile() as file:
        turns = LoadTurns(file.fileno())
        turns.begin()
        for _ in range(2):
            try:
                with turns():
                    raise ValueError
            except ValueError:
                pass
