"""TensorFlow Serving's REST API; beside it, probes and metrics."""

from tenon.serving.rest._api import RestApi
from tenon.serving.rest._metrics import MetricsApi
from tenon.serving.rest._probes import LIVE, READY, STARTED, ProbeApi

__all__ = ["LIVE", "READY", "STARTED", "MetricsApi", "ProbeApi", "RestApi"]
