"""All that a server is told, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.serving.batching import batch_sizes
from tenon.serving.configuration._model_server_config import (
    ModelConfig,
    ModelServerConfig,
    read_model_server_config,
)
from tenon.serving.configuration._monitoring_config import MonitoringConfig
from tenon.serving.engines import EngineKind
from tenon.serving.http import DEFAULT_MAX_REQUEST_BYTES, DEFAULT_TIMEOUT_SECONDS
from tenon.serving.lifecycle import ASPIRED_VERSION_POLICIES
from tenon.serving.security import TlsConfig


@dataclass(frozen=True)
class ServerOptions:
    """How to serve.

    Name the models by ``models``, ``config`` or ``model_config_file``: one of the three. Fields that are TensorFlow
    Serving's flags mean what they mean there.

    Args:
        models: a base directory of numbered versions (or one SavedModel) per model name.
        config: the models with their version policies and labels.
        model_config_file: where such a config is written as text; it is read by ``model_server_config``.
        host: the address to listen on; the loopback by default.
        port: gRPC port; 0 takes a free one.
        grpc_socket_path: also listen for gRPC on this UNIX socket; empty for none.
        rest_api_port: REST port; 0 takes a free one.
        rest_api_timeout_seconds: a REST request that takes longer is answered 504.
        rest_api_enable_cors_support: let any web page call the REST API.
        max_request_bytes: a larger REST body is answered 413.
        max_batch_size: rows that share one run at most; programs are compiled for its powers of two.
        batching_parameters: a ``tensorflow.serving.BatchingParameters`` message, or ``None`` for Tenon's own.
        enable_per_model_batching_parameters: read ``batching_params.pbtxt`` in each version's directory.
        file_system_poll_wait_seconds: seconds between two looks for new versions; 0 looks once.
        model_config_file_poll_wait_seconds: seconds between two looks at ``model_config_file``; 0 reads it once.
        reload_timeout_seconds: how long a reload waits for models that it adds.
        allow_version_labels_for_unavailable_models: a reload may point new labels to versions that do not answer yet.
        aspired_version_policy: a key of ``ASPIRED_VERSION_POLICIES``: ``availability`` loads the new version before
            the old one is unloaded, ``resource`` after.
        num_load_threads: versions that load at the same time; 0 is 1.
        num_unload_threads: versions that are closed at the same time in threads; 0 closes them in the event loop.
        max_num_load_retries: how often a load that failed is tried again.
        load_retry_interval_seconds: how long before it is.
        exit_on_failed_load: whether the server ends at its start when any model cannot be served; by default it ends
            only when none can.
        enable_model_warmup: run the requests that a version's directory holds before the version answers.
        num_request_iterations_for_warmup: how often each of them; 0 is once.
        prefer_tflite_model: serve ``model.tflite`` where a version has one.
        num_tflite_pools: interpreters of a TFLite model, which share the processors; 0 lets a measurement choose.
        enable_signature_method_name_check: refuse requests of another kind than the signature's method name tells.
        enable_serialization_as_tensor_content: gRPC answers carry raw bytes rather than lists of numbers.
        ssl: keys and certificates of the gRPC port alone, as TensorFlow Serving has them; ``None`` for ``tls``.
        tls_certificate_file: the server's certificate for both ports, in PEM; ``None`` to listen in clear.
        tls_key_file: its private key.
        tls_client_ca_file: who signs the certificates that clients must show; ``None`` to ask for none.
        security_config_file: who may do what, and how much of it; ``None`` lets everybody in.
        traffic_config_file: aliases, splits, experiments, shadows and rollbacks; ``None`` for none.
        engine: what computes: ``auto`` measures at load, ``xla`` or ``litert``.
        trust_compiled_models: run the machine code that unsigned models bring along (``tenon compile``).
        require_signed_models: serve only models signed by a key in ``trusted_keys``.
        trusted_keys: files of public keys.
        otlp_endpoint: URL of an OpenTelemetry collector (OTLP over HTTP); empty to trace nothing.
        trace_sampling_rate: the share of requests traced whose client does not say.
        trace_service_name: the name of this service in traces.
        log_format: ``text`` or ``json``; whoever sets up logging acts upon it.
        monitoring: whether and where metrics are shown, or ``None`` for Tenon's own choice.
        workers: processes that serve together; 1 is this process alone.
        admin_port: port of the admin API and its page; 0 takes a free one, ``None`` has none.
        admin_host: the address of that port; the loopback by default.
        drain_seconds: how long requests in flight may take after a stop was asked for.
        compile_cache: directory of compiled programs; ``None`` for the user's cache folder.

    Raises:
        InvalidArgumentError: no model, a name that no URL can hold, or a number out of its range; seconds are finite
            and not negative.
    """

    models: Mapping[str, Path] = field(default_factory=dict)
    config: ModelServerConfig | None = None
    model_config_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8500
    grpc_socket_path: str = ""
    rest_api_port: int = 8501
    rest_api_timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    rest_api_enable_cors_support: bool = False
    max_request_bytes: int = DEFAULT_MAX_REQUEST_BYTES
    max_batch_size: int = 64
    batching_parameters: Any = None
    enable_per_model_batching_parameters: bool = False
    file_system_poll_wait_seconds: float = 1.0
    model_config_file_poll_wait_seconds: float = 0.0
    reload_timeout_seconds: float = 600.0
    allow_version_labels_for_unavailable_models: bool = False
    aspired_version_policy: str = "availability"
    num_load_threads: int = 0
    num_unload_threads: int = 0
    max_num_load_retries: int = 5
    load_retry_interval_seconds: float = 60.0
    exit_on_failed_load: bool = False
    enable_model_warmup: bool = True
    num_request_iterations_for_warmup: int = 0
    prefer_tflite_model: bool = False
    num_tflite_pools: int = 0
    enable_signature_method_name_check: bool = False
    enable_serialization_as_tensor_content: bool = False
    ssl: TlsConfig | None = None
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    tls_client_ca_file: Path | None = None
    security_config_file: Path | None = None
    traffic_config_file: Path | None = None
    engine: str = "auto"
    trust_compiled_models: bool = False
    require_signed_models: bool = False
    trusted_keys: tuple[Path, ...] = ()
    otlp_endpoint: str = ""
    trace_sampling_rate: float = 0.0
    trace_service_name: str = "tenon"
    log_format: str = "text"
    monitoring: MonitoringConfig | None = None
    workers: int = 1
    admin_port: int | None = None
    admin_host: str = "127.0.0.1"
    drain_seconds: float = 30.0
    compile_cache: Path | None = None

    def __post_init__(self) -> None:
        self._check_models()
        self._check_numbers()
        self._check_choices()

    def _check_models(self) -> None:
        given = [name for name in ("models", "config", "model_config_file") if getattr(self, name)]
        if not given and self.config is None:
            raise InvalidArgumentError("models: name at least one model and its directory; received none.")
        if len(given) > 1:
            raise InvalidArgumentError(f"{given[0]}: name the models in one way; received {given}. Drop all but one.")
        if self.models:
            _configured(self.models)

    def _check_numbers(self) -> None:
        batch_sizes(self.max_batch_size)
        for name in _SECONDS:
            if not 0 <= getattr(self, name) < math.inf:
                raise InvalidArgumentError(
                    f"{name}: must be a number of seconds, at least 0; received {getattr(self, name)}."
                )
        for name in _COUNTS:
            if not 0 <= getattr(self, name) < 2**31:
                raise InvalidArgumentError(f"{name}: must be at least 0; received {getattr(self, name)}.")
        if not 1 <= self.workers <= MAX_WORKERS:
            raise InvalidArgumentError(f"workers: must lie in 1..{MAX_WORKERS}; received {self.workers}.")
        for name in ("port", "rest_api_port", "admin_port"):
            if not 0 <= (getattr(self, name) or 0) < 2**16:
                raise InvalidArgumentError(f"{name}: must lie in 0..65535; received {getattr(self, name)}.")
        if self.port == self.rest_api_port != 0:
            raise InvalidArgumentError(f"rest_api_port: must differ from port; received {self.port} for both.")
        if self.admin_port and self.admin_port in (self.port, self.rest_api_port):
            raise InvalidArgumentError(f"admin_port: must differ from the others; received {self.admin_port} twice.")

    def _check_choices(self) -> None:
        if self.aspired_version_policy not in ASPIRED_VERSION_POLICIES:
            raise InvalidArgumentError(
                f"aspired_version_policy: must be one of {sorted(ASPIRED_VERSION_POLICIES)}; "
                f"received {self.aspired_version_policy!r}."
            )
        if self.model_config_file_poll_wait_seconds and self.model_config_file is None:
            raise InvalidArgumentError(
                "model_config_file_poll_wait_seconds: needs a model_config_file to look at; "
                f"received {self.model_config_file_poll_wait_seconds} without one."
            )

        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise InvalidArgumentError(
                "tls_certificate_file: needs tls_key_file, and the other way round; received "
                f"{str(self.tls_certificate_file)!r} and {str(self.tls_key_file)!r}."
            )
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise InvalidArgumentError("tls_client_ca_file: needs tls_certificate_file; received none. Name it too.")
        if self.require_signed_models and not self.trusted_keys:
            raise InvalidArgumentError("require_signed_models: needs trusted_keys; received none. Name public keys.")
        for name, choices in (("log_format", LOG_FORMATS), ("engine", ENGINES)):
            if getattr(self, name) not in choices:
                raise InvalidArgumentError(f"{name}: must be one of {choices}; received {getattr(self, name)!r}.")
        if not 0 <= self.trace_sampling_rate <= 1:
            raise InvalidArgumentError(
                f"trace_sampling_rate: must lie between 0 and 1; received {self.trace_sampling_rate}."
            )

    def told(self) -> dict[str, Any]:
        """Return what differs from the defaults, JSON-able, for operators; what is secret is named and not told."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _told(name, value) for name, value in given.items() if value != _DEFAULTS.get(name)}

    @property
    def tls(self) -> TlsConfig | None:
        """Certificate and key of both ports; ``None`` where they listen in clear."""
        if self.tls_certificate_file is None or self.tls_key_file is None:
            return None
        client_ca = self.tls_client_ca_file
        return TlsConfig(self.tls_certificate_file, self.tls_key_file, client_ca, client_verify=client_ca is not None)

    def model_server_config(self) -> ModelServerConfig:
        """Return the models to serve at the start; a ``model_config_file`` is read now.

        Raises:
            NotFoundError: there is no such file.
            PermissionDeniedError: it may not be read.
            InvalidArgumentError: it breaks a rule.
        """
        if self.model_config_file is not None:
            return read_model_server_config(self.model_config_file)
        return _configured(self.models) if self.config is None else self.config


MAX_WORKERS = 256
"""Processes that one server may consist of; more are a slip of the keyboard."""

ENGINES = tuple(kind.value for kind in EngineKind)
"""What may compute."""

LOG_FORMATS = ("text", "json")
"""How log lines may look."""

_SECONDS = (
    "file_system_poll_wait_seconds",
    "rest_api_timeout_seconds",
    "drain_seconds",
    "model_config_file_poll_wait_seconds",
    "load_retry_interval_seconds",
    "reload_timeout_seconds",
)
_COUNTS = (
    "max_num_load_retries",
    "num_load_threads",
    "num_request_iterations_for_warmup",
    "num_tflite_pools",
    "num_unload_threads",
)


def _configured(models: Mapping[str, Path]) -> ModelServerConfig:
    return ModelServerConfig(tuple(ModelConfig(name, path.absolute()) for name, path in models.items()))


_DEFAULTS = {field.name: field.default for field in fields(ServerOptions) if field.default is not MISSING}


def _told(name: str, value: Any) -> Any:
    if name in ("ssl", "config", "models", "batching_parameters", "monitoring"):
        return "given"
    return value if isinstance(value, bool | int | float | str) else str(value)
