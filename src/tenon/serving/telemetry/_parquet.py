"""Sampled requests as Parquet files: one row per request, one nested column per input and output."""

from __future__ import annotations

import importlib
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tenon.base import require_extra
from tenon.serving.telemetry._log_files import LogFile, recover
from tenon.serving.telemetry._log_options import RequestLogOptions
from tenon.serving.telemetry._log_sinks import LogSink, RecordsLostError
from tenon.serving.telemetry._logged_request import LoggedRequest, LogKind, payload_bytes, tensors

PARQUET = ".parquet"
ROW_GROUP_ROWS = 1000
ROW_GROUP_BYTES = 8 * 2**20
MAX_OPEN_FILES = 16
"""Files of different columns that one model may write at once; with one more the least recently used is finished."""

Columns = dict[str, np.ndarray | bytes]
Schema = tuple[tuple[str, str, int], ...]
"""Per column its name, dtype and rank; requests of one file have the same."""


class ParquetSink(LogSink):
    """Writes requests to Parquet files, one for each version, signature and set of columns.

    Columns: ``time`` (UTC, microseconds), ``model``, ``version``, ``signature``, and of a Predict request
    ``inputs.NAME`` and ``outputs.NAME``: lists as deeply nested as the tensor has dimensions. Of other requests
    ``request`` and ``response``, the serialized messages. A request is safe once its file is finished: of a file that a
    killed process left behind nothing can be read, and it is deleted.

    Args:
        options: where, and when to begin a new file.

    Raises:
        MissingExtraError: the extra ``parquet`` is not installed.
        OSError: the directory cannot be made or read.
    """

    def __init__(self, options: RequestLogOptions) -> None:
        self._options = options
        self._arrow = self.require()
        recover(options.prefix, PARQUET)
        self._files: OrderedDict[tuple[Any, ...], _File] = OrderedDict()

    @staticmethod
    def require() -> Any:
        """Return pyarrow.

        Raises:
            MissingExtraError: the extra ``parquet`` is not installed.
        """
        return require_extra("parquet")[0]

    def write(self, request: LoggedRequest) -> int:
        """Add a row."""
        columns = _columns(request)
        schema = tuple(_column_type(name, value) for name, value in columns.items())
        key = (request.id, request.signature_name, schema)
        safe = self._make_room() if key not in self._files else 0
        try:
            file = self._files.get(key) or self._files.setdefault(key, _File(self._arrow, self._options, schema))
        except OSError as error:
            raise RecordsLostError(1, error) from error
        self._files.move_to_end(key)
        file.add(request, columns)
        return safe

    def flush(self) -> int:
        """Turn the rows that were taken into columns; finish the files that have become large enough."""
        return sum(self._flush(key) for key in list(self._files))

    def _flush(self, key: tuple[Any, ...]) -> int:
        file = self._files[key]
        try:
            file.flush()
        except OSError as error:
            del self._files[key]
            raise RecordsLostError(file.give_up(), error) from error
        return self._finish(key) if file.size >= self._options.max_file_bytes else 0

    def _make_room(self) -> int:
        return self._finish(next(iter(self._files))) if len(self._files) >= MAX_OPEN_FILES else 0

    def _finish(self, key: tuple[Any, ...]) -> int:
        file = self._files.pop(key)
        try:
            return file.finish()
        except OSError as error:
            raise RecordsLostError(file.give_up(), error) from error

    def finish_old(self, now: float) -> int:
        """Finish the files that are old."""
        old = [key for key, file in self._files.items() if now - file.since >= self._options.max_file_seconds]
        return sum(self._finish(key) for key in old)

    def close(self) -> int:
        """Finish all files, the others too where one cannot be."""
        safe, lost, reason = 0, 0, None
        for key in list(self._files):
            try:
                safe += self._finish(key)
            except RecordsLostError as error:
                lost, reason = lost + error.count, error
        if reason is not None:
            raise RecordsLostError(lost, OSError(str(reason))) from reason
        return safe


@dataclass
class _Rows:
    """Requests that wait to become columns."""

    requests: list[LoggedRequest] = field(default_factory=list)
    columns: list[Columns] = field(default_factory=list)
    bytes: int = 0


class _File:
    """One Parquet file that grows by row groups."""

    def __init__(self, arrow: Any, options: RequestLogOptions, schema: Schema) -> None:
        parquet: Any = importlib.import_module("pyarrow.parquet")
        self._arrow, self._schema = arrow, schema
        self._log_file = LogFile(options.prefix, PARQUET)
        self.since = self._log_file.since
        self._stream = os.fdopen(os.dup(self._log_file.descriptor), "wb")
        self._writer: Any = parquet.ParquetWriter(self._stream, _arrow_schema(arrow, schema), compression="snappy")
        self._waiting, self._taken = _Rows(), 0
        self._columns: list[Any] = []  # tables of few rows, for a row group to be

    @property
    def size(self) -> int:
        """Bytes of the file and of the rows that wait."""
        columns = sum(table.nbytes for table in self._columns)
        return os.fstat(self._log_file.descriptor).st_size + self._waiting.bytes + int(columns)

    def add(self, request: LoggedRequest, columns: Columns) -> None:
        """Take one row."""
        rows = self._waiting
        rows.requests.append(request)
        rows.columns.append(columns)
        rows.bytes += request.size()
        self._taken += 1

    def flush(self, all_rows: bool = False) -> None:
        """Turn the rows that wait into columns; write a row group if they suffice for one, or if all are to go."""
        rows, self._waiting = self._waiting, _Rows()
        if rows.requests:
            self._columns.append(_table(self._arrow, self._schema, rows.requests, rows.columns))
        count, size = (sum(table.num_rows for table in self._columns), sum(table.nbytes for table in self._columns))
        if count and (all_rows or count >= ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES):
            columns, self._columns = self._columns, []
            self._writer.write_table(self._arrow.concat_tables(columns).combine_chunks())
            self._stream.flush()

    def finish(self) -> int:
        """Write what waits and give the file its name; return its rows."""
        self.flush(all_rows=True)
        self._writer.close()
        self._stream.close()
        self._log_file.finish()
        return self._taken

    def give_up(self) -> int:
        """Delete the file; return the rows that are lost with it."""
        self._writer.is_open = False  # there is no room for its end
        try:
            self._stream.close()
        except OSError:
            self._stream.raw.close()
        self._log_file.discard()
        return self._taken


def _columns(request: LoggedRequest) -> Columns:
    if request.kind is not LogKind.PREDICT:
        return dict(zip(("request", "response"), payload_bytes(request), strict=True))
    sides: tuple[Mapping[str, np.ndarray], ...] = tensors(request)
    return {
        f"{side}.{name}": _plain(array)
        for side, arrays in zip(("inputs", "outputs"), sides, strict=True)
        for name, array in arrays.items()
    }


def _plain(array: np.ndarray) -> np.ndarray:
    """Return values that Arrow has a type for; a complex number becomes a list of its two parts."""
    if array.dtype.kind == "c":
        return np.stack([array.real, array.imag], axis=-1)
    if array.dtype.isbuiltin != 1 and array.dtype.kind not in "OSU":  # bfloat16, float8 and the like
        return array.astype(np.float32)
    return array


def _column_type(name: str, value: np.ndarray | bytes) -> tuple[str, str, int]:
    return (name, "object", 0) if isinstance(value, bytes) else (name, value.dtype.name, value.ndim)


def _arrow_schema(arrow: Any, schema: Schema) -> Any:
    fixed = [
        *(("time", arrow.timestamp("us", "UTC")), ("model", arrow.string()), ("version", arrow.int64())),
        ("signature", arrow.string()),
    ]
    return arrow.schema([*fixed, *((name, _arrow_type(arrow, dtype, rank)) for name, dtype, rank in schema)])


def _arrow_type(arrow: Any, dtype: str, rank: int) -> Any:
    made = arrow.binary() if dtype == "object" else arrow.from_numpy_dtype(np.dtype(dtype))
    for _ in range(rank):
        made = arrow.list_(made)
    return made


def _table(arrow: Any, schema: Schema, requests: Sequence[LoggedRequest], columns: Sequence[Columns]) -> Any:
    fixed = [
        arrow.array([datetime.fromtimestamp(request.time, UTC) for request in requests], arrow.timestamp("us", "UTC")),
        arrow.array([request.id.name for request in requests], arrow.string()),
        arrow.array([request.id.version for request in requests], arrow.int64()),
        arrow.array([request.signature_name for request in requests], arrow.string()),
    ]
    nested = [_column(arrow, dtype, rank, [row[name] for row in columns]) for name, dtype, rank in schema]
    return arrow.Table.from_arrays([*fixed, *nested], schema=_arrow_schema(arrow, schema))


def _column(arrow: Any, dtype: str, rank: int, values: Sequence[np.ndarray | bytes]) -> Any:
    """Return the values of one column: flat, then wrapped into one list per dimension, from the last to the first."""
    arrays = [np.array(value, object) if isinstance(value, bytes) else value for value in values]
    flat = np.concatenate([array.ravel() for array in arrays])
    column = arrow.array(_encoded(flat), arrow.binary()) if dtype == "object" else arrow.array(flat)
    for axis in reversed(range(rank)):
        lengths = [np.full(int(np.prod(array.shape[:axis])), array.shape[axis]) for array in arrays]
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int32)
        column = arrow.ListArray.from_arrays(arrow.array(offsets, arrow.int32()), column)
    return column


def _encoded(values: np.ndarray) -> list[bytes]:
    return [value.encode(errors="replace") if isinstance(value, str) else bytes(value) for value in values]
