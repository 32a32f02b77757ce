"""A CSV file to rows of text, in bounded memory."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tenon.base import InvalidArgumentError, NotFoundError, PermissionDeniedError, TenonError

MAX_CELLS = 2_000_000
"""Cells kept at most, about 200 MB; of a larger file a random sample of the rows is kept."""

MAX_LINE = 1_000_000
"""Characters in a line at most."""

SEPARATORS = ",;\t|"

_OS_ERRORS: tuple[tuple[type[OSError], type[TenonError], str], ...] = (
    (FileNotFoundError, NotFoundError, "there is no such file"),
    (IsADirectoryError, InvalidArgumentError, "it is a directory; name a CSV file"),
    (PermissionError, PermissionDeniedError, "it may not be read; ask for the right to"),
)


@dataclass(frozen=True)
class Rows:
    """The text of a table.

    Args:
        header: the names of the columns, without surrounding blanks; an empty one for a column without a name.
        numbers: the row number of every kept row, ascending; the header is row 1, as in a spreadsheet.
        cells: the cells of every kept row, as many as ``header`` has names.
        total: how many rows the file has.
    """

    header: tuple[str, ...]
    numbers: tuple[int, ...]
    cells: Sequence[Sequence[str]]
    total: int


def read_rows(path: Path, max_cells: int = MAX_CELLS, seed: int = 0) -> Rows:
    """Read a CSV file: UTF-8 with or without a byte order mark, quoted as RFC 4180 says; blank rows are skipped.

    The separator is the one of comma, semicolon, tab and bar that splits the header into the most columns. Memory is
    bounded: of a file with more than ``max_cells`` cells a uniform random sample of the rows is kept, and no line may
    be longer than ``MAX_LINE`` characters. The time grows with the file.

    Args:
        path: the file.
        max_cells: cells to keep at most.
        seed: decides the sample.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it has no header, two columns of one name, a row with too many or too few cells, a
            broken quote, an overlong line, or is no UTF-8 text; the message names the row.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return _read(file, path, max_cells, seed)
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"{path}: must be UTF-8 text; {error.reason}. Save it as CSV in UTF-8.") from error
    except OSError as error:
        for kind, mapped, reason in _OS_ERRORS:
            if isinstance(error, kind):
                raise mapped(f"{path}: {reason}.") from error
        raise


def _read(file: TextIO, path: Path, max_cells: int, seed: int) -> Rows:
    first = next((line for line in _lines(file, path) if line.strip()), "")
    separator = max(SEPARATORS, key=lambda one: len(next(csv.reader([first], delimiter=one), [])))
    file.seek(0)
    records = _records(file, path, separator)
    header = _header(next(records, (1, []))[1], path)
    kept, total = _sample(_even(records, header, path), max(1, max_cells // len(header)), random.Random(seed))
    return Rows(header, tuple(number for number, _ in kept), [cells for _, cells in kept], total)


def _lines(file: TextIO, path: Path) -> Iterator[str]:
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise InvalidArgumentError(
                f"{path}: a line may hold {MAX_LINE} characters at most; received a longer one. Is it a CSV file?"
            )
        yield line


def _records(file: TextIO, path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, with their numbers."""
    reader = csv.reader(_lines(file, path), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise InvalidArgumentError(
            f"{path}: row {number + 1} is broken: {error}. Close every quote, and double a quote inside quotes."
        ) from error


def _header(cells: Sequence[str], path: Path) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    if not names or all(_is_number(name) for name in names):
        received = "an empty file" if not names else f"the numbers {list(names[:5])}"
        raise InvalidArgumentError(f"{path}: the first row must name the columns; received {received}. Add a header.")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InvalidArgumentError(f"{path}: every column needs a name of its own; received {twice} more than once.")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _even(
    records: Iterator[tuple[int, list[str]]], header: Sequence[str], path: Path
) -> Iterator[tuple[int, list[str]]]:
    for number, cells in records:
        if len(cells) != len(header):
            raise InvalidArgumentError(
                f"{path}: every row must have {len(header)} cells, as the header has; received {len(cells)} in row "
                f"{number}. Put quotes around cells that hold the separator."
            )
        yield number, cells


def _sample(
    records: Iterator[tuple[int, list[str]]], size: int, generator: random.Random
) -> tuple[list[tuple[int, list[str]]], int]:
    """Keep a uniform sample of a stream of unknown length (Vitter's algorithm R), in the order of the stream."""
    kept: list[tuple[int, list[str]]] = []
    total = 0
    for total, record in enumerate(records, 1):
        if len(kept) < size:
            kept.append(record)
        elif (place := generator.randrange(total)) < size:
            kept[place] = record
    return sorted(kept, key=lambda record: record[0]), total
