"""Real servers on free ports of the loopback, each in the event loop of its test."""

import asyncio
import socket
from contextlib import asynccontextmanager

import grpc
from granian.server.embed import Server

from tenon.serving.answering import Pipeline
from tenon.serving.grpc._services import SERVER_OPTIONS, grpc_services
from tenon.serving.http import RsgiApp
from tenon.serving.rest import RestApi


@asynccontextmanager
async def grpc_serving(models):
    """Yield the services and the port of a gRPC server."""
    services = await grpc_services(Pipeline(models))
    server = grpc.aio.server(options=SERVER_OPTIONS)
    server.add_generic_rpc_handlers(services.handlers)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield services, port
    finally:
        await server.stop(None)


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
