"""JSON Web Tokens (RFC 7519): signed by an issuer that we trust, for us, now."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from tenon.base import InvalidArgumentError, UnauthenticatedError
from tenon.serving.security._identity import Identity, Scopes, parse_scopes
from tenon.serving.security._jwks import ALGORITHMS, NO_KEYS, KeySet, check_url, fetcher, is_url, parse_jwks
from tenon.serving.security._reloading import Reloading, reloading_file
from tenon.serving.security._replay import SpentTokens

UNKNOWN_KEY_SECONDS = 60.0
"""A token whose key is not known makes us look for new keys, at most this often."""

_BROKEN = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""What PyJWT raises for tokens, wrong ones and absurd ones."""

_log = logging.getLogger("tenon.serving")


@dataclass(frozen=True)
class JwtIssuer:
    """Who may issue tokens, and what must stand in them.

    Args:
        issuer: the claim ``iss``, exactly.
        audience: the claim ``aud`` must name one of these.
        jwks: a file or a URL of the issuer's public keys; https, or http on this machine.
        algorithms: which of RS256, ES256 and EdDSA (Ed25519) it may use; each key serves one of them.
        leeway_seconds: how far clocks may be apart, in ``exp``, ``nbf`` and ``iat``.
        client_claim: the claim that names the client.
        scope_claims: the claims with scope words, a text or a list each; those that are there count together.
        require_jti: a token is accepted once: it needs ``jti`` and ``iat``, and must not be older than this process.
        max_lifetime_seconds: a token that is to live longer (``exp`` minus ``iat``) is refused; ``None`` for any.
        refresh_seconds: how often the keys of a URL are fetched; those of a file are read when it changes.
        ca_file: the authorities of the URL's certificate, in PEM; ``None`` for the system's.

    Raises:
        InvalidArgumentError: a field breaks its rule.
    """

    issuer: str
    audience: tuple[str, ...]
    jwks: str
    algorithms: tuple[str, ...] = ALGORITHMS
    leeway_seconds: float = 30.0
    client_claim: str = "sub"
    scope_claims: tuple[str, ...] = ("scope", "scp")
    require_jti: bool = False
    max_lifetime_seconds: float | None = None
    refresh_seconds: float = 300.0
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        for field in ("issuer", "audience", "jwks", "algorithms", "client_claim", "scope_claims"):
            if not getattr(self, field):
                raise InvalidArgumentError(f"{field}: must not be empty; received {getattr(self, field)!r}.")
        unknown = sorted(set(self.algorithms) - set(ALGORITHMS))
        if unknown:
            raise InvalidArgumentError(f"algorithms: must be some of {list(ALGORITHMS)}; received {unknown[0]!r}.")
        bounds = {
            "leeway_seconds": (0.0, 600.0),
            "max_lifetime_seconds": (1.0, math.inf),
            "refresh_seconds": (1.0, 86400.0),
        }
        for field, (low, high) in bounds.items():
            value = getattr(self, field)
            if value is not None and not low <= value <= high:
                raise InvalidArgumentError(f"{field}: must lie in {low:g}..{high:g}; received {value}.")
        if is_url(self.jwks):
            check_url(self.jwks)


@dataclass(frozen=True)
class Verified:
    """What a good token says.

    Args:
        identity: whose it is.
        expires: when it is refused, leeway included, in seconds since the epoch.
        once: whether it has been used up.
        keys: the key set that it was verified with.
    """

    identity: Identity
    expires: float
    once: bool
    keys: KeySet


class TokenVerifier:
    """Verifies the tokens of one issuer.

    Args:
        issuer: its configuration.
        clock: seconds since the epoch.

    Raises:
        InvalidArgumentError: the file of keys is broken, or has no key that can be used.
        OSError: it cannot be read.
    """

    def __init__(self, issuer: JwtIssuer, clock: Callable[[], float]) -> None:
        self.issuer = issuer
        self._clock = clock
        self._spent = SpentTokens(clock)
        self._next_look = 0.0
        self.keys: Reloading[KeySet] = _key_source(issuer)

    def verify(self, token: str, header: dict[str, Any]) -> Verified:
        """Return what a token says.

        Args:
            token: the token.
            header: its header, not verified yet.

        Raises:
            UnauthenticatedError: the token is not good for us; the message tells why.
            ResourceExhaustedError: too many tokens that count once are remembered.
        """
        keys, algorithm = self.keys.value, header.get("alg")
        if algorithm not in self.issuer.algorithms:
            raise _refused(f"its algorithm must be one of {', '.join(self.issuer.algorithms)}")
        claims = self._claims(token, algorithm, self._key(keys, header.get("kid"), algorithm))
        expires = self._check_times(claims)
        identity = self._identity(claims)
        if self.issuer.require_jti:
            self._spend(claims, expires)
        return Verified(identity, expires, self.issuer.require_jti, keys)

    def _key(self, keys: KeySet, kid: Any, algorithm: str) -> Any:
        key = keys.find(kid, algorithm) if isinstance(kid, str | None) else None
        if key is None:
            self._look_for_new_keys()
            raise _refused("the issuer has no such key, as far as is known here")
        return key

    def _look_for_new_keys(self) -> None:
        now = time.monotonic()
        if self.keys.loaded and now >= self._next_look:  # the first fetch is under way or tried again anyway
            self._next_look = now + UNKNOWN_KEY_SECONDS
            self.keys.want(now)

    def _claims(self, token: str, algorithm: str, key: Any) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self.issuer.audience,
                issuer=self.issuer.issuer,
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except _BROKEN as error:
            raise _refused(str(error) if isinstance(error, jwt.PyJWTError) else "it is broken") from error
        return claims

    def _check_times(self, claims: dict[str, Any]) -> float:
        """Return when the token is refused."""
        now, leeway = self._clock(), self.issuer.leeway_seconds
        expires, begins, issued = (_seconds(claims, name) for name in ("exp", "nbf", "iat"))
        assert expires is not None  # PyJWT saw that it is there
        if expires + leeway <= now:
            raise _refused("it has expired")
        if max(begins or 0.0, issued or 0.0) > now + leeway:
            raise _refused("it is not valid yet")
        lifetime = self.issuer.max_lifetime_seconds
        if lifetime is not None and (issued is None or expires - issued > lifetime):
            raise _refused(f"it must say when it was issued ('iat'), and live for at most {lifetime:g} seconds")
        return expires + leeway

    def _spend(self, claims: dict[str, Any], expires: float) -> None:
        jti, issued = claims.get("jti"), _seconds(claims, "iat")
        if not isinstance(jti, str) or not jti or issued is None:
            raise _refused("it counts once, and needs 'jti' and 'iat' for that")
        if issued < self._spent.started:
            raise _refused("it counts once, and was issued before this server started, which may have seen it then")
        self._spent.spend(self.issuer.issuer, jti, expires)

    def _identity(self, claims: dict[str, Any]) -> Identity:
        client = claims.get(self.issuer.client_claim)
        if not isinstance(client, str) or not client:
            raise _refused(f"the claim {self.issuer.client_claim!r} must name the client")
        return Identity(client, f"jwt {self.issuer.issuer}", self._scopes(claims), self.issuer.issuer)

    def _scopes(self, claims: dict[str, Any]) -> Scopes:
        words: list[str] = []
        for name in self.issuer.scope_claims:
            value = claims.get(name, [])
            words += value.split() if isinstance(value, str) else value if isinstance(value, list) else []
        return parse_scopes((word for word in words if isinstance(word, str)), strict=False)


def verifier_of(token: str, verifiers: Sequence[TokenVerifier]) -> tuple[TokenVerifier, dict[str, Any]]:
    """Return who is to verify a token, by the issuer that it claims, and its header; nothing of it is true yet.

    Raises:
        UnauthenticatedError: it is no token, or claims no issuer that we trust.
    """
    try:
        unverified = jwt.decode_complete(token, options={"verify_signature": False})
    except _BROKEN as error:
        raise _refused("it is no JSON Web Token") from error
    header, claimed = unverified["header"], unverified["payload"].get("iss")
    if "crit" in header or "b64" in header:
        raise _refused("its header has extensions ('crit', 'b64')")
    for verifier in verifiers:
        if verifier.issuer.issuer == claimed:
            return verifier, header
    raise _refused("its issuer is not trusted here")


def _seconds(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e12:
        raise _refused(f"the claim {name!r} must be seconds since 1970")
    return float(value)


def _refused(reason: str) -> UnauthenticatedError:
    return UnauthenticatedError(f"The token is refused: {reason}.")


def _key_source(issuer: JwtIssuer) -> Reloading[KeySet]:
    what = f"the keys {issuer.jwks} of {issuer.issuer}"

    def parse(content: bytes) -> KeySet:
        keys = parse_jwks(content, issuer.jwks)
        for reason in keys.left_out:
            _log.warning("%s: left out: %s", what, reason)
        return keys

    if is_url(issuer.jwks):
        read = fetcher(issuer.jwks, issuer.ca_file)
        return Reloading(what, read, parse, seconds=issuer.refresh_seconds, start=NO_KEYS)
    source = reloading_file(what, Path(issuer.jwks), parse)
    if not source.value.keys:
        raise InvalidArgumentError(
            f"{issuer.jwks}: must hold a key for {', '.join(ALGORITHMS)}; received none"
            f"{': ' if source.value.left_out else ''}{'; '.join(source.value.left_out)}."
        )
    return source
