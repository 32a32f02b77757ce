"""TLS around a connection: whole, in pieces, large, broken."""

import asyncio
import socket
import ssl
from contextlib import suppress

import pytest

from tenon.serving.http import HttpServer
from tenon.serving.http._connection import Connection
from tenon.serving.http._tls_transport import TlsTransport
from tenon.serving.security import TlsConfig
from tests.serving.http.test_connection import GET, POST, Echo, answer, connected, ended, until
from tests.serving.security.credentials import certificate

CONTEXT = TlsConfig(*certificate()).load().ssl_context(["http/1.1"])
CLIENT = ssl._create_unverified_context()


def run(body):
    async def main():
        server = HttpServer([api := Echo()])
        port = await server.listen("127.0.0.1", 0, tls=CONTEXT)
        try:
            await asyncio.wait_for(body(server, api, port), 30)
        finally:
            api.gate.set()
            await server.stop(grace=0)

    asyncio.run(main())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_requests_and_answers_of_any_size_pass(version):
    client = ssl._create_unverified_context()
    client.minimum_version = client.maximum_version = version

    async def body(server, api, port):
        async with connected(port, ssl=client, limit=2**26) as (reader, writer):
            writer.write(GET % b"a" + POST % (b"b", 3) + b"abc")
            assert [await answer(reader) for _ in range(2)] == [(200, b"/a "), (200, b"/b abc")]
            writer.write(POST % (b"c", 2**24) + bytes(2**24))
            assert len((await answer(reader))[1]) == 2**24 + 3
            writer.write(GET % b"large" * 3)
            assert [len((await answer(reader))[1]) for _ in range(3)] == [2**22 + 7] * 3

    run(body)


async def shake_hands(reader, writer):
    """Return a client's side of TLS whose bytes are sent one by one."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = CLIENT.wrap_bio(incoming, outgoing)
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            await drip(writer, outgoing.read())
            incoming.write(await reader.read(2**16))
        else:
            await drip(writer, outgoing.read())
            return tls, incoming, outgoing


async def drip(writer, data):
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(0)


def test_records_may_come_byte_by_byte():
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tls, incoming, outgoing = await shake_hands(reader, writer)
            tls.write(GET % b"a")
            await drip(writer, outgoing.read())
            while True:
                incoming.write(await reader.read(2**16))
                try:
                    assert tls.read(2**16).endswith(b"/a ")
                    return
                except ssl.SSLWantReadError:
                    pass

    run(body)


@pytest.mark.parametrize("noise", [GET % b"a", bytes(100), b"\x16\x03\x01\xff\xff" + bytes(100)])
def test_what_is_no_tls_ends_the_connection(noise):
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            writer.write(noise)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)  # perhaps an alert
        await until(lambda: not server._connections)
        assert api.asked == []

    run(body)


def test_a_broken_record_ends_the_connection():
    async def body(server, api, port):
        async with connected(port) as (reader, writer):
            tls, _, outgoing = await shake_hands(reader, writer)
            tls.write(GET % b"a")
            record = bytearray(outgoing.read())
            record[-1] ^= 1
            writer.write(bytes(record))
            await asyncio.wait_for(reader.read(), 10)
        await until(lambda: not server._connections)
        assert api.asked == []

    run(body)


def test_a_client_that_says_goodbye_is_let_go():
    async def body(server, api, port):
        async with connected(port, ssl=CLIENT) as (reader, writer):
            writer.write(GET % b"a")
            assert await answer(reader) == (200, b"/a ")
        await until(lambda: not server._connections)

    run(body)


def test_an_answer_that_ends_the_connection_ends_it():
    async def body(server, api, port):
        async with connected(port, ssl=CLIENT) as (reader, writer):
            writer.write(b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert await answer(reader) == (200, b"/a ")
            assert await ended(reader)

    run(body)


def test_a_client_that_does_not_shake_hands_is_left():
    async def main():
        server = HttpServer([Echo()])
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: TlsTransport(Connection(server), CONTEXT, 0.01), "127.0.0.1", 0)
        async with connected(listener.sockets[0].getsockname()[1]) as (reader, _):
            with suppress(ConnectionError):
                assert await ended(reader)
        await until(lambda: not server._connections)
        listener.close()

    asyncio.run(main())
