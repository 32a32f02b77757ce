"""A server is asked: arrays in, arrays out, over gRPC or REST, again if it could not take the request.

Needs no JAX: ``import tenon.serving.client`` is light enough for a web application.
"""

from tenon.serving.client._client import Client
from tenon.serving.client._examples import Classification
from tenon.serving.client._json import from_json, to_json
from tenon.serving.client._retries import RetryPolicy
from tenon.serving.client._signatures import ModelMetadata, SignatureInfo, TensorInfo

__all__ = [
    "Classification",
    "Client",
    "ModelMetadata",
    "RetryPolicy",
    "SignatureInfo",
    "TensorInfo",
    "from_json",
    "to_json",
]
