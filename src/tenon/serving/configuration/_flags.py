"""Every flag of ``tensorflow_model_server``, and Tenon's own: what it is called, what it means here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tenon.serving.configuration._batching_parameters import read_batching_parameters
from tenon.serving.configuration._monitoring_config import read_monitoring_config
from tenon.serving.configuration._ssl_config import read_ssl_config


class Effect(Enum):
    """What Tenon does with a flag."""

    SERVED = "served"
    NONE = "accepted without effect"
    REFUSED = "refused"


@dataclass(frozen=True)
class Flag:
    """One flag.

    Args:
        name: as TensorFlow Serving spells it, with underscores.
        kind: the type of its value.
        text: what it means; of one that is not served, why, and what to do instead.
        option: the field of ``ServerOptions`` that it sets; empty where ``server_options`` knows more.
        convert: makes the field's value of the flag's; ``None`` where they are the same.
        effect: what Tenon does with it.
        default: TensorFlow Serving's default, which is no wish: a flag that is not served may always be given it.
        ours: whether TensorFlow Serving has no such flag.
    """

    name: str
    kind: type
    text: str
    option: str = ""
    convert: Callable[[Any], Any] | None = None
    effect: Effect = Effect.SERVED
    default: Any = None
    ours: bool = False


def _same(name: str, kind: type, text: str, *, ours: bool = False) -> Flag:
    """Return a flag whose option has the same name."""
    return Flag(name, kind, text, name, ours=ours)


def _own(name: str, kind: type, text: str) -> Flag:
    return _same(name, kind, text, ours=True)


def _path(name: str, text: str) -> Flag:
    return Flag(name, str, text, name, lambda path: Path(path) if path else None, ours=True)


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(Path(path) for path in text.split(",") if path)


def _file(name: str, option: str, text: str, read: Callable[[Path], Any]) -> Flag:
    """Return a flag that names a file; an empty name is none."""
    return Flag(name, str, text, option, lambda path: read(Path(path)) if path else None)


def _idle(name: str, kind: type, default: Any, reason: str) -> Flag:
    return Flag(name, kind, reason, effect=Effect.NONE, default=default)


def _refused(name: str, kind: type, default: Any, reason: str) -> Flag:
    return Flag(name, kind, reason, effect=Effect.REFUSED, default=default)


_THREADS = "one event loop answers; what is slow runs in threads of its own."
_RUNTIME = "it sets up TensorFlow's runtime, and there is none here."

FLAGS = (
    Flag("model", str, "`NAME=DIR`; repeat it for more models", ours=True),
    Flag("model_name", str, "with `--model_base_path`: TensorFlow Serving's way to name one model"),
    Flag("model_base_path", str, "the directory of that model"),
    Flag("model_config_file", str, "a text file of many models; it overrides `--model_name` and `--model_base_path`"),
    Flag(
        "model_config_file_poll_wait_seconds",
        float,
        "seconds between two looks at that file; 0 reads it once",
        "model_config_file_poll_wait_seconds",
    ),
    _own("reload_timeout_seconds", float, "how long a reload waits for models that it adds"),
    _own("host", str, "address to listen on; only this machine unless you say otherwise"),
    _same("port", int, "gRPC; 0 takes a free port"),
    _same("grpc_socket_path", str, "also listen for gRPC on this UNIX socket"),
    _same("rest_api_port", int, "REST; 0 takes a free port"),
    Flag(
        "rest_api_timeout_in_ms",
        int,
        "a REST request that takes longer is answered 504",
        "rest_api_timeout_seconds",
        lambda milliseconds: milliseconds / 1000,
    ),
    _same("rest_api_enable_cors_support", bool, "let any web page call the REST API"),
    _own("max_request_bytes", int, "a larger REST body is answered 413"),
    _own("max_batch_size", int, "rows that share one run at most"),
    _file(
        "batching_parameters_file",
        "batching_parameters",
        "a text file of batching parameters",
        read_batching_parameters,
    ),
    _same("enable_per_model_batching_parameters", bool, "read `batching_params.pbtxt` in each version's directory"),
    _same("file_system_poll_wait_seconds", float, "seconds between two looks for new versions; 0 looks once"),
    _same(
        "allow_version_labels_for_unavailable_models",
        bool,
        "a reload may point new labels to versions that do not answer yet",
    ),
    _own(
        "aspired_version_policy",
        str,
        "`availability`: load the new version, then unload the old one; `resource`: the other way round",
    ),
    _same("num_load_threads", int, "versions that load at the same time; 0 is 1"),
    _same("num_unload_threads", int, "versions closed at the same time in threads; 0 closes them in the event loop"),
    _same("max_num_load_retries", int, "how often a load that failed is tried again"),
    Flag(
        "load_retry_interval_micros",
        int,
        "how long before it is; negative does not wait",
        "load_retry_interval_seconds",
        lambda micros: max(micros, 0) / 1e6,
    ),
    _own("exit_on_failed_load", bool, "end at the start when any model cannot be served, not only when none can"),
    _same("enable_model_warmup", bool, "run a version's warm-up requests before it answers"),
    _same("num_request_iterations_for_warmup", int, "how often each of them; 0 is once"),
    _same("prefer_tflite_model", bool, "serve `model.tflite` where a version has one"),
    _same(
        "num_tflite_pools",
        int,
        "interpreters of a TFLite model, which share the processors; 0 lets a measurement choose",
    ),
    _same(
        "enable_signature_method_name_check", bool, "refuse requests of another kind than the signature's method name"
    ),
    _same("enable_serialization_as_tensor_content", bool, "gRPC answers carry raw bytes rather than lists of numbers"),
    _file("ssl_config_file", "ssl", "a text file of keys and certificates", read_ssl_config),
    _file(
        "monitoring_config_file", "monitoring", "a text file that shows metrics to Prometheus", read_monitoring_config
    ),
    _path("tls_certificate_file", "the server's certificate for both ports, in PEM; read again when it changes"),
    _path("tls_key_file", "its private key"),
    _path("tls_client_ca_file", "who signs the certificates that clients must show (mutual TLS)"),
    _path("security_config_file", "a JSON file: who may do what, how much of it, and where the audit is"),
    _path("traffic_config_file", "a JSON file: aliases, splits, experiments, shadows, rollbacks"),
    _own("engine", str, "what computes: `auto` measures at load, `xla` or `litert`"),
    _own("trust_compiled_models", bool, "run the machine code that unsigned models bring along (`tenon compile`)"),
    _own("require_signed_models", bool, "serve only models that a trusted key has signed"),
    Flag("trusted_keys", str, "files of public keys, separated by commas", "trusted_keys", _paths, ours=True),
    _own("otlp_endpoint", str, "URL of an OpenTelemetry collector, such as `http://localhost:4318/v1/traces`"),
    _own("trace_sampling_rate", float, "the share of requests traced whose client does not say"),
    _own("trace_service_name", str, "the name of this service in traces"),
    _own("log_format", str, "`text` or `json`"),
    _own("workers", int, "processes that share the ports; each holds all models"),
    _own("admin_port", int, "the admin API and its page; 0 takes a free port, without it there is none"),
    _own("admin_host", str, "address of the admin port"),
    _own("drain_seconds", float, "time for requests in flight after SIGTERM"),
    Flag("compile_cache", str, "directory of compiled programs", "compile_cache", Path, ours=True),
    Flag("version", bool, "print the version and end"),
    _idle(
        "enable_batching", bool, False, "requests that arrive together always share a run; --max_batch_size=1 ends it."
    ),
    _idle("enable_grpc_healthcheck_service", bool, False, "the health service is always there."),
    _idle("grpc_channel_arguments", str, "", "they are settings of a library that does not serve here."),
    _idle("grpc_max_threads", int, None, _THREADS),
    _idle("rest_api_num_threads", int, None, _THREADS),
    _idle("flush_filesystem_caches", bool, True, "what is read once stays with the operating system to drop."),
    _idle("tensorflow_session_parallelism", int, 0, _RUNTIME),
    _idle("tensorflow_intra_op_parallelism", int, 0, _RUNTIME),
    _idle("tensorflow_inter_op_parallelism", int, 0, _RUNTIME),
    _idle("remove_unused_fields_from_bundle_metagraph", bool, True, "the server keeps no graph, only programs."),
    _idle("num_tflite_interpreters_per_pool", int, 1, "each interpreter runs one batch; batching is Tenon's own."),
    _idle("xla_cpu_compilation_enabled", bool, False, "every model is compiled with XLA."),
    _idle("xla_gpu_compilation_enabled", bool, False, "every model is compiled with XLA."),
    _idle("enable_profiler", bool, True, "the gRPC port has no ProfilerService."),
    _idle("skip_initialize_tpu", bool, False, "a device is initialized when a model is loaded to it."),
    _refused("platform_config_file", str, "", "`tensorflow` is the only platform; write what it would hold as flags."),
    _refused("tensorflow_session_config_file", str, "", _RUNTIME + " Choose devices with JAX_PLATFORMS."),
    _refused("thread_pool_factory_config_file", str, "", _RUNTIME),
    _refused(
        "per_process_gpu_memory_fraction", float, 0.0, "set the environment's XLA_PYTHON_CLIENT_MEM_FRACTION instead."
    ),
    _refused("saved_model_tags", str, "serve", "a SavedModel has one graph here, under the tag `serve`."),
    _refused("use_alts_credentials", bool, False, "ALTS is of Google's cloud alone; use --ssl_config_file."),
    _refused("mixed_precision", str, "", "save the model in bfloat16 instead."),
)
"""All flags, in the order in which help shows them."""
