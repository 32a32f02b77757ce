"""A line for each change, however it ends."""

import asyncio
import contextlib

import pytest

from tenon.base import AbortedError
from tenon.serving.console._audited import audited
from tenon.serving.http import HttpRequest
from tenon.serving.security import AuditConfig, Gate, Identity, SecurityConfig
from tests.serving.security.audits import lines


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "OK"),
        (AbortedError("no"), "ABORTED"),
        (ValueError("x"), "INTERNAL"),
        (asyncio.CancelledError(), "CANCELLED"),
    ],
)
def test_the_line_says_who_what_and_how_it_ended(tmp_path, error, outcome):
    gate = Gate(SecurityConfig(audit=AuditConfig(tmp_path / "audit.jsonl")))
    request = HttpRequest.of("PUT", "/x", headers={"x-request-id": "r7"})
    parameters = {"model": "m"}
    identity = Identity("alice", "key 1", {}, "keys")
    with contextlib.suppress(type(error) if error else ()), audited(gate, identity, "reload", request, parameters):
        parameters["version"] = 4
        if error is not None:
            raise error
    gate.close()
    (line,) = [line for line in lines(tmp_path / "audit.jsonl") if line["event"] == "admin"]
    told = {
        name: line[name] for name in ("client", "credential", "action", "model", "version", "outcome", "request_id")
    }
    assert told == {
        "client": "alice",
        "credential": "key 1",
        "action": "reload",
        "model": "m",
        "version": 4,
        "outcome": outcome,
        "request_id": "r7",
    }
