"""Responses as bytes."""

import pytest

from tenon.serving.http import JSON_HEADERS, Response
from tenon.serving.http._answers import ResponseWriter


def lines(text):
    head, _, body = text.partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    return status, dict(header.split(": ", 1) for header in headers), body


def test_a_response_has_a_date_a_length_and_its_own_headers():
    status, headers, body = lines(ResponseWriter().write(Response(200, JSON_HEADERS, b"{}")))
    assert (status, body) == ("HTTP/1.1 200 OK", b"{}")
    assert headers.pop("Date").endswith(" GMT")
    assert headers == {"Content-Type": "application/json", "Content-Length": "2"}


def test_equal_heads_are_made_once_and_others_are_not_mixed_up():
    writer = ResponseWriter()
    for _ in range(2):
        assert lines(writer.write(Response(200, JSON_HEADERS, b"{}"), "close"))[1]["Connection"] == "close"
        assert "Connection" not in lines(writer.write(Response(200, JSON_HEADERS, b"{}")))[1]
        assert lines(writer.write(Response(404, JSON_HEADERS, b"{}")))[0] == "HTTP/1.1 404 Not Found"
    for number in range(1000):
        assert lines(writer.write(Response(200, [("X", str(number))], b"")))[1]["X"] == str(number)
    assert len(writer._known) < 300


def test_heads_are_dated_anew_each_second():
    times = [1e9, 1e9 + 0.5, 1e9 + 1, 1e9 + 1.9, 5e8]
    writer = ResponseWriter(iter(times).__next__)
    dates = [lines(writer.write(Response(200, JSON_HEADERS, b"{}")))[1]["Date"][-12:-4] for _ in times]
    assert dates == ["01:46:40", "01:46:40", "01:46:41", "01:46:41", "00:53:20"]


def test_some_responses_have_no_body():
    writer = ResponseWriter()
    assert lines(writer.write(Response(200, [], b"1234"), has_body=False))[1:][0]["Content-Length"] == "4"
    assert writer.write(Response(200, [], b"1234"), has_body=False).endswith(b"\r\n\r\n")
    assert b"Content-Length" not in writer.write(Response(204, [], b""))
    assert writer.write(Response(204, [], b"")).endswith(b"\r\n\r\n")


def test_statuses_without_a_name_are_written():
    assert ResponseWriter().write(Response(499, [], b"")).startswith(b"HTTP/1.1 499 \r\n")


@pytest.mark.parametrize("value", ["a\r\nX: forged", "a\nb", "a\rb", "\0"])
def test_a_header_cannot_forge_others(value):
    with pytest.raises(ValueError, match="must be one line"):
        ResponseWriter().write(Response(200, [("X", value)], b""))
