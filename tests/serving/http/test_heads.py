"""Heads of requests: what they say, and what no server should let pass."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.http._heads import MAX_HEADERS, BadRequestError, HeadReader, RequestHead, parse_head
from tenon.serving.security import Credential


def head(*lines, line=b"GET / HTTP/1.1", host=b"Host: h"):
    return parse_head(b"\r\n".join([line, *([host] if host else []), *lines, b"", b""]))


def refusal(*lines, **more):
    with pytest.raises(BadRequestError) as caught:
        head(*lines, **more)
    return caught.value.status


def test_names_of_headers_have_no_case_and_values_no_margins():
    found = head(b"X-One:  a b\t", b"x-two:", b"X-ONE: c", b"X-Latin: \xe9")
    assert found.headers == {"host": "h", "x-one": "a b, c", "x-two": "", "x-latin": "é"}


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/v1/models/a%20b?x=%20&y", "/v1/models/a b", "x=%20&y"),
        (b"/%C3%A9", "/é", ""),
        (b"/a%2Fb%3ac%25%20%2525%252F%%zz", "/a%2Fb%3ac%25 %2525%252F%%zz", ""),
        ("/é".encode(), "/é", ""),
        (b"http://host:8501/v1/models/m", "/v1/models/m", ""),
        (b"HTTPS://host", "/", ""),
        (b"*", "*", ""),
        (b"/a?b?c", "/a", "b?c"),
    ],
)
def test_targets_are_taken_apart(target, path, query):
    found = head(line=b"GET " + target + b" HTTP/1.1")
    assert (found.path, found.query) == (path, query)


@pytest.mark.parametrize(
    "line",
    [
        b"GET /",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b" GET / HTTP/1.1",
        b"GET / a HTTP/1.1",
        b"G(T / HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /%FF HTTP/1.1",
        b"GET host:80 HTTP/1.1",
        b"GET / http/1.1",
        b"GET / HTTP/11",
    ],
)
def test_request_lines_that_make_no_sense_are_refused(line):
    assert refusal(line=line) == 400


def test_other_versions_are_told_which_one_is_spoken():
    assert refusal(line=b"PRI * HTTP/2.0") == 400
    assert refusal(line=b"GET / HTTP/0.9") == 400


@pytest.mark.parametrize(
    "line", [b"no colon", b"X : a", b" folded", b"\tfolded", b": a", b"X: a\nY: b", b"X: a\rb", b"X: \x00", b"X(: a"]
)
def test_headers_that_two_readers_could_read_differently_are_refused(line):
    assert refusal(line) == 400


def test_a_request_has_one_host():
    assert refusal(b"Host: h") == 400
    assert refusal(host=None) == 400
    assert head(line=b"GET / HTTP/1.0", host=None).headers == {}


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([], 0),
        ([b"Content-Length: 12"], 12),
        ([b"Content-Length: 12", b"Content-Length: 12"], 12),
        ([b"Transfer-Encoding: Chunked"], None),
    ],
)
def test_a_body_has_one_length(lines, length):
    assert head(*lines).length == length


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([b"Content-Length: 12", b"Content-Length: 13"], 400),
        ([b"Content-Length: 12, 12"], 400),
        ([b"Content-Length: -1"], 400),
        ([b"Content-Length: +1"], 400),
        ([b"Content-Length: 0x1"], 400),
        ([b"Content-Length: 1_0"], 400),
        ([b"Content-Length: \xb2"], 400),
        ([b"Content-Length: "], 400),
        ([b"Content-Length: " + b"9" * 19], 400),
        ([b"Content-Length: 1", b"Transfer-Encoding: chunked"], 400),
        ([b"Transfer-Encoding: gzip, chunked"], 501),
        ([b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], 501),
        ([b"Transfer-Encoding: identity"], 501),
    ],
)
def test_bodies_that_two_readers_could_see_differently_are_refused(lines, status):
    assert refusal(*lines) == status
    assert refusal(b"Transfer-Encoding: chunked", line=b"GET / HTTP/1.0") == 400


@pytest.mark.parametrize(
    ("version", "option", "keeps"),
    [
        (b"1.1", None, True),
        (b"1.1", b"close", False),
        (b"1.1", b"Foo, CLOSE", False),
        (b"1.0", None, False),
        (b"1.0", b"Keep-Alive", True),
    ],
)
def test_connections_stay_as_their_clients_say(version, option, keeps):
    lines = [] if option is None else [b"Connection: " + option]
    assert head(*lines, line=b"GET / HTTP/" + version).keeps_alive is keeps


def test_clients_may_wait_for_leave_to_send_their_body():
    assert head(b"Expect: 100-Continue").expects_continue
    assert not head(b"Expect: 100-continue", line=b"GET / HTTP/1.0").expects_continue
    assert refusal(b"Expect: tea") == 417


def test_too_many_headers_are_refused():
    assert len(head(*(b"X-%d: a" % number for number in range(MAX_HEADERS - 1))).headers) == MAX_HEADERS
    assert refusal(*(b"X-%d: a" % number for number in range(MAX_HEADERS))) == 431


def test_a_credential_is_kept_as_long_as_the_head_that_shows_it():
    reader, text = HeadReader(), b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\nX-API-Key: k\r\n\r\n"
    first, again = (reader.read(bytes(bytearray(text))).headers for _ in range(2))
    assert (first["authorization"], first["x-api-key"]) == ("Bearer t", "k")
    for name in ("authorization", "x-api-key"):
        assert type(first[name]) is Credential
        assert first[name] is again[name]
        assert HeadReader().read(text).headers[name] is not first[name]


def test_a_reader_knows_what_it_has_read_and_bounds_what_it_keeps():
    reader = HeadReader()
    text = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    assert reader.read(text) is reader.read(bytes(bytearray(text)))
    long = b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 4000 + b"\r\n\r\n"
    assert reader.read(long) is not reader.read(long)
    for number in range(50):
        reader.read(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number)
    assert len(reader._known) <= 8


@given(st.binary(max_size=60))
def test_any_bytes_are_a_head_or_refused(noise):
    with suppress(BadRequestError):
        assert isinstance(parse_head(b"GET / HTTP/1.1\r\nHost: h\r\n" + noise + b"\r\n\r\n"), RequestHead)
