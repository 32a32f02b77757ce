"""Sampled requests are logged by a thread of their own; what it cannot keep up with is dropped and counted."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tenon.base import Code, InvalidArgumentError
from tenon.serving.telemetry import _table as table
from tenon.serving.telemetry._cells import Counter
from tenon.serving.telemetry._log_options import PARQUET_TYPE, RequestLogOptions
from tenon.serving.telemetry._log_sinks import LogSink, RecordsLostError, TfRecordSink
from tenon.serving.telemetry._logged_request import LoggedRequest
from tenon.serving.telemetry._parquet import ParquetSink
from tenon.serving.telemetry._registry import Registry

MAX_QUEUED_REQUESTS = 4096
MAX_QUEUED_BYTES = 64 * 2**20
FLUSH_SECONDS = 0.1
"""How long a logged request waits at most until it is written to its file."""

SILENT_SECONDS = 600.0
"""A log that fails says so once in this time."""

TURN_SECONDS, PAUSE_SECONDS = 0.0005, 0.0005
"""How long the thread works, and then sleeps: it would otherwise hold Python's lock for long while clients wait."""

_log = logging.getLogger("tenon.serving.request_log")


@dataclass(eq=False)
class _ModelLog:
    """One model's log: options, the counters of TensorFlow Serving's metric, the sink once it is open, its troubles."""

    options: RequestLogOptions
    accepted: Counter
    refused: Counter
    sink: LogSink | None = None
    silent_until: float = 0.0


class RequestLog:
    """Logs a sample of the requests of some models. Its methods belong to one event loop; files to its thread.

    Args:
        registry: where records are counted.
        options: how to log, per model.
        max_queued: requests that may wait for the thread.
        max_queued_bytes: about how much memory they may keep alive.

    Raises:
        MissingExtraError: a model is to be logged as Parquet, and the extra ``parquet`` is not installed.
    """

    def __init__(
        self,
        registry: Registry,
        options: Mapping[str, RequestLogOptions],
        max_queued: int = MAX_QUEUED_REQUESTS,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> None:
        self._registry, self._max_queued, self._max_bytes = registry, max_queued, max_queued_bytes
        self._models: dict[str, _ModelLog] = {}
        self._retired: deque[_ModelLog] = deque()
        self._queue: deque[tuple[_ModelLog, LoggedRequest, int]] = deque()
        self._bytes_in = self._bytes_out = 0  # each written by one thread only
        self._dropped = self._written = self._failed = 0
        self._wake = threading.Event()
        self._closing = False
        registry.before_snapshot(self._count)
        self.configure(options)
        self._thread = threading.Thread(target=self._write_all, name="tenon-request-log", daemon=True)
        self._thread.start()

    def configure(self, options: Mapping[str, RequestLogOptions]) -> None:
        """Log these models, and no others, from now on.

        Args:
            options: how to log, per model; a model whose options are the same goes on with its file.

        Raises:
            MissingExtraError: a model is to be logged as Parquet, and the extra ``parquet`` is not installed.
        """
        if any(option.type == PARQUET_TYPE for option in options.values()):
            ParquetSink.require()
        known, logs = self._models, {}
        for model, option in options.items():
            old = known.get(model)
            logs[model] = old if old is not None and old.options == option else self._new_log(model, option)
        self._models = logs
        self._retired.extend(log for model, log in known.items() if log is not logs.get(model))

    def _new_log(self, model: str, options: RequestLogOptions) -> _ModelLog:
        family = self._registry.counters(table.REQUEST_LOG_COUNT)
        accepted, refused = (family.labels(model, code.name) for code in (Code.OK, Code.RESOURCE_EXHAUSTED))
        return _ModelLog(options, accepted, refused)

    def samples(self, model: str) -> bool:
        """Draw whether a request of this model is logged; ask once per request that succeeded.

        Args:
            model: its name.
        """
        log = self._models.get(model)
        return log is not None and random.random() < log.options.sampling_rate

    def offer(self, request: LoggedRequest) -> None:
        """Have a request written, unless too many wait.

        Args:
            request: of a model that is logged; nobody changes its payloads any more.

        Raises:
            InvalidArgumentError: its model is not logged.
        """
        log = self._models.get(request.id.name)
        if log is None:
            raise InvalidArgumentError(
                f"request: must be of a model that is logged, {sorted(self._models)}; received {request.id.name!r}."
            )
        size = request.size()
        waiting = self._bytes_in - self._bytes_out
        if self._closing or len(self._queue) >= self._max_queued or waiting + size > self._max_bytes:
            self._dropped += 1
            log.refused.value += 1
            return
        self._bytes_in += size
        log.accepted.value += 1
        self._queue.append((log, request, size))

    def _count(self) -> None:
        counts = {"written": self._written, "dropped": self._dropped, "failed": self._failed}
        for outcome, count in counts.items():
            self._registry.counters(table.LOG_RECORDS).labels(outcome).value = count

    def close(self, timeout: float = 10.0) -> None:
        """Write what waits, finish all files and stop.

        Args:
            timeout: seconds to wait for the disk; what it did not take by then is recovered by the next start.
        """
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)

    def _write_all(self) -> None:
        """Run in the thread: open the sinks, write what comes, finish files that are old."""
        tidied = -FLUSH_SECONDS
        while not self._closing:
            if time.monotonic() - tidied >= FLUSH_SECONDS:
                self._tidy()
                tidied = time.monotonic()
            if self._queue:
                self._write_some()
                time.sleep(PAUSE_SECONDS)
            else:
                self._wake.wait(FLUSH_SECONDS)
        while self._queue:
            self._write_some()
        for log in (*self._models.values(), *self._retired):
            self._guard(log, self._close)

    def _guard(self, log: _ModelLog, step: Callable[[_ModelLog], int]) -> None:
        """Do something with a model's files; what goes wrong is said once, counted, and hinders no other model."""
        try:
            self._written += step(log)
        except RecordsLostError as error:
            self._failed += error.count
            self._say_once(log, error)
        except Exception as error:
            self._failed += 1
            self._say_once(log, error)

    def _tidy(self) -> None:
        """Open new logs, so that what a killed process left is recovered at the start; close old ones and old files."""
        while self._retired and not self._queue:
            self._guard(self._retired.popleft(), self._close)
        for log in self._models.copy().values():
            self._guard(log, self._finish_old)

    def _write_some(self) -> None:
        """Write what waits, for as long as clients may be made to wait for Python's lock."""
        end = time.perf_counter() + TURN_SECONDS
        touched: set[_ModelLog] = set()
        while self._queue and time.perf_counter() < end:
            log, request, size = self._queue.popleft()
            self._guard(log, partial(self._write, request))
            self._bytes_out += size
            touched.add(log)
        for log in touched:
            self._guard(log, self._flush)

    def _open(self, log: _ModelLog, lost: int) -> LogSink:
        if log.sink is None:
            try:
                log.sink = ParquetSink(log.options) if log.options.type == PARQUET_TYPE else TfRecordSink(log.options)
            except OSError as error:
                raise RecordsLostError(lost, error) from error
        return log.sink

    def _write(self, request: LoggedRequest, log: _ModelLog) -> int:
        return self._open(log, lost=1).write(request)

    def _flush(self, log: _ModelLog) -> int:
        return 0 if log.sink is None else log.sink.flush()

    def _finish_old(self, log: _ModelLog) -> int:
        return self._open(log, lost=0).finish_old(time.monotonic())

    def _close(self, log: _ModelLog) -> int:
        sink, log.sink = log.sink, None
        return 0 if sink is None else sink.close()

    def _say_once(self, log: _ModelLog, error: Exception) -> None:
        now = time.monotonic()
        if now >= log.silent_until:
            log.silent_until = now + SILENT_SECONDS
            _log.error(
                "%s: requests cannot be logged (%s); tenon_serving_request_log_records_total counts them.",
                *(log.options.filename_prefix, error),
                exc_info=None if isinstance(error, RecordsLostError) else error,
            )
