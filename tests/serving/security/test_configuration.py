"""One file says who may ask and how much; what it gets wrong is named with its place."""

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.serving.security import (
    AuditConfig,
    JwtIssuer,
    Limit,
    LimitOverride,
    Limits,
    SecurityConfig,
    read_security,
)
from tests.documents import ROOT, code_blocks

WHOLE = {
    "jwt": [
        {"issuer": "https://a.example", "audience": "tenon", "jwks": "https://a.example/keys"},
        {
            "issuer": "https://b.example",
            "audience": ["one", "two"],
            "jwks": "keys/b.json",
            "algorithms": ["ES256"],
            "leeway_seconds": 5,
            "client_claim": "azp",
            "scope_claims": ["roles"],
            "require_jti": True,
            "max_lifetime_seconds": 300,
            "refresh_seconds": 60,
            "ca_file": "ca.pem",
        },
    ],
    "api_keys": "keys.json",
    "limits": {
        "client": {"requests_per_second": 10, "burst": 20, "concurrency": 4, "max_request_bytes": 1000},
        "model": {"concurrency": 64},
        "client_model": {},
        "overrides": [
            {"client": "batch", "requests_per_second": 0.5},
            {"client": "batch", "model": "digits", "concurrency": None},
        ],
    },
    "audit": {
        "path": "/var/log/audit.jsonl",
        "strict": True,
        "queue_lines": 10,
        "fsync": True,
        "max_bytes": 5000,
        "keep_files": 2,
    },
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("config") / "security.json"


def read(file, document):
    file.write_text(json.dumps(document))
    return read_security(file)


def test_everything_that_can_be_said_is_read(file):
    folder = file.parent
    assert read(file, WHOLE) == SecurityConfig(
        jwt=(
            JwtIssuer("https://a.example", ("tenon",), "https://a.example/keys"),
            JwtIssuer(
                "https://b.example",
                ("one", "two"),
                str(folder / "keys/b.json"),
                ("ES256",),
                leeway_seconds=5.0,
                client_claim="azp",
                scope_claims=("roles",),
                require_jti=True,
                max_lifetime_seconds=300.0,
                refresh_seconds=60.0,
                ca_file=folder / "ca.pem",
            ),
        ),
        api_keys=folder / "keys.json",
        limits=Limits(
            client=Limit(10.0, 20.0, 4, 1000),
            model=Limit(concurrency=64),
            client_model=Limit(),
            overrides=(
                LimitOverride(Limit(0.5), client="batch"),
                LimitOverride(Limit(), client="batch", model="digits"),
            ),
        ),
        audit=AuditConfig(Path("/var/log/audit.jsonl"), True, 10, True, 5000, 2),
    )


def test_what_is_left_out_is_off(file):
    assert read(file, {}) == SecurityConfig()
    assert not read(file, {}).authenticates
    assert read(file, {"api_keys": "k"}).authenticates
    assert read(file, {"jwt": WHOLE["jwt"]}).authenticates
    assert not read(file, {"jwt": []}).authenticates


def changed(path, value):
    """The whole document with another value at a path."""
    document = json.loads(json.dumps(WHOLE))
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("jwts",),
            [],
            r"json: there is no key 'jwts'; the keys are \['api_keys', 'audit', 'jwt', 'limits'\]",
        ),
        (("jwt",), {}, r"security\.json\.jwt: must be a list; received {}"),
        (("jwt", 1, "leeway"), 5, r"security\.json\.jwt\[1\]: there is no key 'leeway'"),
        (("jwt", 0, "audience"), [], r"security\.json\.jwt\[0\]\.audience: must not be empty"),
        (("jwt", 0, "audience"), 5, r"jwt\[0\]\.audience: must be a list; received 5"),
        (("jwt", 0, "jwks"), "http://a.example/keys", r"jwt\[0\]\.jwks: a URL must be https"),
        (("jwt", 1, "algorithms"), ["HS256"], r"jwt\[1\]\.algorithms: must be some of"),
        (("jwt", 1, "issuer"), "https://a.example", r"security\.json\.jwt: issuers must differ"),
        (("jwt", 1), {"issuer": "i"}, r"jwt\[1\]: the key 'audience' is missing; received \['issuer'\]"),
        (("api_keys",), None, r"security\.json\.api_keys: must be a text"),
        (("limits", "client", "brust"), 5, r"limits\.client: there is no key 'brust'; the keys are \['burst'"),
        (("limits", "client", "burst"), 0, r"limits\.client\.burst: must be a number of at least 1; received 0"),
        (("limits", "client", "burst"), True, r"limits\.client\.burst: must be a number; received true"),
        (("limits", "client", "concurrency"), 1.5, r"limits\.client\.concurrency: must be a whole number"),
        (("limits", "overrides", 0), {"burst": 5}, r"limits\.overrides\[0\]\.burst: needs requests_per_second"),
        (("limits", "overrides", 0), {}, r"limits\.overrides\[0\]\.client, model: an override must name"),
        (("limits", "overrides", 0, "clients"), "a", r"overrides\[0\]: there is no key 'clients'"),
        (("limits", "overrides", 0, "model"), "digits", r"security\.json\.limits\.overrides: must differ"),
        (("audit",), {}, r"security\.json\.audit: the key 'path' is missing"),
        (("audit", "keep_files"), 0, r"security\.json\.audit\.keep_files: must be at least 1; received 0"),
        (("audit", "strict"), "yes", r"audit\.strict: must be true or false; received \"yes\""),
    ],
)
def test_a_mistake_is_named_with_its_place(file, path, value, message):
    with pytest.raises(InvalidArgumentError, match=message):
        read(file, changed(path, value))


def places(document, path=()):
    yield path
    if isinstance(document, dict | list):
        for key in document if isinstance(document, dict) else range(len(document)):
            yield from places(document[key], (*path, key))


NOISE = st.none() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from([True, [], {}, [[1]]])


@given(st.sampled_from([path for path in places(WHOLE) if path]), NOISE)
def test_no_value_at_any_place_breaks_the_reader(file, path, value):
    try:
        read(file, changed(path, value))
    except InvalidArgumentError as error:
        message = str(error)
    else:
        return
    assert message.startswith(str(file))


GUIDE = ROOT / "docs/guides/serving.md"


def test_the_guides_file_is_read(file):
    (text,) = [text for language, text in code_blocks(GUIDE) if language == "json" and '"jwt"' in text]
    config = read(file, json.loads(text))
    assert config.authenticates
    assert config.limits.overrides[0].client == "nightly"
    assert config.audit.strict


@pytest.mark.parametrize(("kind", "name"), [(JwtIssuer, "jwt"), (AuditConfig, "audit")], ids=["jwt", "audit"])
def test_the_guides_tables_have_every_key_and_its_default(kind, name):
    section = GUIDE.read_text().partition(f"| key of `{name}` |")[2].partition("\n\n")[0]
    rows = [[cell.strip().strip("`") for cell in row.split("|")[1:3]] for row in section.splitlines()[2:]]
    fields = {field.name: field.default for field in dataclasses.fields(kind)}
    assert [key for key, _ in rows] == list(fields)
    told = {key: json.loads(default) for key, default in rows if default}
    known = {key: value for key, value in fields.items() if value is not dataclasses.MISSING and key != "ca_file"}
    assert told == {key: list(value) if isinstance(value, tuple) else value for key, value in known.items()}


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_security(tmp_path / "security.json")


def test_each_worker_has_an_audit_of_its_own(file):
    config = read(file, WHOLE)
    assert config.for_worker(3).audit.path == Path("/var/log/audit.worker-3.jsonl")
    assert config.for_worker(3).limits == config.limits
    assert SecurityConfig().for_worker(3) == SecurityConfig()


def test_each_worker_has_its_share_of_the_limits():
    config = SecurityConfig(limits=Limits(Limit(requests_per_second=10.0)))
    assert config.for_worker(0, 4).limits.client.requests_per_second == 2.5


def test_tokens_that_count_once_need_a_single_worker():
    config = SecurityConfig(jwt=(JwtIssuer("i", ("a",), "/keys.json", require_jti=True),))
    assert config.for_worker(0, 1) == config
    with pytest.raises(FailedPreconditionError, match=r"require_jti.*2 workers"):
        config.for_worker(0, 2)
