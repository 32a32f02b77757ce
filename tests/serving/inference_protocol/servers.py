"""A real server of both protocols on free ports, in the event loop of its test."""

from contextlib import asynccontextmanager

from tenon.serving.answering import Pipeline
from tenon.serving.http2 import GrpcServer
from tenon.serving.inference_protocol import InferenceApi, inference_methods
from tenon.serving.rest import RestApi
from tests.serving.servers import http_serving


@asynccontextmanager
async def serving(models, repository=None):
    """Yield the gRPC port and the REST port, which the API of TensorFlow Serving shares."""
    pipeline = Pipeline(models)
    grpc = GrpcServer(inference_methods(pipeline, repository=repository))
    grpc_port = await grpc.listen("127.0.0.1", 0)
    try:
        async with http_serving([InferenceApi(pipeline, repository=repository), RestApi(pipeline)]) as rest_port:
            yield grpc_port, rest_port
    finally:
        await grpc.stop(grace=1)
