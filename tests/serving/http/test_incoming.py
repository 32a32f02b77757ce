"""Bodies that come in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.http._heads import BadRequestError
from tenon.serving.http._incoming import MAX_LINE_BYTES, ChunkedBody, SizedBody


def test_a_body_of_a_stated_length_ends_there():
    body = SizedBody(5)
    assert (body.feed(b"abc"), body.is_whole) == (b"", False)
    assert (body.feed(b"deGET"), body.is_whole, bytes(body.data)) == (b"GET", True, b"abcde")


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=5), st.lists(st.integers(1, 9), max_size=30))
def test_chunks_make_the_same_body_however_they_are_cut(chunks, cuts):
    text = b"".join(b"%x ; a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nTrailer: x\r\n\r\nGET"
    body, rest = ChunkedBody(), b""
    for cut in (*cuts, len(text)):
        piece, text = text[:cut], text[cut:]
        rest += piece if body.is_whole else body.feed(piece)
    assert (bytes(body.data), body.is_whole, rest) == (b"".join(chunks), True, b"GET")


def feed(body, *pieces):
    for piece in pieces:
        body.feed(piece)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"x\r\n", 400),
        (b"\r\n", 400),
        (b"-1\r\n", 400),
        (b"0x1\r\n", 400),
        (b" 1\r\n", 400),
        (b"1\r\nab\r\n", 400),
        (b"1" * 16 + b"\r\n", 400),
        (b"1;" + b"a" * MAX_LINE_BYTES, 400),
        (b"1;a\x00\r\n", 400),
        (b"1\na\n", 400),
        (b"0\r\n" + b"Trailer: x\r\n" * MAX_LINE_BYTES, 431),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_no_chunk_is_refused(text, status, at_once):
    pieces = [text] if at_once else [text[index : index + 1] for index in range(len(text))]
    with pytest.raises(BadRequestError) as caught:
        feed(ChunkedBody(), *pieces, b"a" * MAX_LINE_BYTES)
    assert caught.value.status == status


def test_many_tiny_chunks_cost_no_more_than_their_bytes():
    body = ChunkedBody()
    assert body.feed(b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n") == b""  # seconds, were the rest copied for each of them
    assert (len(body.data), body.is_whole) == (50_000, True)
