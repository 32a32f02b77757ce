"""TensorFlow Serving's gRPC services."""

from tenon.serving.grpc._services import SERVER_OPTIONS, GrpcServices, grpc_services

__all__ = [
    "SERVER_OPTIONS",
    "GrpcServices",
    "grpc_services",
]
