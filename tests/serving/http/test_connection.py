"""Connections of HTTP/1.1, byte by byte."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager

import pytest

from tenon.serving.http import HttpApi, HttpServer, Response, error_body, http_status
from tenon.serving.http import _connection as connections
from tenon.serving.security import TlsConfig
from tests.serving.security.credentials import certificate, private_key

GET = b"GET /%b HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /%b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"


class Echo(HttpApi):
    """Answers with the path and the body; ``/wait`` when the gate opens, ``/refuse`` without a look at the body."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.asked = []

    def handles(self, path):
        return True

    async def respond(self, request):
        self.asked.append(request.path)
        if request.path == "/fail":
            raise ValueError("mine")
        if request.path == "/refuse":
            return Response(401, [], b"no")
        if request.path == "/wait":
            await self.gate.wait()
        try:
            body = await request.body()
        except Exception as error:
            return self.error(error)
        if request.path == "/large":
            body = bytes(2**22)
        return Response(200, [], request.path.encode() + b" " + body)

    def error(self, error):
        return Response(http_status(error), [], error_body(error.message))


@asynccontextmanager
async def serving(**options):
    server = HttpServer([api := Echo()], **options)
    try:
        yield server, api, await server.listen("127.0.0.1", 0)
    finally:
        api.gate.set()
        await server.stop(grace=0)


@asynccontextmanager
async def connected(port, **options):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, **options)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(reader):
    """Return status and body of the next response."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
    if "Content-Length: " not in head:
        return int(head.split()[1]), b""
    return int(head.split()[1]), await reader.readexactly(int(head.split("Content-Length: ")[1].split()[0]))


async def ended(reader):
    return await asyncio.wait_for(reader.read(), 10) == b""


async def until(condition):
    while not condition():
        await asyncio.sleep(0.001)


def run(body, **options):
    async def main():
        async with serving(**options) as parts:
            await asyncio.wait_for(body(*parts), 30)

    asyncio.run(main())


def test_requests_that_come_together_are_answered_one_after_the_other():
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(GET % b"wait" + POST % (b"a", 3) + b"abc\r\n" + GET % b"b")
            await until(lambda: api.asked == ["/wait"])
            api.gate.set()
            answers = [await answer(reader) for _ in range(3)]
            assert answers == [(200, b"/wait "), (200, b"/a abc"), (200, b"/b ")]

    run(body)


def test_heads_that_repeat_and_heads_that_only_begin_alike_are_told_apart():
    a, b, get = POST % (b"a", 3), POST % (b"a", 33), GET % b"a"
    inner = (get + a)[:33]  # a body may look like a head
    sent = [a + b"abc", a + b"def", a + get[:3], b + inner, a + b"\r\n\r", b"\r\n" + a + b"POS", get, get, a + b"xyz"]
    bodies = [b"abc", b"def", b"GET", inner, b"\r\n\r", b"POS", b"", b"", b"xyz"]

    async def body(server, api, port):
        for pieces in (sent, [b"".join(sent)]):
            async with connected(port) as (reader, writer):
                answers = []
                for piece in pieces:
                    writer.write(piece)
                    answers += [await answer(reader) for _ in range(len(bodies) // len(pieces))]
                assert answers == [(200, b"/a " + one) for one in bodies]

    run(body)


def test_bodies_have_their_limit_whether_they_come_with_their_heads_or_behind_them():
    async def body(server, api, port):
        for pause in (0, 0.01):
            async with connected(port) as (reader, writer):
                for size, status in ((5, 200), (6, 413)):
                    writer.write(POST % (b"a", size))
                    await asyncio.sleep(pause)
                    writer.write(bytes(size))
                    assert (await answer(reader))[0] == status

    run(body, max_request_bytes=5)


def test_requests_may_come_byte_by_byte():
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in POST % (b"a", 2) + b"xy":
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
            assert await answer(reader) == (200, b"/a xy")

    run(body)


def test_a_client_may_wait_for_leave_to_send():
    async def body(server, api, port):
        head = b"POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        async with connected(port) as (reader, writer):
            writer.write(head % 3)
            assert await answer(reader) == (100, b"")
            writer.write(b"abc")
            assert await answer(reader) == (200, b"/a abc")
            writer.write(head % 3 + b"abc")  # it did not wait, so nobody tells it to go on
            assert await answer(reader) == (200, b"/a abc")
            writer.write(head % 2000)
            assert (await answer(reader))[0] == 413
            assert await ended(reader)

    run(body, max_request_bytes=1000)


@pytest.mark.parametrize(
    ("request_", "stays"),
    [
        (GET % b"a", True),
        (b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", False),
        (b"GET /a HTTP/1.0\r\n\r\n", False),
        (b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_connections_stay_or_end_as_their_clients_say(request_, stays):
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(request_)
            assert await answer(reader) == (200, b"/a ")
            if stays:
                writer.write(request_)
                assert await answer(reader) == (200, b"/a ")
            else:
                assert await ended(reader)

    run(body)


def test_the_answer_to_head_has_a_length_and_no_body():
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(b"HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n" + GET % b"a")
            assert b"Content-Length: 5" in await reader.readuntil(b"\r\n\r\n")
            assert await answer(reader) == (200, b"/a ")

    run(body)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /" + b"a" * 2**17, 431),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 2**16 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    ],
)
def test_what_is_no_request_is_told_and_ends_the_connection(text, status):
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(text)
            assert (await answer(reader))[0] == status
            assert await ended(reader)
        await until(lambda: not server._connections)

    run(body)


def test_an_answer_that_did_not_wait_for_the_body_arrives():
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(POST % (b"refuse", 2**24))
            for _ in range(64):
                writer.write(bytes(2**16))
            assert await answer(reader) == (401, b"no")
            assert await ended(reader)

    run(body)


def test_a_body_that_nobody_asks_for_is_not_taken():
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(POST % (b"wait", 2**25) + bytes(2**25))
            await until(lambda: server._connections and not next(iter(server._connections))._is_reading)
            assert len(next(iter(server._connections))._exchange.incoming.data) < 2**20
            api.gate.set()
            assert len((await answer(reader))[1]) == 2**25 + 6

    run(body)


def test_a_client_that_says_no_more_gets_what_it_asked():
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(GET % b"wait")
            writer.write_eof()
            await until(lambda: api.asked)
            api.gate.set()
            assert await answer(reader) == (200, b"/wait ")
            assert await ended(reader)

    run(body)


def test_an_api_that_fails_is_answered_for(caplog):
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(GET % b"fail" + GET % b"a")
            assert (await answer(reader))[0] == 500
            assert await answer(reader) == (200, b"/a ")

    run(body)
    assert "ValueError: mine" in caplog.text


@pytest.mark.parametrize(
    ("sent", "seconds"), [(b"GET / HT", connections.HEAD_SECONDS), (b"", connections.IDLE_SECONDS)]
)
def test_clients_that_are_slow_or_idle_are_left(sent, seconds):
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(GET % b"a" + sent)
            assert await answer(reader) == (200, b"/a ")
            (connection,) = server._connections
            await until(lambda: connection._buffer == sent)
            now = asyncio.get_running_loop().time()
            connection.check(now + seconds - 1)
            assert not connection._has_parted
            connection.check(now + seconds + 1)
            assert await ended(reader)

    run(body)


def test_a_client_that_drips_a_head_gains_no_time():
    async def body(server, api, port):
        async with connected(port) as (_, writer):
            writer.write(b"GET")
            await until(lambda: server._connections and next(iter(server._connections))._buffer == b"GET")
            (connection,) = server._connections
            began = connection._since
            writer.write(b" /")
            await until(lambda: connection._buffer == b"GET /")
            assert connection._since == began

    run(body)


@pytest.mark.parametrize("request_", [GET % b"large" * 100, b"GET /large HTTP/1.0\r\n\r\n"])
def test_a_client_that_does_not_read_is_held_back_and_left(request_):
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            reader.feed_data(bytes(2**18))  # full: it takes nothing from the network any more
            writer.write(request_)
            await until(lambda: server._connections and not next(iter(server._connections))._can_write)
            (connection,) = server._connections
            await asyncio.sleep(0.01)
            assert len(api.asked) < 20
            now = asyncio.get_running_loop().time()
            connection.check(now)
            connection.check(now + 1)
            assert connection._transport is not None
            connection.check(now + connections.STALL_SECONDS + 2)
            await until(lambda: not server._connections)

    run(body)


def test_a_client_that_reads_slowly_gets_all():
    async def body(server, api, port):
        async with connected(port, limit=2**16) as (reader, writer):
            writer.write(GET % b"large" * 5)
            for _ in range(5):
                assert len((await answer(reader))[1]) == 2**22 + 7

    run(body)


def test_more_connections_than_there_may_be_wait():
    async def body(server, api, port):
        async with connected(port) as (reader, writer), connected(port) as (second, also):
            writer.write(GET % b"a")
            also.write(GET % b"b")
            assert await answer(reader) == (200, b"/a ")
            assert len(server._connections) == 1
            writer.close()
            assert await answer(second) == (200, b"/b ")

    run(body, max_connections=1)


def test_a_stop_answers_what_is_under_way_and_what_waits_in_the_kernel():
    async def main():
        server = HttpServer([api := Echo()], max_connections=2)
        port = await server.listen("127.0.0.1", 0)
        async with connected(port) as (busy, one), connected(port) as (idle, two), connected(port) as (late, three):
            one.write(GET % b"wait")
            two.write(GET % b"b")
            three.write(GET % b"c")
            assert await answer(idle) == (200, b"/b ")
            await until(lambda: "/wait" in api.asked)
            stopping = asyncio.create_task(server.stop(grace=10))
            assert await ended(idle)
            assert await answer(late) == (200, b"/c ")
            assert not stopping.done()
            api.gate.set()
            assert b"Connection: close" in await busy.readuntil(b"\r\n\r\n")
            await stopping
        with pytest.raises(OSError, match=r"(?i)connect"):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(main())


def test_new_certificates_are_for_new_connections_and_old_ones_end_with_an_answer():
    def context(*names):
        return TlsConfig(*certificate(private_key(*names))).load().ssl_context(["http/1.1"])

    def known(port):
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=10)

    async def main():
        server = HttpServer([Echo()])
        port = await server.listen("127.0.0.1", 0, tls=context("ES256"))
        client = ssl._create_unverified_context()
        first = await asyncio.to_thread(known, port)
        async with connected(port, ssl=client) as (reader, writer):
            writer.write(GET % b"a")
            assert await answer(reader) == (200, b"/a ")
            server.renew(context("ES256", 1))
            assert await asyncio.to_thread(known, port) != first
            writer.write(GET % b"b")
            assert b"Connection: close" in await reader.readuntil(b"\r\n\r\n")
        await server.stop(grace=0)

    asyncio.run(main())
