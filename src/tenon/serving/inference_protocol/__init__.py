"""The Open Inference Protocol, version 2, over REST and gRPC."""

from tenon.serving.inference_protocol._grpc import inference_methods
from tenon.serving.inference_protocol._repository import ModelIndex, Repository, served_models
from tenon.serving.inference_protocol._rest import InferenceApi

__all__ = [
    "InferenceApi",
    "ModelIndex",
    "Repository",
    "inference_methods",
    "served_models",
]
