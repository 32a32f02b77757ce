"""What happened, counted, traced, logged: metrics, recent history, traces, log records, and samples of requests.

An ``Observer`` is told what happens to a request and counts it in a ``Registry``, whose snapshots merge across worker
processes and become text for Prometheus; it remembers the last ten minutes in a ``History`` and hands sampled requests
to a ``Tracer``. A ``RequestLog`` writes samples of whole requests to files. All of it belongs to one event loop and has
no locks; what is slow (a collector, a disk) has a thread of its own, which drops and counts rather than making anybody
wait.
"""

from tenon.serving.telemetry._batches import BatchMetrics
from tenon.serving.telemetry._cells import Counter, Gauge, Histogram
from tenon.serving.telemetry._exposition import OPENMETRICS_TYPE, TEXT_TYPE, Exposition, expose
from tenon.serving.telemetry._history import (
    History,
    Point,
    RecentError,
    Series,
    history_points,
    merge_histories,
)
from tenon.serving.telemetry._log_options import RequestLogOptions
from tenon.serving.telemetry._log_setup import log_crashes_to_stderr, log_to_stderr
from tenon.serving.telemetry._logged_request import LoggedRequest, LogKind
from tenon.serving.telemetry._logs import log_formatter
from tenon.serving.telemetry._observer import Observer, Refusal
from tenon.serving.telemetry._process import LoopLag, watch_process, watch_states
from tenon.serving.telemetry._registry import Family, Registry, Snapshot
from tenon.serving.telemetry._request_log import RequestLog
from tenon.serving.telemetry._requests import Endpoint, RequestObservation
from tenon.serving.telemetry._snapshots import merge_snapshots
from tenon.serving.telemetry._specs import Kind, Merge, MetricSpec, exponential_bounds
from tenon.serving.telemetry._table import METRICS, WORKER_RESTARTS, WORKERS
from tenon.serving.telemetry._trace import RequestTrace, TraceParent, current_trace_id, parse_traceparent
from tenon.serving.telemetry._tracing import OtlpExporter, TraceExporter, Tracer

__all__ = [
    "METRICS",
    "OPENMETRICS_TYPE",
    "TEXT_TYPE",
    "WORKERS",
    "WORKER_RESTARTS",
    "BatchMetrics",
    "Counter",
    "Endpoint",
    "Exposition",
    "Family",
    "Gauge",
    "Histogram",
    "History",
    "Kind",
    "LogKind",
    "LoggedRequest",
    "LoopLag",
    "Merge",
    "MetricSpec",
    "Observer",
    "OtlpExporter",
    "Point",
    "RecentError",
    "Refusal",
    "Registry",
    "RequestLog",
    "RequestLogOptions",
    "RequestObservation",
    "RequestTrace",
    "Series",
    "Snapshot",
    "TraceExporter",
    "TraceParent",
    "Tracer",
    "current_trace_id",
    "exponential_bounds",
    "expose",
    "history_points",
    "log_crashes_to_stderr",
    "log_formatter",
    "log_to_stderr",
    "merge_histories",
    "merge_snapshots",
    "parse_traceparent",
    "watch_process",
    "watch_states",
]
