"""TensorFlow Serving's REST API."""

from tenon.serving.rest._api import RestApi
from tenon.serving.rest._rsgi import DEFAULT_MAX_REQUEST_BYTES, DEFAULT_TIMEOUT_SECONDS, RsgiApp

__all__ = [
    "DEFAULT_MAX_REQUEST_BYTES",
    "DEFAULT_TIMEOUT_SECONDS",
    "RestApi",
    "RsgiApp",
]
