import io
import re

import numpy as np
import pytest
from rich.console import Console

from tenon.demo import Dataset
from tenon.demo._ask import Answer
from tenon.demo._report import Report


def console(terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=60)


def printed(where: Console) -> str:
    return re.sub(r"\x1b\[[\d;?]*\w", "", where.file.getvalue())


def test_steps_come_with_the_seconds_and_long_lines_stay_whole() -> None:
    where = console()
    report = Report(where)
    report.title("Title")
    report.say("Data", "[red] " + "x" * 100)
    report.say("", "more")
    report.hint("ask", "curl " + "y" * 100)
    title, data, more, hint = printed(where).splitlines()
    assert title == "Title"
    assert re.fullmatch(r" +\d+\.\d s  Data    \[red\] x{100}", data)
    assert more.strip() == "more"
    assert data.index("[red]") == more.index("more")
    assert hint == "  ask     curl " + "y" * 100


@pytest.mark.parametrize(
    ("epochs", "shown"), [(1, [1]), (3, [1, 2, 3]), (15, [3, 6, 9, 12, 15]), (100, [20, 40, 60, 80, 100])]
)
def test_without_a_terminal_training_is_at_most_five_lines(epochs: int, shown: list[int]) -> None:
    where = console()
    with Report(where).training(epochs) as callback:
        for epoch in range(epochs):
            callback.on_epoch_end(epoch, {"loss": 0.25})
    assert [int(number) for number in re.findall(rf"epoch (\d+)/{epochs}  loss 0.25\n", printed(where))] == shown


def test_at_a_terminal_training_is_a_bar_that_goes_away() -> None:
    where = console(terminal=True)
    with Report(where).training(2) as callback:
        callback.on_epoch_end(0, {"loss": 0.5})
        callback.on_epoch_end(1, {"loss": 0.25})
    assert "loss 0.25" in printed(where)
    assert "2/2" in printed(where)
    assert where.file.getvalue().rstrip().endswith("\x1b[2K")


@pytest.mark.parametrize("terminal", [False, True])
def test_waiting_shows_only_at_a_terminal(terminal: bool) -> None:
    where = console(terminal)
    with Report(where).waiting("starting"):
        pass
    assert ("starting" in printed(where)) == terminal


def test_answers_stand_side_by_side_with_the_names_of_classes() -> None:
    where = console()
    held_out = Dataset("t", {}, np.array([1, 0]), ("[b]cat", "dog"))
    outputs = np.array([[0.25, 0.75], [0.5, 0.5]])
    Report(where).answers(held_out, [Answer("REST", outputs)])
    rows = [line.split() for line in printed(where).splitlines() if line.strip()]
    assert rows[0] == ["row", "truth", "REST"]
    assert rows[2:] == [["0", "dog", "dog", "(0.750000)"], ["1", "[b]cat", "[b]cat", "(0.500000)"]]


def test_estimates_are_shown_as_numbers() -> None:
    where = console()
    held_out = Dataset("t", {}, np.array([12.5], np.float32), None)
    Report(where).answers(held_out, [Answer("gRPC", np.array([12.25], np.float32))])
    assert printed(where).split()[-3:] == ["0", "12.5", "12.25"]
