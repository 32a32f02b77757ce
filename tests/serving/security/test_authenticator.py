"""From headers to a client; what is remembered ends with the credential and with the keys."""

import gc
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import UnauthenticatedError
from tenon.serving.security import Credential, JwtIssuer, add_api_key, new_api_key
from tenon.serving.security._authenticator import REMEMBERED_CREDENTIALS, Authenticator
from tests.serving.security.credentials import (
    AUDIENCE,
    ISSUER,
    Clock,
    bearer,
    issuer,
    jwk,
    jwks,
    key_server,
    token,
)

KEY, RECORD = new_api_key("bob", ["predict:*"])


@pytest.fixture
def made(tmp_path):
    """An authenticator of tokens and keys, its clock, and its folder."""
    clock = Clock(time.time())
    add_api_key(tmp_path / "keys.json", RECORD)
    return Authenticator([issuer(tmp_path / "jwks.json")], tmp_path / "keys.json", clock), clock, tmp_path


def poll(authenticator):
    for source in authenticator.sources:
        source.want(0.0)
        source.poll(1.0)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_or_a_key_may_stand_in_authorization(made, scheme):
    for credential, client in ((token(), "alice"), (KEY, "bob")):
        for _ in range(2):
            assert made[0].identify({"authorization": f"{scheme} {credential}"}.get).client == client


def test_a_key_may_stand_in_a_header_of_its_own(made):
    assert made[0].identify({"x-api-key": KEY}.get).client == "bob"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "The request has no credentials. Send 'authorization: Bearer TOKEN' or 'x-api-key: KEY'"),
        ({"authorization": ""}, "must be Bearer"),
        ({"authorization": "Bearer"}, "is no JSON Web Token"),
        ({"authorization": "Basic YTpi"}, "must be Bearer"),
        ({"authorization": KEY}, "must be Bearer"),
        ({"authorization": f"x-api-key {KEY}x"}, "not known here"),
        ({"x-api-key": ""}, "not known here"),
        ({"x-api-key": f"Bearer {KEY}"}, "not known here"),
        ({"x-api-key": "eyJ"}, "not known here"),
        ({"authorization": "Bearer " + "a" * 20_000}, "at most 16384 characters"),
        ({"authorization": "Bearer tenon_é.ü"}, "all of them ASCII"),
        ({"x-api-key": "\udc80"}, "all of them ASCII"),
        ({"authorization": "Bearer wrong", "x-api-key": KEY}, "is no JSON Web Token"),
    ],
)
def test_what_is_no_credential_is_refused(made, headers, message):
    with pytest.raises(UnauthenticatedError, match=message):
        made[0].identify(headers.get)


@given(st.text(), st.sampled_from(["authorization", "x-api-key"]), st.sampled_from(["", "Bearer ", "Bearer tenon_"]))
def test_no_header_breaks_the_authenticator(text, header, start):
    with pytest.raises(UnauthenticatedError):
        EMPTY.identify({header: start + text}.get)


EMPTY = Authenticator([], None, time.time)


def test_keys_are_refused_where_there_are_none():
    with pytest.raises(UnauthenticatedError, match="API keys are not accepted here"):
        EMPTY.identify({"x-api-key": KEY}.get)


HELD = pytest.mark.parametrize("held", [False, True], ids=["shown anew", "held by a connection"])


def shown(name, text, held):
    """Return the headers of a client that repeats a credential, as an edge keeps them or reads them anew."""
    return {name: Credential(text) if held else text}.get


@HELD
def test_a_remembered_token_ends_when_it_expires(made, held):
    authenticator, clock, _ = made
    get = shown("authorization", f"Bearer {token()}", held)
    authenticator.identify(get)
    clock.now += 329
    authenticator.identify(get)
    clock.now += 2
    with pytest.raises(UnauthenticatedError, match="has expired"):
        authenticator.identify(get)


@HELD
def test_a_remembered_token_ends_when_its_key_is_withdrawn(made, held):
    authenticator, _, folder = made
    get = shown("authorization", f"Bearer {token()}", held)
    authenticator.identify(get)
    (folder / "jwks.json").write_bytes(jwks(jwk("EdDSA", 1)))
    poll(authenticator)
    with pytest.raises(UnauthenticatedError, match="no such key"):
        authenticator.identify(get)
    authenticator.identify(bearer(token(number=1)))


def test_a_remembered_token_stays_good_when_other_keys_come(made):
    authenticator, _, folder = made
    get = bearer(token())
    authenticator.identify(get)
    (folder / "jwks.json").write_bytes(jwks(jwk("EdDSA", 0), jwk("EdDSA", 1)))
    poll(authenticator)
    assert authenticator.identify(get).client == "alice"


@HELD
def test_a_remembered_key_ends_when_its_record_goes(made, held):
    authenticator, _, folder = made
    get = shown("x-api-key", KEY, held)
    assert [authenticator.identify(get).client for _ in range(2)] == ["bob"] * 2
    (folder / "keys.json").write_text('{"keys": []}')
    poll(authenticator)
    with pytest.raises(UnauthenticatedError, match="not known here"):
        authenticator.identify(get)


@HELD
def test_what_a_credential_proved_to_one_is_nothing_to_another(made, tmp_path_factory, held):
    get = shown("authorization", f"Bearer {token()}", held)
    assert made[0].identify(get).client == "alice"
    other = Authenticator([issuer(tmp_path_factory.mktemp("other") / "k", jwk("EdDSA", 1))], None, time.time)
    with pytest.raises(UnauthenticatedError, match="no such key"):
        other.identify(get)
    assert made[0].identify(get).client == "alice"


def test_a_broken_file_of_keys_keeps_the_old_ones(made):
    authenticator, _, folder = made
    (folder / "keys.json").write_text('{"keys": [')
    (folder / "jwks.json").write_text("oops")
    poll(authenticator)
    assert authenticator.identify({"x-api-key": KEY}.get).client == "bob"
    assert authenticator.identify(bearer(token())).client == "alice"


@HELD
def test_a_used_up_token_is_refused_without_being_verified_again(tmp_path, held):
    authenticator = Authenticator([issuer(tmp_path / "k", require_jti=True)], None, time.time)
    get = shown("authorization", f"Bearer {token(jti='1', iat=time.time() + 1)}", held)
    assert authenticator.identify(get).client == "alice"
    for _ in range(2):
        with pytest.raises(UnauthenticatedError, match="has been used before"):
            authenticator.identify(get)
    authenticator._remembered.clear()  # the memory of ids holds without it
    with pytest.raises(UnauthenticatedError, match="has been used before"):
        authenticator.identify(get)


def test_no_secret_stays_in_memory(made):
    """Python's own objects are looked through for the key and the token."""
    authenticator = made[0]
    text = token()
    authenticator.identify(bearer(text))
    authenticator.identify({"x-api-key": KEY}.get)
    secrets = {text, KEY, KEY.split(".")[1], f"Bearer {text}", f"x-api-key {KEY}"}
    held, seen = [authenticator], set()
    while held:
        each = held.pop()
        if id(each) in seen or isinstance(each, type) or (type(each).__module__ == "builtins" and callable(each)):
            continue
        seen.add(id(each))
        assert not (isinstance(each, str) and each in secrets)
        if isinstance(each, dict | list | tuple) or type(each).__module__.startswith(("tenon", "collections")):
            held += [one for one in gc.get_referents(each) if not callable(one)]
    assert len(seen) > 20


def test_what_is_remembered_is_bounded(made):
    authenticator = made[0]
    authenticator.identify({"x-api-key": KEY}.get)
    (known,) = authenticator._remembered.values()
    for number in range(REMEMBERED_CREDENTIALS + 10):
        authenticator._remember(number.to_bytes(16, "big"), known)
    assert len(authenticator._remembered) == REMEMBERED_CREDENTIALS


def test_keys_from_the_network_come_when_they_are_fetched_and_stay_when_it_fails():
    with key_server() as (state, url):
        state.content = jwks(jwk("EdDSA"))
        woken = []
        authenticator = Authenticator([JwtIssuer(ISSUER, (AUDIENCE,), url)], None, time.time)
        authenticator.on_wanted(lambda: woken.append(1))
        with pytest.raises(UnauthenticatedError, match="no such key"):
            authenticator.identify(bearer(token()))
        poll(authenticator)
        assert authenticator.identify(bearer(token())).client == "alice"
        for _ in range(2):
            with pytest.raises(UnauthenticatedError, match="no such key"):
                authenticator.identify(bearer(token(number=1)))
        assert woken[0] == 1
        state.answer = lambda handler: handler.send_error(500)
        poll(authenticator)
        assert authenticator.identify(bearer(token("EdDSA", sub="carol"))).client == "carol"
        state.content, state.answer = jwks(), state.give_content
        poll(authenticator)
        with pytest.raises(UnauthenticatedError, match="no such key"):
            authenticator.identify(bearer(token()))
