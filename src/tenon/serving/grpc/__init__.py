"""TensorFlow Serving's gRPC services, and the standard health service."""

from tenon.serving.grpc._health import HEALTH_SERVICES, Health
from tenon.serving.grpc._records import run_record
from tenon.serving.grpc._services import grpc_methods

__all__ = ["HEALTH_SERVICES", "Health", "grpc_methods", "run_record"]
