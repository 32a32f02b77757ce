"""Real servers on free ports of the loopback, each in the event loop of its test."""

import socket
from contextlib import asynccontextmanager

from tenon.serving.answering import Pipeline
from tenon.serving.grpc import Health, grpc_methods
from tenon.serving.http import HttpServer
from tenon.serving.http2 import GrpcServer
from tenon.serving.rest import RestApi

ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
"""Options of a channel for messages of any size."""


@asynccontextmanager
async def grpc_serving(models, **options):
    """Yield the health and the port of a gRPC server; ``options`` are those of ``grpc_methods``."""
    health = Health()
    server = GrpcServer({**grpc_methods(Pipeline(models), **options), **health.methods()})
    port = await server.listen("127.0.0.1", 0)
    try:
        yield health, port
    finally:
        health.close()
        await server.stop(grace=1)


@asynccontextmanager
async def rest_serving(models, **options):
    """Yield the port of a REST server; ``options`` are those of ``HttpServer``."""
    async with http_serving([RestApi(Pipeline(models))], **options) as port:
        yield port


@asynccontextmanager
async def http_serving(apis, tls=None, **options):
    """Yield the port of a server of some APIs; ``options`` are those of ``HttpServer``."""
    server = HttpServer(apis, **options)
    try:
        yield await server.listen("127.0.0.1", 0, tls=tls)
    finally:
        await server.stop(grace=0)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
