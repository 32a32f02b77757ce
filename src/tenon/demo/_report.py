"""What the person at the terminal sees: one line a step, with the seconds since the start."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

import tenon.keras as keras
from tenon.demo._ask import Answer
from tenon.demo._dataset import Dataset

_LINES = 5
"""Lines about training where there is no terminal to draw a bar in."""

_SHOWN_ROWS = 5
_INDENT = 9


class Report:
    """Prints the story.

    Args:
        console: where to; a bar and a spinner move only where it is a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = time.perf_counter()

    def title(self, text: str) -> None:
        """Print the first line."""
        self._console.print(Text(text, style="bold"), soft_wrap=True)

    def say(self, step: str, text: str) -> None:
        """Print what was done in a step; an empty ``step`` goes on with the one before."""
        seconds = f"{time.perf_counter() - self._start:6.1f} s" if step else " " * 8
        line = Text.assemble((seconds, "dim"), "  ", (f"{step:<8}", "bold green"), text)
        self._console.print(line, soft_wrap=True)  # a long line stays one, so that it can be copied

    def hint(self, name: str, text: str) -> None:
        """Print something to copy: a command or a path."""
        self._console.print(Text.assemble("  ", (f"{name:<8}", "bold"), text), soft_wrap=True)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show at a terminal that something is going on."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(Text(text, style="dim")):
            yield

    @contextmanager
    def training(self, epochs: int) -> Iterator[Any]:
        """Give a Keras callback that shows the epochs: a bar at a terminal, else a few lines."""
        if not self._console.is_terminal:
            yield _EpochLines(self, epochs)
            return
        columns = (TextColumn(" " * 10 + "{task.description}"), BarColumn(30), MofNCompleteColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True) as progress:
            yield _EpochBar(progress, progress.add_task("compiling", total=epochs))

    def answers(self, held_out: Dataset, answers: Sequence[Answer]) -> None:
        """Print what every way of asking gave for the first rows."""
        table = Table("row", "truth", *(answer.way for answer in answers), box=SIMPLE)
        for row in range(min(_SHOWN_ROWS, len(held_out))):
            truth = _label(held_out, held_out.labels[row])
            table.add_row(str(row), Text(truth), *(Text(_output(held_out, answer.outputs[row])) for answer in answers))
        self._console.print(Padding.indent(table, _INDENT))


def _label(dataset: Dataset, label: Any) -> str:
    return f"{label:.6g}" if dataset.classes is None else dataset.classes[int(label)]


def _output(dataset: Dataset, output: np.ndarray) -> str:
    """Show a value with the digits that matter here: all seven of a float32."""
    if dataset.classes is None:
        return f"{output:.7g}"
    return f"{dataset.classes[int(output.argmax())]} ({output.max():.6f})"


def _metrics(logs: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in logs.items())


class _EpochLines(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    def __init__(self, report: Report, epochs: int) -> None:
        super().__init__()
        self._report, self._epochs = report, epochs

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        done = epoch + 1
        if done * _LINES // self._epochs > epoch * _LINES // self._epochs:
            self._report.say("Train", f"epoch {done}/{self._epochs}  {_metrics(logs or {})}")


class _EpochBar(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    def __init__(self, progress: Progress, task: Any) -> None:
        super().__init__()
        self._progress, self._task = progress, task

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._progress.update(self._task, completed=epoch + 1, description=_metrics(logs or {}))
