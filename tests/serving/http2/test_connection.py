"""HTTP/2 frame by frame: what the RFC asks of a server, and what ends a connection."""

import asyncio
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenon.serving.http2 import Unary
from tenon.serving.http2._connection import CONNECTION_WINDOW, MAX_CONCURRENT_STREAMS, MAX_RESETS
from tenon.serving.http2._frame_reader import MAX_FRAME_SIZE, FrameReader
from tenon.serving.http2._frames import (
    ErrorCode,
    FrameType,
    Setting,
    frame,
    reset,
    settings_frame,
    window_update,
)
from tenon.serving.http2._messages import framed
from tests.serving.http2.frames import HELLO, call_frames, connected, headers_frame, request_headers, serving, talking

UINT32 = struct.Struct(">I")


def run(main):
    return asyncio.run(asyncio.wait_for(main, 30))


async def still_answers(port):
    async with connected(port) as peer:
        peer.send(call_frames(1))
        assert (await peer.answer(1))[0] == framed(b"hello")


def test_a_call_is_answered_with_a_head_a_message_and_a_status():
    async def main():
        async with talking() as (peer, _, _):
            peer.send(call_frames(1))
            data, fields = await peer.answer(1)
            assert data == framed(b"hello")
            assert (fields[":status"], fields["content-type"], fields["grpc-status"]) == (
                "200",
                "application/grpc",
                "0",
            )

    run(main())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 40), max_size=30))
def test_bytes_may_come_in_any_pieces(sizes):
    async def main():
        async with serving() as (_, port), connected(port, b"") as peer:
            data = HELLO + call_frames(1, b"a" * 50) + call_frames(3, b"b")
            for size in sizes:
                peer.send(data[:size])
                data = data[size:]
                await asyncio.sleep(0)
            peer.send(data)
            assert (await peer.answer(1))[0] == framed(b"a" * 50)

    run(main())


def test_headers_may_be_cut_into_continuations_and_padded():
    async def main():
        async with talking() as (peer, _, _):
            block = request_headers()
            peer.send(frame(FrameType.HEADERS, 0x20 | 0x8, 1, bytes([3]) + bytes(5) + block[:10] + bytes(3)))
            peer.send(frame(FrameType.CONTINUATION, 0, 1, block[10:20]))
            peer.send(frame(FrameType.CONTINUATION, 0x4, 1, block[20:]))
            peer.send(frame(FrameType.DATA, 0x1 | 0x8, 1, bytes([2]) + framed(b"x") + bytes(2)))
            assert (await peer.answer(1))[0] == framed(b"x")

    run(main())


def test_a_response_waits_for_the_windows_of_the_client():
    async def main():
        async with talking() as (peer, _, _):
            peer.send(settings_frame({Setting.INITIAL_WINDOW_SIZE: 4}) + call_frames(1, b"0123456789"))
            parts = []
            for _ in range(4):
                kind, _, _, payload = await peer.until(FrameType.DATA, FrameType.HEADERS)
                if kind == FrameType.DATA:
                    parts.append(payload)
                    peer.send(window_update(1, 4))
            assert [len(part) for part in parts] == [4, 4, 4]
            peer.send(settings_frame({Setting.INITIAL_WINDOW_SIZE: 1000}))
            data, fields = await peer.answer(1)
            assert b"".join(parts) + data == framed(b"0123456789")
            assert fields["grpc-status"] == "0"

    run(main())


def test_the_window_of_the_connection_is_shared_by_its_streams():
    async def main():
        async with talking() as (peer, _, _):
            big = bytes(60_000)
            peer.send(settings_frame({Setting.INITIAL_WINDOW_SIZE: 10**6}) + call_frames(1, big) + call_frames(3, big))
            received = 0
            while received < 65_535:
                received += len((await peer.until(FrameType.DATA))[3])
            assert received == 65_535
            peer.send(window_update(0, 10**6))
            while received < 2 * 60_005:
                received += len((await peer.until(FrameType.DATA))[3])

    run(main())


def test_a_long_request_gets_its_windows_back():
    async def main():
        async with talking() as (peer, _, _):
            message = framed(bytes(CONNECTION_WINDOW))
            peer.send(headers_frame(1))
            for start in range(0, len(message), MAX_FRAME_SIZE):
                part = message[start : start + MAX_FRAME_SIZE]
                peer.send(frame(FrameType.DATA, 0x1 if start + len(part) == len(message) else 0, 1, part))
            updates = {0: 0, 1: 0}
            while updates[0] < CONNECTION_WINDOW // 2 or updates[1] < CONNECTION_WINDOW // 2:
                _, _, number, payload = await peer.until(FrameType.WINDOW_UPDATE)
                updates[number] += UINT32.unpack(payload)[0]

    run(main())


def test_ping_and_settings_are_answered():
    async def main():
        async with talking() as (peer, _, _):
            peer.send(frame(FrameType.PING, 0, 0, b"12345678"))
            assert (await peer.until(FrameType.PING))[1:] == (1, 0, b"12345678")
            peer.send(settings_frame({Setting.MAX_FRAME_SIZE: 20_000}))
            assert (await peer.until(FrameType.SETTINGS))[1] == 1

    run(main())


WRONG = {
    "no HTTP/2": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ErrorCode.PROTOCOL_ERROR),
    "a frame too large": (HELLO + struct.pack(">IBI", (MAX_FRAME_SIZE + 1) << 8, 0, 1), ErrorCode.FRAME_SIZE_ERROR),
    "an even stream": (HELLO + headers_frame(2), ErrorCode.PROTOCOL_ERROR),
    "data of no stream": (HELLO + frame(FrameType.DATA, 0, 5, b"x"), ErrorCode.PROTOCOL_ERROR),
    "data behind the end": (
        HELLO + call_frames(1, path="/test.Echo/Never") + frame(FrameType.DATA, 1, 1, b"x"),
        ErrorCode.STREAM_CLOSED,
    ),
    "an interrupted block": (
        HELLO + headers_frame(1, flags=0) + frame(FrameType.PING, 0, 0, bytes(8)),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "a lonely continuation": (HELLO + frame(FrameType.CONTINUATION, 4, 1, b""), ErrorCode.PROTOCOL_ERROR),
    "headers that do not decode": (HELLO + frame(FrameType.HEADERS, 4, 1, b"\xff" * 9), ErrorCode.COMPRESSION_ERROR),
    "headers without end": (
        HELLO + headers_frame(1, flags=0) + frame(FrameType.CONTINUATION, 0, 1, bytes(10_000)) * 7,
        ErrorCode.ENHANCE_YOUR_CALM,
    ),
    "empty continuations without end": (
        HELLO + headers_frame(1, flags=0) + frame(FrameType.CONTINUATION, 0, 1, b"") * 100,
        ErrorCode.ENHANCE_YOUR_CALM,
    ),
    "padding longer than the frame": (HELLO + frame(FrameType.HEADERS, 0xC, 1, b"\x09abc"), ErrorCode.PROTOCOL_ERROR),
    "a window update by nothing": (HELLO + window_update(0, 0), ErrorCode.PROTOCOL_ERROR),
    "a window that overflows": (HELLO + window_update(0, 2**31 - 1), ErrorCode.FLOW_CONTROL_ERROR),
    "a short window update": (HELLO + frame(FrameType.WINDOW_UPDATE, 0, 0, b"ab"), ErrorCode.FRAME_SIZE_ERROR),
    "a setting out of range": (HELLO + settings_frame({Setting.MAX_FRAME_SIZE: 5}), ErrorCode.PROTOCOL_ERROR),
    "an initial window too large": (
        HELLO + settings_frame({Setting.INITIAL_WINDOW_SIZE: 2**31}),
        ErrorCode.FLOW_CONTROL_ERROR,
    ),
    "settings of odd length": (HELLO + frame(FrameType.SETTINGS, 0, 0, b"abc"), ErrorCode.FRAME_SIZE_ERROR),
    "settings of a stream": (HELLO + frame(FrameType.SETTINGS, 0, 1, b""), ErrorCode.PROTOCOL_ERROR),
    "a short ping": (HELLO + frame(FrameType.PING, 0, 0, b"abc"), ErrorCode.FRAME_SIZE_ERROR),
    "a push": (HELLO + frame(FrameType.PUSH_PROMISE, 4, 1, bytes(4)), ErrorCode.PROTOCOL_ERROR),
    "resets without end": (
        HELLO + b"".join(headers_frame(n) + reset(n, 8) for n in range(1, 2 * MAX_RESETS + 5, 2)),
        ErrorCode.ENHANCE_YOUR_CALM,
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_broken_rule_ends_the_connection_and_says_which(what):
    data, code = WRONG[what]

    async def main():
        async with serving() as (_, port):
            async with connected(port, data) as peer:
                found = await peer.until(FrameType.GOAWAY)
                assert ErrorCode(UINT32.unpack(found[3][4:8])[0]) is code
                assert found[3][8:]
                assert await peer.frame() is None
            await still_answers(port)

    run(main())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 255), st.integers(0, 9), st.binary(max_size=40))))
def test_random_frames_never_harm_the_server(frames):
    async def main():
        async with serving() as (_, port):
            async with connected(port) as peer:
                peer.send(b"".join(frame(kind, flags, number, payload) for kind, flags, number, payload in frames))
                peer.writer.write_eof()
                while await peer.frame() is not None:
                    pass
            await still_answers(port)

    run(main())


def test_more_streams_than_allowed_are_refused_one_by_one():
    async def main():
        async with talking() as (peer, _, _):
            last = 2 * MAX_CONCURRENT_STREAMS + 1
            peer.send(b"".join(call_frames(n, path="/test.Echo/Never") for n in range(1, last, 2)))
            peer.send(call_frames(last))
            assert (await peer.answer(last))[1] == ErrorCode.REFUSED_STREAM
            peer.send(reset(1, ErrorCode.CANCEL) + call_frames(last + 2))
            assert (await peer.answer(last + 2))[0] == framed(b"hello")

    run(main())


def test_a_stop_answers_what_is_under_way_and_refuses_what_comes_after():
    async def main():
        gate, arrived = asyncio.Event(), asyncio.Event()

        async def wait(data, context):
            arrived.set()
            await gate.wait()
            return data

        async with talking({"/test.Echo/Say": Unary(wait)}) as (peer, server, port):
            peer.send(call_frames(1))
            await arrived.wait()
            stop = asyncio.create_task(server.stop(grace=10))
            assert UINT32.unpack((await peer.until(FrameType.GOAWAY))[3][:4])[0] == 2**31 - 1
            _, _, _, payload = await peer.until(FrameType.PING)
            peer.send(call_frames(3, b"in time") + frame(FrameType.PING, 1, 0, payload))
            assert UINT32.unpack((await peer.until(FrameType.GOAWAY))[3][:4])[0] == 3
            peer.send(call_frames(5, b"too late"))
            gate.set()
            assert (await peer.answer(3))[0] == framed(b"in time")
            await stop
            assert await peer.until(FrameType.DATA) is None
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)

    run(main())


def test_a_stop_gives_up_what_takes_too_long():
    async def main():
        async with talking() as (peer, server, _):
            peer.send(call_frames(1, path="/test.Echo/Never"))
            await peer.until(FrameType.SETTINGS)
            await server.stop(grace=0.05)
            while await peer.frame() is not None:
                pass

    run(main())


def data_frames(number, message, size, padded=False):
    """Return the body of a call in frames of some size."""
    body = framed(message)
    frames = [body[start : start + size] for start in range(0, len(body), size)]
    flags, head, tail = (0x8, bytes([3]), bytes(3)) if padded else (0, b"", b"")
    return b"".join(
        frame(FrameType.DATA, flags | (index == len(frames) - 1), number, head + each + tail)
        for index, each in enumerate(frames)
    )


@pytest.mark.parametrize("size", [1000, 2**14, 2**20])
@pytest.mark.parametrize("padded", [False, True])
def test_bodies_of_several_streams_and_connections_keep_apart(size, padded):
    messages = {number: bytes([number]) * (300_000 + number) for number in (1, 3, 5)}

    async def main():
        async with serving() as (_, port), connected(port) as one, connected(port) as other:
            for peer in (one, other):
                limits = {Setting.INITIAL_WINDOW_SIZE: 2**22, Setting.MAX_FRAME_SIZE: 2**20}
                peer.send(settings_frame(limits) + window_update(0, 2**22))
                peer.send(b"".join(headers_frame(number) for number in messages))
            left = {number: data_frames(number, message, size, padded) for number, message in messages.items()}
            bodies = b"".join(left.values())
            for start in range(0, len(bodies), 70_001):  # pieces that end in the middle of frames and of their headers
                for peer in (one, other):
                    peer.send(bodies[start : start + 70_001])
                await asyncio.sleep(0)
            for peer in (one, other):
                found = dict.fromkeys(messages, b"")
                while any(len(data) < len(messages[number]) + 5 for number, data in found.items()):
                    _, _, number, payload = await peer.until(FrameType.DATA)
                    found[number] += payload
                assert found == {number: framed(message) for number, message in messages.items()}

    run(main())


def test_a_message_that_comes_in_many_frames_is_streamed_whole():
    async def main():
        async with talking() as (peer, _, _):
            peer.send(settings_frame({Setting.INITIAL_WINDOW_SIZE: 2**22}) + window_update(0, 2**22))
            peer.send(headers_frame(1, path="/test.Echo/Twice") + data_frames(1, b"a" * 100_000, 999))
            data, fields = await peer.answer(1)
            assert data == framed(b"a" * 100_000) * 2
            assert fields["grpc-status"] == "0"

    run(main())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 300), max_size=12), st.sampled_from([b"", b"abc", b"a" * 500]), st.booleans())
def test_the_reader_hands_on_the_same_however_the_bytes_are_cut(sizes, body, padded):
    wire = HELLO + call_frames(1, body) + data_frames(3, body, 7, padded) + frame(FrameType.PING, 0, 0, bytes(8))
    found = []
    for cuts in ([], sizes):
        frames, bodies = [], {}
        ended = []

        def data(number, pieces, flags, bodies=bodies, ended=ended):
            bodies[number] = bodies.get(number, b"") + b"".join(pieces)
            ended.extend([number] * (flags & 1))

        reader = FrameReader(lambda *each, frames=frames: frames.append(each), data)
        rest = wire
        for size in [*cuts, len(wire)]:
            buffer = bytearray(rest[:size])
            reader.feed(memoryview(buffer))
            buffer[:] = bytes(len(buffer))  # as the next read would change it
            rest = rest[size:]
        found.append((frames, bodies, ended))
    assert found[0] == found[1]
    assert found[0][1][1] == framed(body)


def test_data_between_the_frames_of_a_header_block_ends_the_connection():
    async def main():
        async with talking() as (peer, _, _):
            peer.send(call_frames(1) + frame(FrameType.HEADERS, 0, 3, request_headers()[:5]))
            peer.send(frame(FrameType.DATA, 0, 3, b"x"))
            _, _, _, payload = await peer.until(FrameType.GOAWAY)
            assert UINT32.unpack_from(payload, 4)[0] == ErrorCode.PROTOCOL_ERROR

    run(main())


def test_an_empty_last_frame_ends_a_request():
    async def main():
        async with talking() as (peer, _, _):
            peer.send(headers_frame(1) + frame(FrameType.DATA, 0, 1, framed(b"x")) + frame(FrameType.DATA, 1, 1))
            assert (await peer.answer(1))[0] == framed(b"x")

    run(main())
