"""A line of the audit is one line, whatever clients call things."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.security import AuditRecord
from tenon.serving.security._audit_records import FIRST_HASH, chain_hash, parse_line, render
from tests.serving.security.audits import NOON

TEXT = st.text(st.characters(codec=None), max_size=300)


def test_a_line_tells_who_what_when_and_how_it_ended():
    record = AuditRecord(
        NOON, "request", "alice", "jwt i", "predict", "m", 3, "s", "rest", "OK", "", 0.0012344, "id", "10.0.0.1"
    )
    assert json.loads(render(record, 7, FIRST_HASH)) == {
        "seq": 7,
        "time": "2030-03-17T17:46:40.250000Z",
        "event": "request",
        "outcome": "OK",
        "latency_ms": 1.234,
        "client": "alice",
        "credential": "jwt i",
        "action": "predict",
        "model": "m",
        "signature": "s",
        "protocol": "rest",
        "reason": "",
        "request_id": "id",
        "remote": "10.0.0.1",
        "version": 3,
        "prev": "0" * 64,
    }


@given(TEXT, TEXT, TEXT)
def test_no_name_makes_a_second_line_or_a_control_character(client, model, reason):
    line = render(AuditRecord(NOON, client=client, model=model, reason=reason), 0, FIRST_HASH)
    assert all(0x20 <= byte < 0x7F for byte in line)
    fields = parse_line(line)
    assert fields["event"] == "request"
    for name, given_text in (("client", client), ("model", model), ("reason", reason)):
        shown = given_text if len(given_text) <= 256 else given_text[:256] + "..."
        assert fields.get(name, "") == shown


@pytest.mark.parametrize(
    "name",
    ['m"}\n{"seq":1,"outcome":"OK"}', "\r\x1b[2K", "\u2028\u2029\x85", "\u202egnp.exe", "\x7f", "\udc80", "\x00"],
)
def test_a_line_cannot_be_forged_by_a_name(name):
    line = render(AuditRecord(NOON, model=name), 0, FIRST_HASH)
    assert line.decode("ascii").isprintable()
    assert len(line.splitlines()) == 1
    assert parse_line(line)["model"] == name


def test_numbers_beyond_64_bits_are_written_too():
    assert parse_line(render(AuditRecord(NOON, version=2**70), 0, FIRST_HASH))["version"] == 2**70


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"5", b'{"seq":"1"}', b'{"seq":true}', b"\xff", b"[" * 9**5])
def test_what_is_no_line_is_told(line):
    assert parse_line(line) is None


def test_the_hash_of_a_torn_line_holds_what_is_before_it():
    assert chain_hash([b"a", b"b"]) != chain_hash([b"c", b"b"])
