"""A real server of both protocols on free ports, in the event loop of its test."""

import asyncio
from contextlib import asynccontextmanager

from granian.server.embed import Server

from tenon.serving.answering import Pipeline
from tenon.serving.http import RsgiApp
from tenon.serving.http2 import GrpcServer
from tenon.serving.inference_protocol import InferenceApi, inference_methods
from tenon.serving.rest import RestApi
from tests.serving.servers import free_port, reachable


@asynccontextmanager
async def serving(models, repository=None):
    """Yield the gRPC port and the REST port, which the API of TensorFlow Serving shares."""
    pipeline = Pipeline(models)
    grpc = GrpcServer(inference_methods(pipeline, repository=repository))
    grpc_port, rest_port = await grpc.listen("127.0.0.1", 0), free_port()
    app = RsgiApp([InferenceApi(pipeline, repository=repository), RestApi(pipeline)])
    rest = Server(app, address="127.0.0.1", port=rest_port, websockets=False, log_enabled=False)
    task = asyncio.create_task(rest.serve())
    try:
        await reachable(rest_port)
        yield grpc_port, rest_port
    finally:
        rest.stop()
        await task
        await grpc.stop(grace=1)
