"""Sampled requests are exported as OpenTelemetry traces, by a thread that is allowed to be slow."""

from __future__ import annotations

import importlib
import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from tenon.base import InvalidArgumentError, require_extra
from tenon.serving.telemetry._spans import SpanFactory
from tenon.serving.telemetry._trace import RequestTrace, current_trace_id, parse_traceparent

MAX_QUEUED_TRACES = 4096
MAX_BATCH = 32  # its spans are encoded in some 3 ms, in which Python's lock is held
EXPORT_SECONDS = 1.0
SILENT_SECONDS = 600.0
"""A collector that fails is named once in this time."""

TIMEOUT_SECONDS = 5.0
"""How long one batch may take, tries again included, before it counts as failed."""

_log = logging.getLogger("tenon.serving.tracing")


class TraceExporter(ABC):
    """Sends traces somewhere; used by one thread."""

    @abstractmethod
    def export(self, traces: Sequence[RequestTrace]) -> bool:
        """Send some traces, and say whether they arrived; blocks."""

    @abstractmethod
    def close(self) -> None:
        """Give up what is being sent; called from another thread."""


class OtlpExporter(TraceExporter):
    """Sends traces to an OpenTelemetry collector by OTLP over HTTP.

    Args:
        endpoint: the collector's URL with its path, such as ``http://localhost:4318/v1/traces``; ``None`` for what
            OpenTelemetry's environment variables say.
        service_name: the resource's ``service.name``.
        headers: of the requests to the collector.

    Raises:
        MissingExtraError: the extra ``tracing`` is not installed.
    """

    def __init__(
        self, endpoint: str | None = None, service_name: str = "tenon", headers: Mapping[str, str] | None = None
    ) -> None:
        require_extra("tracing")
        logging.getLogger("opentelemetry.exporter.otlp").setLevel(logging.CRITICAL)  # it would log every lost batch
        exporters = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        self._success = importlib.import_module("opentelemetry.sdk.trace.export").SpanExportResult.SUCCESS
        self._spans = SpanFactory(service_name)
        self._exporter: Any = exporters.OTLPSpanExporter(endpoint, headers=headers, timeout=TIMEOUT_SECONDS)

    def export(self, traces: Sequence[RequestTrace]) -> bool:
        """Make the spans and send them."""
        spans = [span for trace in traces for span in self._spans.spans(trace)]
        return bool(self._exporter.export(spans) is self._success)

    def close(self) -> None:
        """Stop trying again."""
        self._exporter.shutdown()


class Tracer:
    """Decides which requests are traced, and hands them to a thread that exports them.

    A client that sends a ``traceparent`` has decided for its request; of the others ``sampling_rate`` are traced. When
    the exporter is slower than the requests, traces are dropped and counted.

    Args:
        exporter: where traces go; closed with the tracer.
        sampling_rate: between 0 and 1.
        max_queued: traces that may wait.
        export_seconds: how long one waits at most until its batch is sent.

    Raises:
        InvalidArgumentError: the rate is not between 0 and 1.
    """

    def __init__(
        self,
        exporter: TraceExporter,
        sampling_rate: float = 0.0,
        max_queued: int = MAX_QUEUED_TRACES,
        export_seconds: float = EXPORT_SECONDS,
    ) -> None:
        if not 0 <= sampling_rate <= 1:
            raise InvalidArgumentError(f"trace_sampling_rate: must lie between 0 and 1; received {sampling_rate}.")
        self._exporter, self._rate = exporter, sampling_rate
        self._max_queued, self._export_seconds = max_queued, export_seconds
        self._queue: deque[RequestTrace] = deque()
        self._dropped = self._exported = self._failed = 0
        self._silent_until = 0.0
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._export_all, name="tenon-traces", daemon=True)
        self._thread.start()

    def begin(self, traceparent: str | None) -> RequestTrace | None:
        """Decide about a request that arrives.

        Args:
            traceparent: its header of that name, if it has one.

        Returns:
            What to remember of it, in a task whose log records bear the trace's id from now on; ``None`` for a request
            that belongs to no trace.
        """
        parent = None if traceparent is None else parse_traceparent(traceparent)
        if parent is None and random.random() >= self._rate:
            return None
        trace = RequestTrace(parent, parent is None or parent.sampled)
        current_trace_id.set(trace.trace_id)
        return trace

    def end(self, trace: RequestTrace) -> None:
        """Export a request that was answered, or drop it if too many wait."""
        if len(self._queue) >= self._max_queued or self._closing:
            self._dropped += 1
            return
        self._queue.append(trace)
        if len(self._queue) == MAX_BATCH:
            self._wake.set()

    def counts(self) -> dict[str, int]:
        """Return how many traces were exported, dropped, and refused by the collector."""
        return {"exported": self._exported, "dropped": self._dropped, "failed": self._failed}

    def close(self, timeout: float = TIMEOUT_SECONDS) -> None:
        """Export what waits and stop.

        Args:
            timeout: seconds to wait for the exporter; it is interrupted after that.
        """
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)
        self._exporter.close()

    def _export_all(self) -> None:
        while not self._closing or self._queue:
            if len(self._queue) < MAX_BATCH and not self._closing:
                self._wake.wait(self._export_seconds)
                self._wake.clear()
            if self._queue:
                self._export([self._queue.popleft() for _ in range(min(MAX_BATCH, len(self._queue)))])

    def _export(self, traces: Sequence[RequestTrace]) -> None:
        try:
            arrived, reason = self._exporter.export(traces), None
        except Exception as error:
            arrived, reason = False, error
        if arrived:
            self._exported += len(traces)
        else:
            self._failed += len(traces)
            self._say_once(reason)

    def _say_once(self, reason: Exception | None) -> None:
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + SILENT_SECONDS
            _log.error("traces cannot be exported; tenon_serving_traces_total counts them.", exc_info=reason)
