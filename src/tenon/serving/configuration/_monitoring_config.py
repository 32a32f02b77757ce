"""Whether and where metrics are shown: TensorFlow Serving's ``MonitoringConfig``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenon.base import InvalidArgumentError
from tenon.serving.configuration._text_proto import read_text

DEFAULT_METRICS_PATH = "/monitoring/prometheus/metrics"
"""Where TensorFlow Serving shows metrics."""


@dataclass(frozen=True)
class MonitoringConfig:
    """Metrics for Prometheus.

    Args:
        enable: whether they are shown.
        path: under which path of the REST port; it may not lie in the API's ``/v1/``.

    Raises:
        InvalidArgumentError: ``path`` does not begin with a slash, has a query, or begins with ``/v1/``.

    Example:
        >>> MonitoringConfig(enable=True).path
        '/monitoring/prometheus/metrics'
    """

    enable: bool = False
    path: str = DEFAULT_METRICS_PATH

    def __post_init__(self) -> None:
        taken = self.path.lower().startswith("/v1/")
        if not self.path.startswith("/") or taken or {"?", "#"} & set(self.path):
            raise InvalidArgumentError(
                f"prometheus_config.path: must begin with '/', not lie under '/v1/' and have neither '?' nor '#'; "
                f"received {self.path!r}. The usual one is {DEFAULT_METRICS_PATH!r}."
            )


def read_monitoring_config(path: Path) -> MonitoringConfig:
    """Read a ``--monitoring_config_file``: ``tensorflow.serving.MonitoringConfig`` as text.

    Args:
        path: the file.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it is no such text, or the path in it cannot be one; the message names the file.
    """
    prometheus = read_text(path, "tensorflow.serving.MonitoringConfig").prometheus_config
    try:
        return MonitoringConfig(prometheus.enable, prometheus.path or DEFAULT_METRICS_PATH)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{path}: {error.message}") from error
