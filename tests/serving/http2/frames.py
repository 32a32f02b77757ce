"""A client of HTTP/2 that writes any frame, right or wrong."""

import asyncio
from contextlib import asynccontextmanager, suppress

from tenon.serving.http2 import GrpcServer, Limits, Streaming, Unary
from tenon.serving.http2._frames import FRAME_HEADER, PREFACE, FrameType, frame, settings_frame
from tenon.serving.http2._headers import HeaderReader, header_block
from tenon.serving.http2._messages import framed

ECHO = "/test.Echo/Say"


def request_headers(path=ECHO, **more):
    fields = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "x", "te": "trailers"}
    fields["content-type"] = "application/grpc"
    return header_block({**fields, **{key.replace("_", "-"): value for key, value in more.items()}}.items())


def headers_frame(number, flags=0x4, **fields):
    return frame(FrameType.HEADERS, flags, number, request_headers(**fields))


def call_frames(number, message=b"hello", **fields):
    return headers_frame(number, **fields) + frame(FrameType.DATA, 0x1, number, framed(message))


HELLO = PREFACE + settings_frame({})


async def echo(data, context):
    return data


async def twice(requests, context):
    async for request in requests:
        yield request
        yield request


async def forever(data, context):
    await asyncio.Event().wait()


METHODS = {ECHO: Unary(echo), "/test.Echo/Twice": Streaming(twice), "/test.Echo/Never": Unary(forever)}


@asynccontextmanager
async def serving(methods=None, **limits):
    server = GrpcServer(methods or METHODS, Limits(**limits))
    port = await server.listen("127.0.0.1", 0)
    try:
        yield server, port
    finally:
        await server.stop(grace=0.01)


class Peer:
    """The client's end of a connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.headers = reader, writer, HeaderReader()

    def send(self, data):
        self.writer.write(data)

    async def frame(self):
        """Return the next frame as (type, flags, stream, payload), or None at the end."""
        try:
            word, flags, number = FRAME_HEADER.unpack(await asyncio.wait_for(self.reader.readexactly(9), 10))
            return word & 0xFF, flags, number, await self.reader.readexactly(word >> 8)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None

    async def until(self, *kinds):
        """Return the next frame of one of these types, or None at the end."""
        while (found := await self.frame()) is not None and found[0] not in kinds:
            pass
        return found

    async def answer(self, number):
        """Return the data and the last headers of a stream's answer; a reset gives its code."""
        data, fields = b"", {}
        while (found := await self.frame()) is not None:
            kind, flags, stream, payload = found
            if kind == FrameType.HEADERS:
                decoded = self.headers.read(payload)
                if stream == number:
                    fields = dict(fields, **decoded)
            elif stream == number and kind == FrameType.DATA:
                data += payload
            elif stream == number and kind == FrameType.RST_STREAM:
                return data, int.from_bytes(payload, "big")
            if stream == number and flags & 0x1 and kind in (FrameType.DATA, FrameType.HEADERS):
                return data, fields
        return data, None


@asynccontextmanager
async def connected(port, greeting=HELLO):
    """Yield a peer of the server at a port."""
    peer = Peer(*await asyncio.open_connection("127.0.0.1", port))
    peer.send(greeting)
    try:
        yield peer
    finally:
        peer.writer.close()
        with suppress(ConnectionError):
            await peer.writer.wait_closed()


@asynccontextmanager
async def talking(methods=None, **limits):
    async with serving(methods, **limits) as (server, port), connected(port) as peer:
        yield peer, server, port
