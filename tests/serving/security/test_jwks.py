"""Key sets: three kinds of public keys, from files and over the network."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, UnavailableError
from tenon.serving.security._jwks import MAX_JWKS_BYTES, KeySet, check_url, fetcher, parse_jwks
from tests.serving.security.credentials import GOOD, jwk, jwks, key_server

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
FIELDS = st.sampled_from(["kty", "crv", "x", "n", "e", "kid", "alg", "use"])


@pytest.fixture(scope="module")
def server():
    with key_server() as served:
        yield served


@pytest.mark.parametrize("kind", GOOD)
def test_a_key_serves_the_one_algorithm_of_its_type(kind):
    keys = parse_jwks(jwks(jwk(kind)), "f")
    assert [keys.find(f"{kind}-0", algorithm) is not None for algorithm in GOOD] == [kind == each for each in GOOD]
    assert keys.left_out == ()


def test_without_an_id_only_the_only_key_of_an_algorithm_is_found():
    keys = parse_jwks(jwks(jwk("EdDSA", 0), jwk("EdDSA", 1), jwk("ES256")), "f")
    assert keys.find(None, "EdDSA") is None
    assert keys.find(None, "ES256") is not None
    assert parse_jwks(jwks(jwk("EdDSA", kid=None)), "f").find(None, "EdDSA") is not None
    assert parse_jwks(jwks(jwk("EdDSA", kid=None)), "f").find("EdDSA-0", "EdDSA") is None


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("text", "it is no object"),
        ({"kty": "oct", "k": "c2VjcmV0"}, "it holds the secret part 'k'"),
        (jwk("EdDSA", private=True), "it holds the secret part 'd'"),
        (jwk("RS256", private=True), "it holds the secret part 'd'"),
        ({"kty": "oct"}, "its type is none of RSA, EC P-256 and OKP Ed25519"),
        ({"kty": ["RSA"]}, "its type is none of"),
        (jwk("ES384"), "its type is none of"),
        (jwk("Ed448"), "its type is none of"),
        (jwk("short"), "RSA keys need at least 2048 bits; it has 1024"),
        (jwk("RS256", alg="HS256"), "its 'alg' is not RS256"),
        (jwk("RS256", alg="RS512"), "its 'alg' is not RS256"),
        (jwk("RS256", use="enc"), "it is not for signatures"),
        (jwk("RS256", key_ops=["encrypt"]), "it is not for signatures"),
        (jwk("RS256", key_ops=5), "it is not for signatures"),
        (jwk("RS256", kid=5), "its id 'kid' is no text"),
        (jwk("RS256", n=None), "it is broken"),
        (jwk("RS256", n=5), "it is broken"),
        (jwk("ES256", x="AAAA"), "it is broken"),
        (jwk("EdDSA", x="!"), "it is broken"),
        (jwk("EdDSA", number=2, kid="EdDSA-0"), "its id 'EdDSA-0' is taken by a key before it"),
    ],
)
def test_a_key_that_cannot_be_used_is_left_out_and_the_others_stay(key, reason):
    keys = parse_jwks(jwks(jwk("EdDSA"), key), "f")
    assert list(keys.keys) == [("EdDSA-0", "EdDSA")]
    (told,) = keys.left_out
    assert told.startswith(f"keys[1]: {reason}")


def test_an_issuer_may_withdraw_all_its_keys():
    assert parse_jwks(jwks(), "f") == KeySet({})


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": [], "keys": []}'])
def test_what_is_no_key_set_is_refused(content):
    with pytest.raises(InvalidArgumentError, match=r"^f: must be"):
        parse_jwks(content, "f")


@settings(max_examples=40)
@given(
    st.lists(JSON, max_size=3),
    st.sampled_from(GOOD),
    st.sampled_from(["kty", "crv", "x", "n", "e", "kid", "alg", "use"]),
    JSON,
)
def test_no_document_breaks_the_reader(noise, kind, field, value):
    keys = parse_jwks(json.dumps({"keys": [*noise, jwk(kind) | {field: value}]}).encode(), "f")
    assert len(keys.keys) + len(keys.left_out) == len(noise) + 1


@pytest.mark.parametrize(
    "url", ["https://issuer.example/keys", "http://127.0.0.1:8/k", "http://localhost/k", "http://[::1]/k"]
)
def test_keys_come_over_https_or_from_this_machine(url):
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/k",
        "http://10.0.0.1/k",
        "ftp://localhost/k",
        "file:///etc/passwd",
        "https://",
        "http://localhost.evil.example/",
    ],
)
def test_keys_do_not_come_in_the_clear(url):
    with pytest.raises(InvalidArgumentError, match="jwks: a URL must be https"):
        check_url(url)


def test_a_url_is_fetched(server):
    state, url = server
    state.content, state.answer = jwks(jwk("EdDSA")), state.give_content
    assert fetcher(url)() == state.content


def give_too_much(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b" " * (MAX_JWKS_BYTES + 1))


def redirect(handler):
    handler.send_response(302)
    handler.send_header("location", "/elsewhere")
    handler.end_headers()


def refuse(handler):
    handler.send_error(503)


def talk_nonsense(handler):
    handler.wfile.write(b"nonsense\r\n\r\n")


def break_off(handler):
    handler.send_response(200)
    handler.send_header("content-length", "100")
    handler.end_headers()
    handler.wfile.write(b"{")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (give_too_much, "at most 1048576 bytes"),
        (redirect, "302"),
        (refuse, "503"),
        (talk_nonsense, "cannot be fetched"),
    ],
)
def test_an_answer_that_is_no_good_is_an_error_with_the_url(server, answer, reason):
    state, url = server
    state.answer = answer
    with pytest.raises(UnavailableError, match=f"^{url}: cannot be fetched: .*{reason}|^{url}: {reason}"):
        fetcher(url)()


def test_an_answer_that_breaks_off_is_no_key_set(server):
    state, url = server
    state.answer = break_off
    with pytest.raises((UnavailableError, InvalidArgumentError)):
        parse_jwks(fetcher(url)(), url)


def test_a_server_that_is_not_there_is_an_error():
    with key_server() as (_, url):
        pass
    with pytest.raises(UnavailableError, match="cannot be fetched"):
        fetcher(url)()
