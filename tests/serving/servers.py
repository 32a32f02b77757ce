"""Real servers on free ports of the loopback, each in the event loop of its test."""

import asyncio
import socket
from contextlib import asynccontextmanager

from granian.server.embed import Server

from tenon.serving.answering import Pipeline
from tenon.serving.grpc import Health, grpc_methods
from tenon.serving.http import RsgiApp
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
    """Yield the port of a granian; ``options`` are those of ``RsgiApp``."""
    app, port = RsgiApp([RestApi(Pipeline(models))], **options), free_port()
    server = Server(app, address="127.0.0.1", port=port, websockets=False, log_enabled=False)
    task = asyncio.create_task(server.serve())
    try:
        await reachable(port)
        yield port
    finally:
        server.stop()
        await task


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def reachable(port):
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            await writer.wait_closed()
            return
