"""Tokens: what makes a good one, and everything that makes a bad one."""

import base64
import contextlib
import hmac
import json
import math
import time
from functools import partial

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, UnauthenticatedError
from tenon.serving.security import Action, JwtIssuer
from tenon.serving.security._tokens import TokenVerifier, verifier_of
from tests.serving.security.credentials import (
    AUDIENCE,
    GOOD,
    ISSUER,
    claims,
    issuer,
    jwk,
    jwks,
    key_server,
    private_key,
    token,
)


@pytest.fixture(scope="module")
def verifiers(tmp_path_factory):
    return [TokenVerifier(issuer(tmp_path_factory.mktemp("keys") / "jwks.json"), time.time)]


def verify(verifiers, text):
    verifier, header = verifier_of(text, verifiers)
    return verifier.verify(text, header)


def encoded(part):
    return base64.urlsafe_b64encode(part if isinstance(part, bytes) else json.dumps(part).encode()).decode().rstrip("=")


def signed(header, payload, sign):
    text = f"{encoded(header)}.{encoded(payload)}"
    return f"{text}.{encoded(sign(text.encode()))}"


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_token_tells_client_scopes_and_end(verifiers, kind):
    end = int(time.time()) + 100
    verified = verify(verifiers, token(kind, exp=end, scope="predict:m openid", scp=["metrics", 5]))
    assert (verified.identity.client, verified.identity.credential) == ("alice", f"jwt {ISSUER}")
    assert verified.identity.may(Action.PREDICT, "m")
    assert verified.identity.may(Action.METRICS, "")
    assert not verified.identity.may(Action.ADMIN, "")
    assert verified.expires == end + 30
    assert not verified.once


def test_an_audience_may_be_one_of_several(verifiers):
    verify(verifiers, token(aud=["other", AUDIENCE]))


NOW = time.time()
REFUSED = {
    "it has expired": {"exp": NOW - 31},
    "not valid yet": {"nbf": NOW + 86400},
    "not valid yet ": {"iat": NOW + 86400},
    "claim 'nbf' must be seconds": {"nbf": "soon"},
    "claim 'exp' must be seconds": {"exp": "never"},
    "claim 'exp' must be seconds ": {"exp": math.inf},
    "claim 'exp' must be seconds  ": {"exp": True},
    "claim 'exp' must be seconds   ": {"exp": 1e300},
    "claim 'exp' must be seconds    ": {"exp": -1},
    'missing the "exp" claim': {"exp": None},
    'missing the "aud" claim': {"aud": None},
    "udience": {"aud": "other"},
    "udience ": {"aud": [AUDIENCE.upper()]},
    "Invalid claim format": {"aud": {"a": 1}},
    "issuer is not trusted": {"iss": "https://other.example"},
    "issuer is not trusted ": {"iss": None},
    "issuer is not trusted  ": {"iss": [ISSUER]},
    "claim 'sub' must name": {"sub": None},
    "claim 'sub' must name ": {"sub": ""},
    "ubject": {"sub": 5},
}


@pytest.mark.parametrize(("reason", "wrong"), REFUSED.items(), ids=range(len(REFUSED)))
def test_a_wrong_claim_is_refused_and_named(verifiers, reason, wrong):
    with pytest.raises(UnauthenticatedError, match=f"The token is refused: .*{reason.rstrip()}"):
        verify(verifiers, signed({"alg": "EdDSA", "kid": "EdDSA-0"}, claims(**wrong), private_key("EdDSA").sign))


def test_the_leeway_is_for_clocks_that_differ(verifiers):
    verify(verifiers, token(exp=time.time() - 20, nbf=time.time() + 20, iat=time.time() + 20))


def test_a_token_of_no_algorithm_is_refused(verifiers):
    for alg in ("none", "None", "NONE", "", None, 5, ["EdDSA"]):
        with pytest.raises(UnauthenticatedError, match="refused"):
            verify(verifiers, f"{encoded({'alg': alg, 'kid': 'EdDSA-0'})}.{encoded(claims())}.")


@pytest.mark.parametrize("kind", GOOD)
def test_a_public_key_is_no_shared_secret(verifiers, kind):
    """The classic confusion of algorithms: HMAC with what everybody knows."""
    public = private_key(kind).public_key()
    for form in ((Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)):
        secret = public.public_bytes(*form)
        text = signed({"alg": "HS256", "kid": f"{kind}-0"}, claims(), partial(hmac.digest, secret, digest="sha256"))
        with pytest.raises(UnauthenticatedError, match="its algorithm must be one of RS256, ES256, EdDSA"):
            verify(verifiers, text)


@pytest.mark.parametrize("said", GOOD)
@pytest.mark.parametrize("kind", GOOD)
def test_a_key_verifies_its_own_algorithm_only(verifiers, kind, said):
    """The header claims one algorithm, the key is another's; whoever signed, it is refused."""
    if kind == said:
        return
    with pytest.raises(UnauthenticatedError, match="no such key"):
        verify(verifiers, token(said, headers={"kid": f"{kind}-0"}))


@pytest.mark.parametrize("kind", GOOD)
def test_another_key_of_the_same_name_is_refused(verifiers, kind):
    with pytest.raises(UnauthenticatedError, match=r"[Ss]ignature"):
        verify(verifiers, token(kind, number=1, headers={"kid": f"{kind}-0"}))


def test_headers_cannot_bring_their_own_key(verifiers):
    own = {"jwk": jwk("EdDSA", 9), "jku": "https://evil.example", "x5u": "https://evil.example", "kid": "EdDSA-9"}
    with pytest.raises(UnauthenticatedError, match="no such key"):
        verify(verifiers, token("EdDSA", number=9, headers=own))


@pytest.mark.parametrize("more", [{"crit": ["b64"], "b64": False}, {"crit": ["exp"]}, {"b64": True}])
def test_extensions_of_the_header_are_refused(verifiers, more):
    with pytest.raises(UnauthenticatedError, match="refused"):
        verify(verifiers, signed({"alg": "EdDSA", "kid": "EdDSA-0"} | more, claims(), private_key("EdDSA").sign))


def test_an_issuer_may_be_held_to_some_algorithms(tmp_path):
    verifiers = [TokenVerifier(issuer(tmp_path / "k", algorithms=("ES256",)), time.time)]
    verify(verifiers, token("ES256"))
    with pytest.raises(UnauthenticatedError, match="must be one of ES256"):
        verify(verifiers, token("EdDSA"))


@given(st.data())
def test_a_token_with_a_changed_character_is_refused(verifiers, data):
    whole = token()
    good = whole[:-1]  # the last character has bits that nobody reads
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.= \n\x00"))
    if other == good[place]:
        return
    with pytest.raises(UnauthenticatedError):
        verify(verifiers, good[:place] + other + good[place + 1 :] + whole[-1])


HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "cty"]),
    st.sampled_from(["EdDSA", "EdDSA-0", "none", "HS256", None, 5, [], {}, "x" * 100]),
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub", "scope", "scp", "jti"]),
    st.sampled_from([ISSUER, AUDIENCE, 2e9, -1, math.inf, math.nan, "x", None, True, [], {}, [[AUDIENCE]], 10**400]),
)


@given(HEADERS | st.just({"alg": "EdDSA", "kid": "EdDSA-0"}), CLAIMS | st.lists(st.integers()), st.booleans())
def test_no_token_breaks_the_verifier(verifiers, header, payload, base):
    if base and isinstance(payload, dict):
        payload = claims() | payload
    text = signed(header, payload, private_key("EdDSA").sign)
    with contextlib.suppress(UnauthenticatedError):
        verify(verifiers, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "eyJ.eyJ.",
        "\x00" * 50,
        encoded(b"[" * 9000) + ".e30.",
        "e30." + encoded(b"[" * 9000) + ".",
    ],
)
def test_what_is_no_token_is_refused(verifiers, text):
    with pytest.raises(UnauthenticatedError, match=r"refused: it is no JSON Web Token|issuer is not trusted"):
        verify(verifiers, text)


def once(tmp_path, clock=time.time, **more):
    return [TokenVerifier(issuer(tmp_path / "k", require_jti=True, **more), clock)]


def test_a_token_that_counts_once_is_refused_the_second_time(tmp_path):
    verifiers = once(tmp_path)
    text = token(jti="1", iat=time.time() + 1)
    assert verify(verifiers, text).once
    for again in (text, token(jti="1", iat=time.time() + 1, sub="bob")):
        with pytest.raises(UnauthenticatedError, match="has been used before"):
            verify(verifiers, again)
    verify(verifiers, token(jti="2", iat=time.time() + 1))


@pytest.mark.parametrize("wrong", [{"jti": None}, {"jti": ""}, {"iat": None}])
def test_a_token_that_counts_once_needs_a_name_and_its_time(tmp_path, wrong):
    with pytest.raises(UnauthenticatedError, match="it counts once, and needs 'jti' and 'iat'"):
        verify(once(tmp_path), token(**({"jti": "1", "iat": time.time() + 1} | wrong)))


def test_a_token_older_than_the_process_may_have_been_used_with_the_last_one(tmp_path):
    with pytest.raises(UnauthenticatedError, match="issued before this server started"):
        verify(once(tmp_path), token(jti="1", iat=time.time() - 10))


def test_a_forged_token_uses_up_nothing(tmp_path):
    verifiers = once(tmp_path)
    with pytest.raises(UnauthenticatedError, match=r"[Ss]ignature"):
        verify(verifiers, token(number=1, headers={"kid": "EdDSA-0"}, jti="1", iat=time.time() + 1))
    verify(verifiers, token(jti="1", iat=time.time() + 1))


def test_a_lifetime_may_be_bounded(tmp_path):
    verifiers = [TokenVerifier(issuer(tmp_path / "k", max_lifetime_seconds=60.0), time.time)]
    now = time.time()
    verify(verifiers, token(iat=now, exp=now + 59))
    for wrong in ({"iat": now, "exp": now + 62}, {"exp": now + 10}):
        with pytest.raises(UnauthenticatedError, match="live for at most 60 seconds"):
            verify(verifiers, token(**wrong))


def test_the_claim_of_the_client_and_of_scopes_can_be_chosen(tmp_path):
    verifiers = [TokenVerifier(issuer(tmp_path / "k", client_claim="azp", scope_claims=("roles",)), time.time)]
    verified = verify(verifiers, token(azp="batch", sub=None, roles=["admin"]))
    assert verified.identity.client == "batch"
    assert verified.identity.may(Action.ADMIN, "")
    assert not verified.identity.may(Action.PREDICT, "m")


def test_an_unknown_key_asks_for_new_ones_once_a_minute():
    with key_server() as (state, url):
        state.content = jwks(jwk("ES256"))
        verifier = TokenVerifier(JwtIssuer(ISSUER, (AUDIENCE,), url), time.time)
        with pytest.raises(UnauthenticatedError, match="no such key"):
            verify([verifier], token())
        assert not verifier.keys.wanted  # they have not come yet, and will without that
        verifier.keys.poll(time.monotonic())
    for wanted in (True, False):
        with pytest.raises(UnauthenticatedError, match="no such key, as far as is known here"):
            verify([verifier], token())
        assert verifier.keys.wanted is wanted
        verifier.keys.wanted = False


def test_a_file_without_usable_keys_is_an_error_at_the_start(tmp_path):
    with pytest.raises(InvalidArgumentError, match=r"must hold a key for .*keys\[0\]: RSA keys need"):
        TokenVerifier(issuer(tmp_path / "k", jwk("short")), time.time)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"issuer": ""}, "issuer: must not be empty"),
        ({"audience": ()}, "audience: must not be empty"),
        ({"jwks": "http://issuer.example/keys"}, "jwks: a URL must be https"),
        ({"algorithms": ("HS256",)}, "algorithms: must be some of .* received 'HS256'"),
        ({"algorithms": ("none",)}, "algorithms: must be some of"),
        ({"leeway_seconds": -1.0}, r"leeway_seconds: must lie in 0\.\.600"),
        ({"leeway_seconds": math.nan}, "leeway_seconds: must lie in"),
        ({"max_lifetime_seconds": 0.0}, "max_lifetime_seconds: must lie in"),
        ({"refresh_seconds": 0.0}, "refresh_seconds: must lie in"),
    ],
)
def test_an_issuer_is_checked(fields, message):
    good = {"issuer": ISSUER, "audience": (AUDIENCE,), "jwks": "keys.json"}
    with pytest.raises(InvalidArgumentError, match=message):
        JwtIssuer(**(good | fields))


def test_pyjwt_itself_refuses_what_it_should():
    """We stand on this: a key object of another type than the algorithm's is an error."""
    with pytest.raises((jwt.PyJWTError, TypeError)):
        jwt.decode(token("ES256"), private_key("EdDSA").public_key(), algorithms=["ES256"], audience=AUDIENCE)
