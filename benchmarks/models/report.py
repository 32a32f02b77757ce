"""Cells become tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.models.contenders import TENON
from benchmarks.models.results import Cell, cell_of, ratio
from benchmarks.tables import markdown

Text = Callable[[Cell], str]


def speed(cells: Sequence[Cell]) -> str:
    """Return milliseconds of a step or call, and how many times as fast Tenon is: median, lowest, highest."""
    notes: list[str] = []

    def text(cell: Cell) -> str:
        if cell.refusal:
            reason = f"{cell.contender}, {cell.workload}: {cell.refusal}"
            notes.extend([] if reason in notes else [reason])
            return f"none [{notes.index(reason) + 1}]"
        own = cell_of(cells, TENON, cell.workload, cell.batch)
        figure = f"{cell.milliseconds:.4g}{f' ({cell.note})' if cell.note else ''}"
        times = None if own is None or own is cell else ratio(own, cell)
        return figure if times is None else f"{figure}: {times.median:.2f}x ({times.lowest:.2f}-{times.highest:.2f})"

    lines = _table(cells, text)
    return "\n".join([lines, *(["", *(f"[{i}] {note}" for i, note in enumerate(notes, 1))] if notes else [])])


def processor(cells: Sequence[Cell]) -> str:
    """Return milliseconds of the processor's time, all threads together, and Tenon's advantage in it."""

    def text(cell: Cell) -> str:
        if not cell.cpu:
            return "none"
        own = cell_of(cells, TENON, cell.workload, cell.batch)
        with_tenon = own is not None and own is not cell and own.cpu
        times = f": {cell.cpu_milliseconds / own.cpu_milliseconds:.2f}x" if own is not None and with_tenon else ""
        return f"{cell.cpu_milliseconds:.4g}{times}"

    return _table(cells, text)


def starts(cells: Sequence[Cell]) -> str:
    """Return seconds from nothing to the first result, and those of a second process where something is kept."""

    def text(cell: Cell) -> str:
        if cell.first_seconds is None:
            return "none"
        again = "" if cell.second_seconds is None else f", again {cell.second_seconds:.2f}"
        return f"{cell.first_seconds:.2f}{again}"

    return _table(cells, text)


def memory(cells: Sequence[Cell]) -> str:
    """Return the peak of resident memory in MiB, of all batch sizes of a workload together."""
    return _table(cells, lambda cell: "none" if cell.memory is None else f"{cell.memory:.0f}")


def imports(cells: Sequence[Cell]) -> str:
    """Return the median seconds of importing each framework."""
    found: dict[str, list[float]] = {}
    for cell in cells:
        if cell.import_seconds is not None:
            found.setdefault(cell.contender, []).append(cell.import_seconds)
    return ", ".join(f"{name} {median(taken):.2f} s" for name, taken in found.items())


def document(conditions: Mapping[str, Any], cells: Sequence[Cell]) -> dict[str, Any]:
    """Return everything for ``--json``."""
    return {"conditions": dict(conditions), "cells": [_with_ratio(cell, cells) for cell in cells]}


def _with_ratio(cell: Cell, cells: Sequence[Cell]) -> dict[str, Any]:
    own = cell_of(cells, TENON, cell.workload, cell.batch)
    times = None if own is None else ratio(own, cell)
    figures = {"milliseconds": cell.milliseconds if cell.calls else None}
    return {**asdict(cell), **figures, "tenon_is_times_as_fast": None if times is None else asdict(times)}


def _table(cells: Sequence[Cell], text: Text) -> str:
    columns = list(dict.fromkeys(cell.contender for cell in cells))
    header = ("workload", "batch", *columns)
    batches = dict.fromkeys((cell.workload, cell.batch) for cell in cells)
    found = {key: [cell_of(cells, column, *key) for column in columns] for key in batches}
    body = [
        (name, str(batch), *("" if cell is None else text(cell) for cell in row))
        for (name, batch), row in found.items()
    ]
    return markdown(header, body)
