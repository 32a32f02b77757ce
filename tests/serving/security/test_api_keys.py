"""API keys are shown once, kept as hashes, and refused without telling why."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import AlreadyExistsError, InvalidArgumentError, UnauthenticatedError
from tenon.serving.security import Action, ApiKeyRecord, add_api_key, new_api_key, read_api_keys
from tenon.serving.security._api_keys import ApiKeys

KEY, RECORD = new_api_key("alice", ["predict:m"])
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_a_key_identifies_its_client():
    identity, expires = ApiKeys([RECORD]).identify(KEY, 0.0)
    assert (identity.client, identity.credential) == ("alice", f"api-key {RECORD.id}")
    assert identity.may(Action.PREDICT, "m")
    assert expires == float("inf")


def test_keys_differ_and_the_record_holds_no_secret():
    other, record = new_api_key("alice", ["predict:m"])
    assert other != KEY
    assert record.salt != RECORD.salt
    assert KEY.split(".")[1] not in repr(RECORD)
    assert len(KEY.split(".")[1]) == 43  # 256 bits


SECRET = KEY.split(".")[1]
WRONG = ["", ".", KEY[:-1], KEY + "x", KEY.replace(".", ""), f"tenon_{'0' * 16}.{SECRET}", KEY.upper()]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_a_wrong_key_is_refused_whatever_is_wrong_about_it(wrong):
    with pytest.raises(UnauthenticatedError, match=r"^The API key is not known here"):
        ApiKeys([RECORD]).identify(wrong, 0.0)


@given(st.text(st.characters(max_codepoint=127)))
def test_no_text_is_a_key_by_accident(text):
    with pytest.raises(UnauthenticatedError):
        ApiKeys([RECORD]).identify(text, 0.0)


def test_a_key_ends_when_it_expires_or_is_disabled():
    expiring = replace(RECORD, expires=NOON)
    assert ApiKeys([expiring]).identify(KEY, NOON.timestamp() - 1)[1] == NOON.timestamp()
    with pytest.raises(UnauthenticatedError, match="has expired"):
        ApiKeys([expiring]).identify(KEY, NOON.timestamp())
    with pytest.raises(UnauthenticatedError, match="is disabled"):
        ApiKeys([replace(RECORD, enabled=False)]).identify(KEY, 0.0)


def test_a_client_may_have_two_keys_while_it_changes_them():
    other, record = new_api_key("alice", ["metrics"])
    keys = ApiKeys([RECORD, record])
    assert {keys.identify(key, 0.0)[0].client for key in (KEY, other)} == {"alice"}


def test_records_survive_their_file(tmp_path):
    records = [new_api_key("ünïcode\n", ["predict:*", "admin"], NOON)[1], replace(RECORD, enabled=False)]
    for record in records:
        add_api_key(tmp_path / "keys.json", record)
    assert list(read_api_keys(tmp_path / "keys.json")) == records
    with pytest.raises(AlreadyExistsError, match=RECORD.id):
        add_api_key(tmp_path / "keys.json", RECORD)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("id", "a.b", r"keys\[0\]\.id: must match"),
        ("id", "x" * 65, "id: must match"),
        ("client", "", r"keys\[0\]\.client: must be a text"),
        ("salt", "00", "salt: must match"),
        ("sha256", "secret", "sha256: must match"),
        ("scopes", ["everything"], r"keys\[0\]\.scopes: a word must be"),
        ("scopes", "predict:*", r"keys\[0\]\.scopes: must be a list"),
        ("expires", "tomorrow", r"keys\[0\]\.expires: must be a time"),
        ("expires", "2030-01-01T00:00:00", "must be a time with a zone"),
        ("enabled", 1, r"keys\[0\]\.enabled: must be true or false; received 1"),
        ("note", "", r"keys\[0\]: there is no key 'note'"),
    ],
)
def test_a_broken_record_is_refused_with_its_place(tmp_path, field, value, message):
    add_api_key(tmp_path / "keys.json", RECORD)
    document = json.loads((tmp_path / "keys.json").read_text())
    document["keys"][0][field] = value
    (tmp_path / "keys.json").write_text(json.dumps(document))
    with pytest.raises(InvalidArgumentError, match=message):
        read_api_keys(tmp_path / "keys.json")


def test_ids_must_differ(tmp_path):
    add_api_key(tmp_path / "keys.json", RECORD)
    document = json.loads((tmp_path / "keys.json").read_text())
    (tmp_path / "keys.json").write_text(json.dumps({"keys": document["keys"] * 2}))
    with pytest.raises(InvalidArgumentError, match=f"ids must differ; received '{RECORD.id}'"):
        read_api_keys(tmp_path / "keys.json")


def test_a_record_checks_itself():
    with pytest.raises(InvalidArgumentError, match="client: must not be empty"):
        ApiKeyRecord("a", "", "0" * 32, "0" * 64, ())
    with pytest.raises(InvalidArgumentError, match="expires: needs a time zone"):
        new_api_key("alice", [], datetime(2030, 1, 1))
