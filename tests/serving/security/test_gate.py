"""Every request passes the gate, and each leaves a line."""

import asyncio
import time

import pytest

from tenon.base import (
    Code,
    DataLossError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
)
from tenon.serving.security import (
    Action,
    AuditConfig,
    AuditRecord,
    Gate,
    JwtIssuer,
    Limit,
    Limits,
    SecurityConfig,
    add_api_key,
    new_api_key,
    verify_audit,
)
from tests.serving.security.audits import full_disk, lines
from tests.serving.security.credentials import AUDIENCE, ISSUER, bearer, issuer, jwk, jwks, key_server, token, wait_for

KEY, RECORD = new_api_key("bob", ["predict:m", "status:*"])
BOB = {"x-api-key": KEY}.get


@pytest.fixture
def made(tmp_path):
    """A gate with everything on, and the path of its audit."""
    add_api_key(tmp_path / "keys.json", RECORD)
    config = SecurityConfig(
        (issuer(tmp_path / "jwks.json"),),
        tmp_path / "keys.json",
        Limits(model=Limit(concurrency=1, max_request_bytes=100)),
        AuditConfig(tmp_path / "audit.jsonl"),
    )
    gate = Gate(config)
    yield gate, tmp_path / "audit.jsonl"
    gate.close()


def written(made):
    gate, path = made
    gate.close()
    assert verify_audit(path).complete
    return [line for line in lines(path) if line["event"] != "start"]


def test_a_request_that_is_let_in_leaves_a_line(made):
    with made[0].admit(Action.PREDICT, "m", BOB, protocol="rest", remote="10.0.0.1", request_id="r1") as admission:
        assert admission.identity.client == "bob"
        admission.version, admission.signature = 3, "serving_default"
    (line,) = written(made)
    told = {key: line[key] for key in ("client", "credential", "action", "model", "version", "signature", "outcome")}
    assert told == {
        "client": "bob",
        "credential": f"api-key {RECORD.id}",
        "action": "predict",
        "model": "m",
        "version": 3,
        "signature": "serving_default",
        "outcome": "OK",
    }
    assert (line["protocol"], line["remote"], line["request_id"]) == ("rest", "10.0.0.1", "r1")
    assert line["latency_ms"] > 0


def test_requests_that_are_refused_leave_a_line_each(made):
    gate, _ = made
    running = gate.admit(Action.PREDICT, "m", BOB)
    for caller, model, kind in (
        ({}.get, "m", UnauthenticatedError),
        (bearer(token(exp=time.time() - 100)), "m", UnauthenticatedError),
        (bearer(token(number=1, headers={"kid": "EdDSA-0"})), "m", UnauthenticatedError),
        (BOB, "n", PermissionDeniedError),
        (BOB, "m", ResourceExhaustedError),
    ):
        with pytest.raises(kind):
            gate.admit(Action.PREDICT, model, caller)
    running.release()
    outcomes = [(line["client"], line["outcome"]) for line in written(made)]
    assert outcomes == [
        *[("", "UNAUTHENTICATED")] * 3,
        ("bob", "PERMISSION_DENIED"),
        ("bob", "RESOURCE_EXHAUSTED"),
        ("bob", "OK"),
    ]


def test_no_secret_is_in_the_audit_or_in_a_message(made):
    gate, path = made
    good, bad = token(), token(number=1, headers={"kid": "EdDSA-0"})
    gate.admit(Action.PREDICT, "m", bearer(good)).release()
    gate.admit(Action.PREDICT, "m", BOB).release()
    for header in (bad, KEY[:-2], "Basic dXNlcjpwYXNzd29yZA"):
        with pytest.raises(UnauthenticatedError) as caught:
            gate.admit(Action.PREDICT, "m", bearer(header))
        assert header not in str(caught.value)
    assert len(written(made)) == 5
    content = path.read_text()
    for secret in (good, bad, KEY, KEY.split(".")[1], good.split(".")[2], bad.split(".")[2], "dXNl"):
        assert secret not in content


def test_the_message_of_a_refusal_names_the_scope_that_is_missing(made):
    for action, model, scope in (
        (Action.PREDICT, "n", "'predict:n'"),
        (Action.METADATA, "m", "'metadata:m'"),
        (Action.ADMIN, "", "'admin'"),
        (Action.METRICS, "", "'metrics'"),
    ):
        with pytest.raises(PermissionDeniedError, match=f"'bob' may not do this: it needs the scope {scope}"):
            made[0].admit(action, model, BOB)
    made[0].admit(Action.STATUS, "", BOB).release()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (DataLossError("x"), "DATA_LOSS"),
        (asyncio.CancelledError(), "CANCELLED"),
        (RuntimeError("x"), "INTERNAL"),
        (KeyboardInterrupt(), "INTERNAL"),
    ],
)
def test_a_failure_inside_is_the_outcome_and_frees_the_place(made, error, outcome):
    with pytest.raises(type(error)), made[0].admit(Action.PREDICT, "m", BOB):
        raise error
    made[0].admit(Action.PREDICT, "m", BOB).release(Code.NOT_FOUND, "there is no such model")
    first, second = written(made)
    assert (first["outcome"], second["outcome"], second["reason"]) == (outcome, "NOT_FOUND", "there is no such model")


def test_a_release_counts_once(made):
    first = made[0].admit(Action.PREDICT, "m", BOB)
    first.release()
    second = made[0].admit(Action.PREDICT, "m", BOB)
    first.release()
    with pytest.raises(ResourceExhaustedError):
        made[0].admit(Action.PREDICT, "m", BOB)
    second.release()
    assert len(written(made)) == 3


def test_an_edge_may_ask_who_it_is_first(made):
    gate, _ = made
    identity = gate.identify(BOB)
    gate.admit(Action.PREDICT, "m", identity).release()
    with pytest.raises(UnauthenticatedError):
        gate.identify({}.get, protocol="grpc", remote="10.0.0.2")
    good, refused = written(made)
    assert good["client"] == "bob"
    assert (refused["outcome"], refused["protocol"], refused["remote"]) == ("UNAUTHENTICATED", "grpc", "10.0.0.2")


def test_a_request_may_have_a_size(made):
    with made[0].admit(Action.PREDICT, "m", BOB) as admission:
        assert admission.max_request_bytes == 100
        admission.check_size(100)
        with pytest.raises(ResourceExhaustedError, match="at most 100 bytes; received 101") as caught:
            admission.check_size(101)
    assert caught.value.retry_after is None


def test_the_server_may_write_lines_of_its_own(made):
    made[0].record(AuditRecord(time.time(), "model_refused", model="m", version=3, outcome="DATA_LOSS"))
    (line,) = written(made)
    assert (line["event"], line["model"], line["outcome"]) == ("model_refused", "m", "DATA_LOSS")


def test_an_empty_configuration_lets_everybody_in():
    gate = Gate(SecurityConfig())
    assert gate.is_open
    for action in Action:
        with gate.admit(action, "m", None) as admission:
            admission.version = 5
            admission.check_size(2**60)
            assert admission.identity.client == "anonymous"
    assert gate.identify(None).client == "anonymous"
    assert gate.lost_audit_lines == 0
    gate.record(AuditRecord(0.0))
    gate.close()


def test_limits_and_audit_work_without_authentication(tmp_path):
    config = SecurityConfig(limits=Limits(client=Limit(concurrency=1)), audit=AuditConfig(tmp_path / "a"))
    gate = Gate(config)
    assert not gate.is_open
    with gate.admit(Action.ADMIN, "", {}.get), pytest.raises(ResourceExhaustedError):
        gate.admit(Action.PREDICT, "m", {}.get)
    gate.close()
    assert [line["client"] for line in lines(tmp_path / "a")[1:]] == ["anonymous", "anonymous"]


def test_a_strict_audit_that_cannot_be_written_stops_everything(tmp_path):
    path = tmp_path / "a"
    gate = Gate(SecurityConfig(audit=AuditConfig(path, strict=True)))
    wait_for(lambda: path.stat().st_size)
    with full_disk(path.stat().st_size):
        gate.admit(Action.PREDICT, "m", {}.get).release()
        wait_for(lambda: gate._audit._failing)
        with pytest.raises(UnavailableError, match="The audit cannot be written"):
            gate.admit(Action.PREDICT, "m", {}.get)
    wait_for(lambda: not gate._audit._failing)
    gate.admit(Action.PREDICT, "m", {}.get).release()
    gate.close()
    assert (verify_audit(path).lines, gate.lost_audit_lines) == (3, 0)


def test_new_keys_of_the_network_and_of_files_arrive_by_themselves(tmp_path):
    add_api_key(tmp_path / "keys.json", RECORD)
    with key_server() as (state, url):
        state.content = jwks(jwk("EdDSA"))
        gate = Gate(SecurityConfig((JwtIssuer(ISSUER, (AUDIENCE,), url),), tmp_path / "keys.json"))

        def admitted(caller):
            try:
                gate.admit(Action.PREDICT, "m", caller).release()
            except UnauthenticatedError:
                return False
            return True

        wait_for(lambda: admitted(bearer(token())))
        state.content = jwks(jwk("EdDSA", 1))
        wait_for(lambda: admitted(bearer(token(number=1))))  # the unknown key makes it look
        assert not admitted(bearer(token()))
        key, record = new_api_key("carol", ["predict:m"])
        assert not admitted({"x-api-key": key}.get)
        add_api_key(tmp_path / "keys.json", record)
        wait_for(lambda: admitted({"x-api-key": key}.get))
        gate.close()


def test_a_gate_with_a_broken_file_is_not_made(tmp_path):
    (tmp_path / "keys.json").write_text("{}")
    with pytest.raises(ValueError, match="the key 'keys' is missing"):
        Gate(SecurityConfig(api_keys=tmp_path / "keys.json"))
