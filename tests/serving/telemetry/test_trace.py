"""W3C Trace Context, as it comes from strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.telemetry import RequestTrace, TraceParent, parse_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", True),
    ],
)
def test_a_traceparent_is_read(header, sampled):
    assert parse_traceparent(header) == TraceParent(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01.",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{'٣' * 32}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-{'x' * 1000}",
    ],
)
def test_what_is_no_traceparent_is_ignored(header):
    assert parse_traceparent(header) is None


@given(st.text("0123456789abcdefF-\n \u0663"))
def test_no_header_does_any_harm(header):
    assert parse_traceparent(header) is None


def test_a_request_keeps_its_clients_trace():
    assert RequestTrace(TraceParent(TRACE, SPAN, True), True).trace_id == TRACE


def test_a_trace_of_our_own_has_a_new_id():
    ids = {RequestTrace(None, True).trace_id for _ in range(100)}
    assert len(ids) == 100
    assert {len(trace_id) for trace_id in ids} == {32}
