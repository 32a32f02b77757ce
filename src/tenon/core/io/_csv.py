"""Lines of comma-separated values, ``tf.io.decode_csv``: RFC 4180 without what only whole files have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.io._host import host_array
from tenon.core.tensors import Tensor, as_dtype, as_tensor, string
from tenon.host_steps import parse_number

_TYPES: Final = ("float32", "float64", "int32", "int64", "string")


@export("io.decode_csv")
def decode_csv(
    records: Any,
    record_defaults: Sequence[Any],
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Sequence[int] | None = None,
    name: str | None = None,
) -> list[Tensor]:
    """Return the columns of lines of comma-separated values, ``tf.io.decode_csv``.

    Args:
        records: strings, each one line.
        record_defaults: for each column a number or string that stands where a field is empty and whose dtype is the
            column's (float32, float64, int32, int64 or string); an empty tensor where a field may not be empty.
        field_delim: one character.
        use_quote_delim: whether a field may stand in quotes, with separators inside; two quotes there mean one.
        na_value: a text that also means an empty field.
        name: ignored.
        select_cols: numbers of the columns to return, in rising order; ``None`` for all.

    Returns:
        A tensor of the shape of ``records`` for each column.

    Raises:
        InvalidArgumentError: a line has another number of fields, a field is missing or no number, or the quotes do not
            fit.
        ValueError: the columns do not rise, or there is not one default for each.

    Example:
        >>> [column.numpy().tolist() for column in decode_csv(["1,a", ",b"], [7, ""])]
        [[1, 7], [b'a', b'b']]
    """
    del name
    if select_cols is not None:
        _check_columns(select_cols, len(record_defaults))
    if len(field_delim.encode()) != 1:
        raise InvalidArgumentError(f"field_delim should be only 1 char; received {field_delim!r}.")
    lines = host_array(records, "records", string)
    defaults = [_default(value) for value in record_defaults]
    read = _reader(field_delim.encode(), use_quote_delim)
    rows = [_chosen(read(line), select_cols) for line in lines.ravel().tolist()]
    for place, row in enumerate(rows):
        if len(row) != len(defaults):
            raise InvalidArgumentError(f"Expect {len(defaults)} fields but have {len(row)} in record {place}")
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(defaults)
    empty = {b"", na_value.encode()}
    return [
        _column(number, column, default, empty, lines.shape)
        for number, (column, default) in enumerate(zip(columns, defaults, strict=True))
    ]


def _check_columns(columns: Sequence[int], count: int) -> None:
    if any(later <= earlier for earlier, later in pairwise(columns)):
        raise ValueError(f"select_cols is not strictly increasing; received {list(columns)}.")
    if columns and columns[0] < 0:
        raise ValueError(f"select_cols contains negative values; received {list(columns)}.")
    if len(columns) != count:
        raise ValueError(
            f"Length of select_cols and record_defaults do not match; received {len(columns)} columns and {count} "
            "defaults."
        )


def _default(value: Any) -> np.ndarray:
    array = host_array(value, "record_defaults")
    if as_dtype(array.dtype).name not in _TYPES:
        raise InvalidArgumentError(
            f"record_defaults: {as_dtype(array.dtype).name} is not in the list of allowed values: {', '.join(_TYPES)}"
        )
    if array.size > 1:
        raise InvalidArgumentError(f"record_defaults: must be one value each, or none; received {array.tolist()}.")
    return array.ravel()


def _chosen(fields: list[bytes], columns: Sequence[int] | None) -> list[bytes]:
    return fields if columns is None else [fields[column] for column in columns if column < len(fields)]


def _column(
    number: int, fields: Sequence[bytes], default: np.ndarray, empty: set[bytes], shape: Sequence[int]
) -> Tensor:
    missing = [field in empty for field in fields]
    if not default.size and any(missing):
        raise InvalidArgumentError(f"Field {number} is required but missing in record {missing.index(True)}!")
    convert = _converter(number, default.dtype)
    values = [
        default[0] if is_missing else convert(place, field)
        for place, (field, is_missing) in enumerate(zip(fields, missing, strict=True))
    ]
    column = np.empty(len(values), default.dtype)
    with np.errstate(over="ignore"):
        column[:] = values
    return as_tensor(column.reshape(shape))


def _converter(number: int, dtype: np.dtype) -> Callable[[int, bytes], Any]:
    if dtype.kind == "O":
        return _as_it_is

    def convert(place: int, field: bytes) -> Any:
        try:
            return parse_number(field, dtype)
        except InvalidArgumentError as error:
            raise InvalidArgumentError(
                f"Field {number} in record {place} is not a valid {as_dtype(dtype).name}: "
                f"{field.decode(errors='backslashreplace')}"
            ) from error

    return convert


def _as_it_is(_place: int, field: bytes) -> bytes:
    return field


def _reader(separator: bytes, quotes: bool) -> Callable[[bytes], list[bytes]]:
    def read(line: bytes) -> list[bytes]:
        if not line or line in (b"\n", b"\r\n"):
            return []
        if not quotes:
            return line.split(separator)
        return _quoted_fields(line, separator)

    return read


def _quoted_fields(line: bytes, separator: bytes) -> list[bytes]:
    fields, place = [], 0
    while place <= len(line):
        if line[place : place + 1] == b'"':
            field, place = _quoted(line, place + 1, separator)
        else:
            end = line.find(separator, place)
            end = len(line) if end < 0 else end
            field, place = line[place:end], end
            if any(mark in field for mark in (b'"', b"\n", b"\r")):
                raise InvalidArgumentError("Unquoted fields cannot have quotes/CRLFs inside")
        fields.append(field)
        place += 1
    return fields


def _quoted(line: bytes, start: int, separator: bytes) -> tuple[bytes, int]:
    """Return the field that begins after a quote, and the place after its closing quote."""
    parts, place = [], start
    while True:
        end = line.find(b'"', place)
        if end < 0:
            raise InvalidArgumentError("Quoted field has to end with quote followed by delim or end")
        parts.append(line[place:end])
        after = line[end + 1 : end + 2]
        if after in (b"", separator):
            return b"".join(parts), end + 1
        if after != b'"':
            raise InvalidArgumentError("Quote inside a string has to be escaped by another quote")
        parts.append(b'"')
        place = end + 2
