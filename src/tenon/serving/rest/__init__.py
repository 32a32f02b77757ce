"""TensorFlow Serving's REST API."""

from tenon.serving.rest._api import RestApi

__all__ = ["RestApi"]
