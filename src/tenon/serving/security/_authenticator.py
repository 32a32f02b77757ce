"""From the headers of a request to the client that sent it, in microseconds once a credential is known."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tenon.base import UnauthenticatedError
from tenon.serving.security._api_keys import PREFIX, ApiKeys, parse_api_keys
from tenon.serving.security._identity import Identity
from tenon.serving.security._reloading import Reloading, reloading_file
from tenon.serving.security._tokens import JwtIssuer, TokenVerifier, verifier_of

HeadersGet = Callable[[str], Any]
"""Gives a header's value by its name in lower case, or ``None``: ``dict.get`` of gRPC's metadata, too."""

MAX_CREDENTIAL_CHARACTERS = 16 * 1024
REMEMBERED_CREDENTIALS = 10_000


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What a credential proved.

    Args:
        identity: whose it is; ``None`` for a token that is used up.
        expires: until when, in seconds since the epoch.
        source: where the keys come from by which it was judged.
        judged_by: the keys; others in their place make this void.
    """

    identity: Identity | None
    expires: float
    source: Reloading[Any]
    judged_by: Any

    def holds(self, now: float) -> bool:
        """Tell whether it still counts."""
        return self.expires > now and self.source.value is self.judged_by


class Credential(str):
    """A header's value with a credential, as an edge keeps it together with the connection that it came over.

    A client that repeats its header shows the same object again, so what it proved is noted on it (0.3 us, the keyed
    hash takes 1.3), and gone with the connection.

    Args:
        value: the header's value.

    Attributes:
        proof: what it proved, and to whom; for the authenticator alone.
    """

    __slots__ = ("proof",)
    proof: tuple[Authenticator, _Remembered, Identity] | None

    def __new__(cls, value: str) -> Credential:
        made = super().__new__(cls, value)
        made.proof = None
        return made


class Authenticator:
    """Finds out who sends a request.

    Good credentials are remembered under a keyed hash, so that no signature is verified twice and no secret stays in
    memory; what is remembered ends with the credential, and with the keys that it was judged by.

    Args:
        issuers: who may issue tokens.
        api_keys: the file of API keys, or ``None``.
        clock: seconds since the epoch.

    Raises:
        TenonError: a file is broken.
        OSError: a file cannot be read.
    """

    def __init__(self, issuers: Sequence[JwtIssuer], api_keys: Path | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._verifiers = [TokenVerifier(issuer, clock) for issuer in issuers]
        self._api_keys = None if api_keys is None else _api_key_source(api_keys)
        self._keyed_hash = blake2b(key=secrets.token_bytes(32), digest_size=16)
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._wake: Callable[[], None] = _nothing

    @property
    def sources(self) -> list[Reloading[Any]]:
        """What has to be polled."""
        keys = [] if self._api_keys is None else [self._api_keys]
        return [*keys, *(verifier.keys for verifier in self._verifiers)]

    def on_wanted(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when a source should be polled soon."""
        self._wake = wake

    def identify(self, headers_get: HeadersGet) -> Identity:
        """Return who sent a request.

        ``authorization: Bearer TOKEN`` is looked at first, where TOKEN may be an API key, then ``x-api-key: KEY``.

        Raises:
            UnauthenticatedError: there is no credential, or it is not good.
            ResourceExhaustedError: too many tokens that count once are remembered.
        """
        shown, scheme = headers_get("authorization"), ""
        if shown is None:
            shown, scheme = headers_get("x-api-key"), "x-api-key "
            if shown is None:
                raise UnauthenticatedError(
                    "The request has no credentials. Send 'authorization: Bearer TOKEN' or 'x-api-key: KEY'."
                )
        if type(shown) is not Credential:
            return self._identify(scheme + shown)[0]
        proof = shown.proof
        if proof is not None and proof[0] is self and proof[1].holds(self._clock()):
            return proof[2]
        identity, known = self._identify(scheme + shown)
        if known.identity is not None:
            shown.proof = self, known, known.identity
        return identity

    def _identify(self, header: str) -> tuple[Identity, _Remembered]:
        if len(header) > MAX_CREDENTIAL_CHARACTERS or not header.isascii():
            raise UnauthenticatedError(
                f"A credential must have at most {MAX_CREDENTIAL_CHARACTERS} characters, all of them ASCII."
            )
        keyed = self._keyed_hash.copy()
        keyed.update(header.encode())
        name = keyed.digest()
        known = self._remembered.get(name)
        if known is not None and known.holds(self._clock()):
            self._remembered.move_to_end(name)
            if known.identity is None:
                raise UnauthenticatedError("The token has been used before, and counts once. Ask for a new one.")
            return known.identity, known
        identity, known = self._judge(header)
        self._remember(name, known)
        return identity, known

    def _judge(self, header: str) -> tuple[Identity, _Remembered]:
        scheme, _, credential = header.partition(" ")
        credential = credential.strip()
        if scheme == "x-api-key" or (scheme.lower() == "bearer" and credential.startswith(PREFIX)):
            return self._judge_key(credential)
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("The scheme of 'authorization' must be Bearer.")
        return self._judge_token(credential)

    def _judge_key(self, key: str) -> tuple[Identity, _Remembered]:
        if self._api_keys is None:
            raise UnauthenticatedError("API keys are not accepted here. Send 'authorization: Bearer TOKEN'.")
        keys = self._api_keys.value
        identity, expires = keys.identify(key, self._clock())
        return identity, _Remembered(identity, expires, self._api_keys, keys)

    def _judge_token(self, token: str) -> tuple[Identity, _Remembered]:
        verifier, header = verifier_of(token, self._verifiers)
        try:
            verified = verifier.verify(token, header)
        finally:
            self._wake_if_wanted(verifier)
        identity = None if verified.once else verified.identity
        return verified.identity, _Remembered(identity, verified.expires, verifier.keys, verified.keys)

    def _wake_if_wanted(self, verifier: TokenVerifier) -> None:
        if verifier.keys.wanted:
            self._wake()

    def _remember(self, name: bytes, known: _Remembered) -> None:
        if len(self._remembered) >= REMEMBERED_CREDENTIALS:
            self._remembered.popitem(last=False)
        self._remembered[name] = known


def _nothing() -> None:
    """Wake nobody: nothing is polled."""


def _api_key_source(path: Path) -> Reloading[ApiKeys]:
    return reloading_file(f"the API keys {path}", path, lambda content: ApiKeys(parse_api_keys(content, str(path))))
