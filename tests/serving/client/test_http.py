"""Servers that are slow, close, talk nonsense, or turn requests away: every one gets its error, in time."""

from __future__ import annotations

import re
import socket
import threading
import time

import pytest

from tenon.base import (
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    TenonError,
    UnauthenticatedError,
    UnavailableError,
    UnknownError,
)
from tenon.serving.client import Client, RetryPolicy
from tests.serving.client.servers import Script, answer, metadata

QUICK = RetryPolicy(attempts=4, initial_seconds=0.001, maximum_seconds=0.002)
GOOD = answer(b'{"outputs": [2.5]}')
BUSY = answer(b'{"error": "busy"}', b"503 Service Unavailable")


def asked(*steps, **options):
    """Ask a server that follows the steps for a prediction; return the answer and the server."""
    with Script(*steps) as server, Client(server.url, retry=QUICK, timeout=20) as client:
        return client.predict("m", [1.0], **options), server


def test_a_request_says_what_it_must():
    result, server = asked(
        metadata(), GOOD, version=3, signature="serving_default", headers={"X-Tenon-Routing-Key": "k"}
    )
    assert result["y"].tolist() == [2.5]
    head, _, body = server.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/models/m/versions/3:predict HTTP/1.1\r\n")
    assert b"content-type: application/json" in head
    assert b"x-tenon-routing-key: k" in head
    assert body == b'{"inputs":{"x":[1.0]},"signature_name":"serving_default"}'
    assert server.connections == 1


def test_a_label_and_a_path_before_the_api_are_kept():
    with Script(metadata(), GOOD) as server, Client(server.url + "/models/eu/") as client:
        client.predict("a b", [1.0], label="gold/2")
    assert server.requests[1].startswith(b"POST /models/eu/v1/models/a%20b/labels/gold%2F2:predict ")


def test_503_is_asked_again_until_it_is_answered():
    result, server = asked(metadata(), BUSY, BUSY, GOOD)
    assert result["y"].tolist() == [2.5]
    assert len(server.requests) == 4


def test_503_is_asked_again_so_many_times_and_then_told():
    with pytest.raises(UnavailableError, match=r"^busy$"):
        asked(metadata(), BUSY, BUSY, BUSY, BUSY, GOOD)


@pytest.mark.parametrize("after", [b"3600", b"1e9"])
def test_a_server_that_wants_to_be_left_alone_past_the_deadline_is_left_alone(after):
    start = time.monotonic()
    with pytest.raises(UnavailableError, match="busy"):
        asked(metadata(), answer(b'{"error": "busy"}', b"503 x", b"Retry-After: " + after), GOOD)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("after", [b"0", b"0.01", b"Wed, 21 Oct 2099 07:28:00 GMT", b"-1", b"nan", b"x"])
def test_a_short_or_unreadable_retry_after_is_no_obstacle(after):
    result, _ = asked(metadata(), answer(b"{}", b"503 x", b"Retry-After: " + after), GOOD)
    assert result["y"].tolist() == [2.5]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (b"400 x", InvalidArgumentError),
        (b"401 x", UnauthenticatedError),
        (b"403 x", PermissionDeniedError),
        (b"404 x", NotFoundError),
        (b"413 x", ResourceExhaustedError),
        (b"429 x", ResourceExhaustedError),
        (b"502 x", UnavailableError),
        (b"504 x", DeadlineExceededError),
        (b"301 x", UnknownError),
        (b"418 x", UnknownError),
    ],
)
def test_any_other_status_is_told_and_never_asked_again(status, error):
    with Script(metadata(), answer(b'{"error": "no"}', status, b"Retry-After: 0"), GOOD) as server:
        with Client(server.url, retry=QUICK) as client, pytest.raises(error, match=r"^no$"):
            client.predict("m", [1.0])
        assert len(server.requests) == 2


def test_a_body_that_is_refused_before_its_end_is_told():
    """The server reads no more than the head, as one with a limit does."""

    def refuse(connection, stream):
        while stream.readline() != b"\r\n":
            pass
        connection.sendall(answer(b'{"error": "too large"}', b"413 x"))
        connection.shutdown(socket.SHUT_WR)

    def serve():
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            refuse(connection, stream)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        with Client(f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            examples = [{"x": b"x" * 2**24}]
            with pytest.raises(ResourceExhaustedError, match="too large"):
                client.classify("m", examples, timeout=20)
        thread.join()


def test_an_error_page_is_quoted():
    with pytest.raises(UnknownError, match="HTTP status 418: <h1>teapot</h1>"):
        asked(metadata(), answer(b"<h1>teapot</h1>", b"418 x"))


def test_a_kept_connection_that_the_server_closed_is_replaced():
    def answer_and_close(connection):
        connection.sendall(metadata())
        return False

    result, server = asked(answer_and_close, GOOD)
    assert result["y"].tolist() == [2.5]
    assert server.connections == 2


def test_a_kept_connection_that_breaks_before_a_byte_came_is_replaced():
    with Script(metadata(), None, GOOD) as server, Client(server.url, retry=RetryPolicy(attempts=1)) as client:
        assert client.predict("m", [1.0])["y"].tolist() == [2.5]
        assert server.connections == 2


def test_a_server_that_says_close_is_taken_at_its_word():
    result, server = asked(answer(metadata().partition(b"\r\n\r\n")[2], b"200 OK", b"Connection: close"), GOOD)
    assert result["y"].tolist() == [2.5]
    assert server.connections == 2


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return False


@pytest.mark.parametrize("step", [None, reset])
def test_a_new_connection_that_breaks_is_told_and_not_asked_again(step):
    with Script(step, metadata(), GOOD) as server, Client(server.url, retry=QUICK) as client:
        with pytest.raises(UnavailableError, match="the connection failed"):
            client.predict("m", [1.0])
        assert len(server.requests) == 1


def sending(data):
    def send(connection):
        connection.sendall(data)
        return False

    return send


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (b"SSH-2.0-OpenSSH_9\r\n", UnknownError, "something that is no HTTP"),
        (b"\0" * 100_000, UnknownError, "something that is no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000 + b"\r\n", UnknownError, "something that is no HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", UnavailableError, "the connection failed"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", UnavailableError, "the connection failed"),
        (answer(b"{"), UnknownError, "answer: must be"),
        (answer(b"\xff"), UnknownError, "answer: must be"),
        (answer(b"[" * 100_000), UnknownError, "answer: must be"),
        (answer(b"[]"), UnknownError, "answer: must be"),
        (answer(b""), UnknownError, "answer: must be"),
        (answer(b'{"outputs": "text"}'), UnknownError, "must be a tensor"),
        (answer(b'{"outputs": [[1.0], [1.0, 2.0]]}'), UnknownError, "must be a tensor"),
        (answer(b'{"outputs": [[1.0]]}'), UnknownError, "must be a tensor"),
        (answer(b'{"outputs": [null]}'), UnknownError, "must be a tensor"),
        (answer(b'{"outputs": {"z": [1.0]}}'), UnknownError, "must be a tensor"),
        (answer(b'{"predictions": [1.0]}'), UnknownError, "must be an object with 'outputs'"),
    ],
)
def test_nonsense_is_told(data, error, text):
    with pytest.raises(error, match=text):
        asked(metadata(), sending(data))


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"metadata": {}}', b'{"model_spec": 7}', b'{"metadata":{"signature_def":{}}}']
)
def test_metadata_that_are_none_are_told(body):
    with pytest.raises(UnknownError, match="must"):
        asked(answer(body), GOOD)


def silence(connection):
    connection.recv(1)
    return False


def drip(connection):
    """One byte after the other: a timeout for every byte would never pass."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    connection.settimeout(0.005)
    while True:
        connection.sendall(b" ")
        try:
            if not connection.recv(1):
                return False
        except TimeoutError:
            continue


def endless_headers(connection):
    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return drip_of(connection, b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_of(connection, data):
    connection.settimeout(0.005)
    while True:
        connection.sendall(data)
        try:
            if not connection.recv(1):
                return False
        except TimeoutError:
            continue


@pytest.mark.parametrize("step", [silence, drip, endless_headers])
def test_the_deadline_holds_for_the_whole_answer(step):
    with pytest.raises(DeadlineExceededError, match="within"):
        asked(metadata(), step, timeout=0.15)


def test_an_answer_that_never_ends_is_given_up_at_the_deadline():
    server = Script(lambda connection: drip_of(connection, b"x" * 65536))
    with server, Client(server.url) as client, pytest.raises(TenonError, match=r"no HTTP|within"):
        client.metadata("m", timeout=0.15)


def test_a_float_answer_to_a_remembered_integer_is_not_cut():
    """The signature changed behind the client's back: it asks for it again, and for the answer again."""
    with Script(metadata(outputs=b"DT_INT64"), answer(b'{"outputs": [2]}'), GOOD, metadata(), GOOD) as server:
        with Client(server.url) as client:
            assert client.predict("m", [1.0])["y"].dtype == "int64"
            result = client.predict("m", [1.0])["y"]
            assert (result.dtype.name, result.tolist()) == ("float32", [2.5])
        assert len(server.requests) == 5


def test_tokens_are_sent_and_asked_for_anew():
    tokens = iter(["one", "two", "three"])
    server = Script(metadata(), BUSY, GOOD)
    with server, Client(server.url, token=lambda: next(tokens), api_key="key", retry=QUICK) as client:
        client.predict("m", [1.0])
    sent = [re.search(rb"authorization: Bearer (\w+)\r\n", request)[1] for request in server.requests]
    assert sent == [b"one", b"one", b"two"]
    assert all(b"x-api-key: key" in request for request in server.requests)


def test_a_token_that_is_no_header_is_refused_and_not_told():
    client = Client("http://127.0.0.1:1", token="se\ncret")
    with client, pytest.raises(InvalidArgumentError, match="authorization") as caught:
        client.status("m")
    assert "cret" not in str(caught.value)
