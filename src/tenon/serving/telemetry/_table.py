"""Every metric of the server: TensorFlow Serving's under its own names, and Tenon's."""

from __future__ import annotations

from tenon.serving.telemetry._registry import OVERFLOWS
from tenon.serving.telemetry._specs import Kind, Merge, MetricSpec, exponential_bounds

_MICROSECONDS = exponential_bounds(10, 1.8, 33)
_QUEUING_MICROSECONDS = exponential_bounds(100, 1.2, 52)
_ROWS = exponential_bounds(1, 2, 14)
_SECONDS = tuple(float(f"{step}e{power}") for power in range(-5, 2) for step in (1, 2, 5))
_LOAD_SECONDS = exponential_bounds(0.01, 2, 18)
_VERSION = ("model", "version", "signature", "engine")

# TensorFlow Serving's: names, labels and buckets are its own.
REQUEST_COUNT = MetricSpec(
    ":tensorflow:serving:request_count", Kind.COUNTER, "Requests by their status.", ("model_name", "status")
)
REQUEST_LATENCY = MetricSpec(
    ":tensorflow:serving:request_latency",
    Kind.HISTOGRAM,
    "Microseconds from a request's arrival to its answer, of those that succeeded.",
    ("model_name", "API", "entrypoint"),
    _MICROSECONDS,
)
RUNTIME_LATENCY = MetricSpec(
    ":tensorflow:serving:runtime_latency",
    Kind.HISTOGRAM,
    "Microseconds in which the model answered, waiting in its queue included.",
    ("model_name", "API", "runtime"),
    _MICROSECONDS,
)
REQUEST_EXAMPLE_COUNTS = MetricSpec(
    ":tensorflow:serving:request_example_counts",
    Kind.HISTOGRAM,
    "Examples of a MultiInference request.",
    ("model",),
    exponential_bounds(1, 2, 15),
)
REQUEST_EXAMPLE_COUNT_TOTAL = MetricSpec(
    ":tensorflow:serving:request_example_count_total", Kind.COUNTER, "Examples of MultiInference requests.", ("model",)
)
REQUEST_LOG_COUNT = MetricSpec(
    ":tensorflow:serving:request_log_count",
    Kind.COUNTER,
    "Sampled requests that were given to the request log, by whether it had room.",
    ("model_name", "status_code"),
)
MODEL_WARMUP_LATENCY = MetricSpec(
    ":tensorflow:serving:model_warmup_latency",
    Kind.HISTOGRAM,
    "Microseconds of a version's warm-up.",
    ("model_path", "status"),
    _MICROSECONDS,
)
MODEL_WARMUP_RECORDS_READ = MetricSpec(
    ":tensorflow:serving:model_warmup_records_read", Kind.COUNTER, "Warm-up records read.", ("model_path", "status")
)
BATCH_QUEUING_LATENCY = MetricSpec(
    ":tensorflow:serving:batching_session:queuing_latency",
    Kind.HISTOGRAM,
    "Microseconds that a request waited for its batch to run.",
    ("thread_pool_name",),
    _QUEUING_MICROSECONDS,
)
BATCH_WRAPPED_RUN_COUNT = MetricSpec(
    ":tensorflow:serving:batching_session:wrapped_run_count", Kind.COUNTER, "Batches that were run."
)
BATCH_INPUT_SIZE = MetricSpec(
    ":tensorflow:serving:batching_session:input_batch_size",
    Kind.HISTOGRAM,
    "Rows of a request.",
    bounds=_ROWS,
)
BATCH_PROCESSED_SIZE = MetricSpec(
    ":tensorflow:serving:batching_session:processed_batch_size",
    Kind.HISTOGRAM,
    "Rows of a batch, padding included.",
    bounds=_ROWS,
)
BATCH_PADDING_SIZE = MetricSpec(
    ":tensorflow:serving:batching_session:padding_size",
    Kind.HISTOGRAM,
    "Rows of padding in a batch, by the size of the batch.",
    ("execution_batch_size",),
    _ROWS,
)

# Tenon's.
REQUESTS = MetricSpec(
    "tenon_serving_requests_total",
    Kind.COUNTER,
    "Requests that were answered, by the code of the answer.",
    (*_VERSION, "api", "protocol", "outcome"),
)
REQUEST_SECONDS = MetricSpec(
    "tenon_serving_request_seconds",
    Kind.HISTOGRAM,
    "Seconds from a request's arrival to its answer, by the code of the answer.",
    (*_VERSION, "outcome"),
    _SECONDS,
)
REQUESTS_IN_FLIGHT = MetricSpec(
    "tenon_serving_requests_in_flight", Kind.GAUGE, "Requests that were admitted and not answered yet.", ("model",)
)
REQUESTS_REFUSED = MetricSpec(
    "tenon_serving_requests_refused_total",
    Kind.COUNTER,
    "Requests that were refused before they ran, by reason.",
    ("model", "reason"),
)
QUEUE_SECONDS = MetricSpec(
    "tenon_serving_queue_seconds", Kind.HISTOGRAM, "Seconds that a request waited for its batch.", _VERSION, _SECONDS
)
RUN_SECONDS = MetricSpec("tenon_serving_run_seconds", Kind.HISTOGRAM, "Seconds that a batch ran.", _VERSION, _SECONDS)
BATCH_ROWS = MetricSpec(
    "tenon_serving_batch_rows", Kind.HISTOGRAM, "Rows of a batch, without padding.", _VERSION, _ROWS
)
PADDING_ROWS = MetricSpec(
    "tenon_serving_padding_rows_total", Kind.COUNTER, "Rows of padding that were computed for nobody.", _VERSION
)
LOAD_SECONDS = MetricSpec(
    "tenon_serving_load_seconds",
    Kind.HISTOGRAM,
    "Seconds that the load of a version took, by its outcome.",
    ("model", "outcome"),
    _LOAD_SECONDS,
)
VERSION_STATE = MetricSpec(
    "tenon_serving_version_state",
    Kind.GAUGE,
    "1 for the state in which a version is, in as many workers as the number says.",
    ("model", "version", "state"),
)
PROCESS_MEMORY = MetricSpec(
    "tenon_serving_process_resident_memory_bytes", Kind.GAUGE, "Resident memory, of all workers."
)
PROCESS_CPU = MetricSpec(
    "tenon_serving_process_cpu_seconds_total", Kind.COUNTER, "CPU time, user and system, of all workers."
)
PROCESS_OPEN_FILES = MetricSpec("tenon_serving_process_open_files", Kind.GAUGE, "Open files and sockets.")
LOOP_LAG = MetricSpec(
    "tenon_serving_event_loop_lag_seconds",
    Kind.HISTOGRAM,
    "Seconds by which a timer of the event loop fired too late.",
    bounds=_SECONDS,
)
LOOP_LAG_MAX = MetricSpec(
    "tenon_serving_event_loop_lag_max_seconds",
    Kind.GAUGE,
    "The longest such delay since metrics were last read, of the worst worker.",
    merge=Merge.MAX,
)
LOG_RECORDS = MetricSpec(
    "tenon_serving_request_log_records_total",
    Kind.COUNTER,
    "Records of the request log: written, dropped because the writer was behind, or lost to a failing disk.",
    ("outcome",),
)
TRACES = MetricSpec(
    "tenon_serving_traces_total",
    Kind.COUNTER,
    "Traced requests: exported, dropped because the collector was slow, or failed to be exported.",
    ("outcome",),
)
WORKERS = MetricSpec("tenon_serving_workers", Kind.GAUGE, "Workers that serve; of a server with several only.")
WORKER_RESTARTS = MetricSpec(
    "tenon_serving_worker_restarts_total",
    Kind.COUNTER,
    "Workers that ended and were replaced, by how they ended.",
    ("reason",),
)

METRICS: tuple[MetricSpec, ...] = (
    REQUEST_COUNT,
    REQUEST_LATENCY,
    RUNTIME_LATENCY,
    REQUEST_EXAMPLE_COUNTS,
    REQUEST_EXAMPLE_COUNT_TOTAL,
    REQUEST_LOG_COUNT,
    MODEL_WARMUP_LATENCY,
    MODEL_WARMUP_RECORDS_READ,
    BATCH_QUEUING_LATENCY,
    BATCH_WRAPPED_RUN_COUNT,
    BATCH_INPUT_SIZE,
    BATCH_PROCESSED_SIZE,
    BATCH_PADDING_SIZE,
    REQUESTS,
    REQUEST_SECONDS,
    REQUESTS_IN_FLIGHT,
    REQUESTS_REFUSED,
    QUEUE_SECONDS,
    RUN_SECONDS,
    BATCH_ROWS,
    PADDING_ROWS,
    LOAD_SECONDS,
    VERSION_STATE,
    PROCESS_MEMORY,
    PROCESS_CPU,
    PROCESS_OPEN_FILES,
    LOOP_LAG,
    LOOP_LAG_MAX,
    LOG_RECORDS,
    TRACES,
    WORKERS,
    WORKER_RESTARTS,
    OVERFLOWS,
)
"""Every metric, TensorFlow Serving's first."""
