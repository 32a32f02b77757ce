"""A numeric table in a CSV file to a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.demo._csv import Rows, read_rows
from tenon.demo._dataset import Dataset

MIN_ROWS = 20
"""Rows with a label that a table must have."""

MAX_FEATURES = 256
"""Numeric columns at most: every one is an input of the model."""

MAX_CLASSES = 100
"""Classes at most; integers with more values are numbers to estimate."""

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none"))
"""Cells that hold no number, in any case of letters."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_MAX = float(np.finfo(np.float32).max)


def read_table(path: Path, label: str) -> Dataset:
    """Read a table whose numeric columns are the inputs and one column the label.

    Inputs are float32 ``[rows]`` under their column's name (``/`` becomes ``_``, because Keras keeps it for itself);
    an empty cell, NA, NaN, null and none are NaN. A column without a name, with anything but numbers, or with fewer
    than two values is left out, and a note says why. Rows without a label are dropped and counted in a note.

    A label of text or of integers makes classes, sorted; a label with a decimal point (or of integers with more than
    ``MAX_CLASSES`` values) is a number to estimate.

    Args:
        path: a CSV file with a header row; see ``read_rows`` for what it may look like.
        label: the name of the column to predict.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: the file is no table, lacks the column, has fewer than ``MIN_ROWS`` rows with a label,
            one label only, too many classes, no numeric column or too many of them; the message names row and column.
    """
    rows = read_rows(path)
    position = _position(rows.header, label, path)
    labelled = _labelled(rows, position)
    if len(labelled.numbers) < MIN_ROWS:
        raise InvalidArgumentError(
            f"{path}: must have at least {MIN_ROWS} rows with a label; received {len(labelled.numbers)}."
        )
    labels = _labels(labelled, position, path)
    inputs, left_out = _inputs(labelled, position, path)
    notes = (*_counts(rows, labelled, label), labels.note, *left_out)
    return Dataset(_model_name(path), inputs, labels.values, labels.classes, notes)


@dataclass(frozen=True)
class _Labels:
    values: np.ndarray
    classes: tuple[str, ...] | None
    note: str


def _position(header: Sequence[str], label: str, path: Path) -> int:
    if label not in header or not label:
        raise InvalidArgumentError(
            f"--label: {path} has no column {label!r}; it has {[name for name in header if name]}."
        )
    return header.index(label)


def _column(rows: Rows, position: int) -> list[str]:
    return [cells[position].strip() for cells in rows.cells]


def _labelled(rows: Rows, position: int) -> Rows:
    """Drop the rows without a label; among text, only an empty cell is none: "NA" may be a class."""
    column = _column(rows, position)
    numeric = all(_NUMBER.fullmatch(text) for text in column if text.lower() not in MISSING)
    missing = MISSING if numeric else {""}
    kept = [index for index, text in enumerate(column) if text.lower() not in missing]
    return Rows(
        rows.header, tuple(rows.numbers[index] for index in kept), [rows.cells[index] for index in kept], rows.total
    )


def _counts(rows: Rows, labelled: Rows, label: str) -> Iterable[str]:
    if rows.total > len(rows.numbers):
        yield f"{rows.total} rows are too many to hold: a random {len(rows.numbers)} of them are used."
    dropped = len(rows.numbers) - len(labelled.numbers)
    if dropped:
        yield f"{dropped} rows without {label!r} are dropped."


def _labels(rows: Rows, position: int, path: Path) -> _Labels:
    name, column = rows.header[position], _column(rows, position)
    distinct = set(column)
    if all(_INTEGER.fullmatch(text) for text in distinct) and len({int(text) for text in distinct}) <= MAX_CLASSES:
        labels = _classes(name, [int(text) for text in column], "integers")
    elif all(_NUMBER.fullmatch(text) for text in distinct):
        labels = _estimates(rows, position, path)
    else:
        labels = _classes(name, column, "text")
    count = len(np.unique(labels.values))
    if count < 2:
        raise InvalidArgumentError(f"--label: {name!r} must have at least two values; received only {column[0]!r}.")
    if labels.classes is not None and count > MAX_CLASSES:
        raise InvalidArgumentError(
            f"--label: {name!r} may have at most {MAX_CLASSES} classes; received {count}, such as "
            f"{list(labels.classes[:3])}. Choose another column, or write numbers."
        )
    return labels


def _classes(name: str, column: Sequence[int] | Sequence[str], kind: str) -> _Labels:
    classes, values = np.unique(np.asarray(column), return_inverse=True)
    names = tuple(str(one) for one in classes)
    return _Labels(values.astype(np.int64), names, f"{name!r} holds {kind}: {len(names)} classes to tell apart.")


def _estimates(rows: Rows, position: int, path: Path) -> _Labels:
    values, reason = _numbers(rows, position)
    if reason:
        raise InvalidArgumentError(f"--label: {path}: column {rows.header[position]!r}, {reason}.")
    return _Labels(values, None, f"{rows.header[position]!r} holds numbers: a value to estimate.")


def _inputs(rows: Rows, label: int, path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    inputs: dict[str, np.ndarray] = {}
    left_out = []
    for position, name in enumerate(rows.header):
        if position == label:
            continue
        values, reason = _numbers(rows, position)
        reason = ("it has no name" if not name else "") or reason or _too_little(values)
        if reason:
            left_out.append(f"left out: column {name or position + 1!r}, {reason}.")
        else:
            inputs[_free(name.replace("/", "_"), inputs)] = values
    if not inputs:
        raise InvalidArgumentError(f"{path}: needs a column of numbers beside the label. {' '.join(left_out)}".rstrip())
    if len(inputs) > MAX_FEATURES:
        raise InvalidArgumentError(
            f"{path}: may have at most {MAX_FEATURES} columns of numbers; received {len(inputs)}. Choose among them."
        )
    return inputs, left_out


def _numbers(rows: Rows, position: int) -> tuple[np.ndarray, str]:
    """Return a column as float32 with NaN where nothing stands, or the reason why it is none."""
    column = _column(rows, position)
    values = np.full(len(column), np.nan, np.float32)
    for index, text in enumerate(column):
        if text.lower() in MISSING:
            continue
        rule = "is not a number" if not _NUMBER.fullmatch(text) else "is too large" if abs(float(text)) > _MAX else ""
        if rule:
            return values, f"row {rows.numbers[index]}: {text[:40]!r} {rule}"
        values[index] = float(text)
    return values, ""


def _too_little(values: np.ndarray) -> str:
    found = np.unique(values[~np.isnan(values)])
    if found.size == 0:
        return "it is empty"
    return f"it holds only the value {found[0]:g}" if found.size == 1 else ""


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _model_name(path: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem).strip("_") or "table"
