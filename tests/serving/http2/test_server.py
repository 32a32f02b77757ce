"""gRPC asked by a real gRPC client: the core of grpcio."""

import asyncio
import os
import socket
from contextlib import asynccontextmanager

import grpc
import pytest

from tenon.base import NotFoundError, ResourceExhaustedError, UnavailableError
from tenon.serving.http2 import GrpcServer, Streaming, Unary
from tests.serving.http2.frames import METHODS, connected, serving
from tests.serving.servers import ANY_SIZE

SAY, TWICE = "/test.Echo/Say", "/test.Echo/Twice"


@asynccontextmanager
async def channel(methods=None, options=(), compression=None, **limits):
    async with serving(methods, **limits) as (server, port):
        address = f"127.0.0.1:{port}"
        async with grpc.aio.insecure_channel(address, [*ANY_SIZE, *options], compression) as made:
            yield made, server, port


def run(main):
    return asyncio.run(asyncio.wait_for(main, 60))


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip, grpc.Compression.Deflate])
@pytest.mark.parametrize("size", [0, 1, 70_000, 5_000_000])
def test_messages_of_any_size_come_back(size, compression):
    async def main():
        async with channel(compression=compression) as (client, _, _):
            message = os.urandom(size // 2) + bytes(size - size // 2)
            assert await client.unary_unary(SAY)(message) == message

    run(main())


def test_many_calls_share_a_connection():
    async def main():
        async with channel() as (client, _, _):
            say = client.unary_unary(SAY)
            answers = await asyncio.gather(*(say(bytes([n % 256]) * n) for n in range(300)))
            assert answers == [bytes([n % 256]) * n for n in range(300)]

    run(main())


def test_streams_go_both_ways():
    async def main():
        async with channel() as (client, _, _):
            large = os.urandom(300_000)

            async def requests():
                for message in (b"a", large, b""):
                    yield message

            got = [message async for message in client.stream_stream(TWICE)(requests())]
            assert got == [b"a", b"a", large, large, b"", b""]
            slow = client.stream_stream(TWICE)()
            await slow.write(b"1")
            assert [await slow.read(), await slow.read()] == [b"1", b"1"]
            await slow.done_writing()
            assert await slow.read() is grpc.aio.EOF

    run(main())


async def refuse(data, context):
    context.trailing_metadata = [("retry-after", "3")]
    raise NotFoundError("no Zoë, 100 %\n" + data.decode())


async def break_down(data, context):
    raise ValueError("a secret of the server")


async def break_off(requests, context):
    yield b"one"
    raise UnavailableError("not now")


async def put_off(data, context):
    raise ResourceExhaustedError("too many", retry_after=float(data))


BAD = {
    SAY: Unary(refuse),
    "/test.Echo/Break": Unary(break_down),
    TWICE: Streaming(break_off),
    "/test.Echo/PutOff": Unary(put_off),
}


def test_errors_arrive_with_code_text_and_metadata(caplog):
    async def main():
        async with channel(BAD) as (client, _, _):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await client.unary_unary(SAY)(b"x")
            assert raised.value.code() is grpc.StatusCode.NOT_FOUND
            assert raised.value.details() == "no Zoë, 100 %\nx"
            assert dict(raised.value.trailing_metadata())["retry-after"] == "3"
            with pytest.raises(grpc.aio.AioRpcError, match="too many") as raised:
                await client.unary_unary("/test.Echo/PutOff")(b"0.25")
            assert dict(raised.value.trailing_metadata())["grpc-retry-pushback-ms"] == "250"
            with pytest.raises(grpc.aio.AioRpcError, match="Internal error") as raised:
                await client.unary_unary("/test.Echo/Break")(b"x")
            assert "secret" not in raised.value.details()
            stream = client.stream_stream(TWICE)()
            assert await stream.read() == b"one"
            with pytest.raises(grpc.aio.AioRpcError, match="not now"):
                await stream.read()
            with pytest.raises(grpc.aio.AioRpcError, match=r"Method not found: /test\.Echo/None") as raised:
                await client.unary_unary("/test.Echo/None")(b"x")
            assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED

    run(main())
    assert "a secret of the server" in caplog.text


def test_metadata_and_the_deadline_reach_the_method():
    seen = {}

    async def look(data, context):
        seen.update(context.metadata)
        seen["left"] = context.deadline - asyncio.get_running_loop().time()
        seen["remote"] = context.remote
        return b""

    async def main():
        async with channel({SAY: Unary(look)}) as (client, _, _):
            await client.unary_unary(SAY)(
                b"", metadata=[("x-key", "a"), ("x-key", "b"), ("k-bin", b"\0\xff")], timeout=9
            )

    run(main())
    assert seen["x-key"] == "a,b"
    assert seen["k-bin"].rstrip("=") == "AP8"
    assert 5 < seen["left"] < 10
    assert seen["remote"].startswith("127.0.0.1:")


@pytest.mark.parametrize("by", ["deadline", "client"])
def test_a_call_that_nobody_waits_for_is_cancelled(by):
    async def main():
        cancelled, begun = asyncio.Event(), asyncio.Event()

        async def wait(data, context):
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        async with channel({SAY: Unary(wait)}) as (client, _, _):
            call = client.unary_unary(SAY)(b"", timeout=0.2 if by == "deadline" else None)
            await begun.wait()
            if by == "client":
                call.cancel()
            await cancelled.wait()
            if by == "deadline":
                assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    run(main())


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_a_message_above_the_limit_is_refused_and_the_connection_lives(compression):
    async def main():
        async with channel(compression=compression, message_bytes=10_000) as (client, _, _):
            with pytest.raises(grpc.aio.AioRpcError, match="at most 10000 bytes") as raised:
                await client.unary_unary(SAY)(bytes(5_000_000))
            assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert await client.unary_unary(SAY)(b"small") == b"small"

    run(main())


def test_a_unix_socket_serves_as_well(tmp_path):
    async def main():
        async with serving() as (server, _):
            await server.listen_unix(str(tmp_path / "s"))
            async with grpc.aio.insecure_channel(f"unix:{tmp_path / 's'}") as client:
                assert await client.unary_unary(SAY)(b"hi") == b"hi"

    run(main())


def test_servers_share_a_unix_socket_that_is_bound_already(tmp_path):
    async def main():
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(tmp_path / "s"))
            async with serving() as (one, _), serving() as (other, _):
                await one.listen_unix(bound.dup())
                await other.listen_unix(bound.dup())
                await one.stop(grace=1)
                async with grpc.aio.insecure_channel(f"unix:{tmp_path / 's'}") as client:
                    assert await client.unary_unary(SAY)(b"hi") == b"hi"

    run(main())


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_the_address_of_all_takes_ipv4_as_well():
    """asyncio's own sockets for ``::`` do not, and REST's do: one of a server's ports was not there for IPv4."""

    async def main():
        server = GrpcServer({SAY: METHODS[SAY]})
        port = await server.listen("::", 0)
        for host in ("127.0.0.1", "[::1]"):
            async with grpc.aio.insecure_channel(f"{host}:{port}") as client:
                assert await client.unary_unary(SAY)(b"hello") == b"hello"
        await server.stop(1)

    run(main())


def test_connections_above_the_limit_are_closed():
    async def main():
        server = GrpcServer(METHODS, max_connections=1)
        port = await server.listen("127.0.0.1", 0)
        async with connected(port) as first, connected(port) as second:
            assert await first.frame()
            while await second.frame() is not None:
                pass
        await server.stop(grace=0.01)

    run(main())
