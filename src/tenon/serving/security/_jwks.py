"""The public keys of an issuer (RFC 7517): from a file or a URL, of the three kinds that we accept."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa

from tenon.base import InvalidArgumentError, UnavailableError
from tenon.serving.security._json_reading import load_json

KINDS: Mapping[tuple[Any, Any], str] = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
"""The algorithm for each type and curve of keys; a key serves one algorithm, whatever a token says."""

ALGORITHMS = tuple(KINDS.values())
MAX_JWKS_BYTES = 2**20
FETCH_SECONDS = 10.0
_MIN_RSA_BITS = 2048
_BROKEN = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError, UnsupportedAlgorithm)
_PRIVATE_PARTS = ("d", "p", "q", "dp", "dq", "qi", "k")


@dataclass(frozen=True)
class KeySet:
    """Public keys.

    Args:
        keys: by key id (``None`` where the issuer gave none) and algorithm.
        left_out: why others of the same document are not among them.
    """

    keys: Mapping[tuple[str | None, str], Any]
    left_out: tuple[str, ...] = ()

    def find(self, kid: str | None, algorithm: str) -> Any | None:
        """Return the key of an id for an algorithm, or ``None``; without an id, the only key of the algorithm."""
        if kid is not None:
            return self.keys.get((kid, algorithm))
        fitting = [key for (_, own), key in self.keys.items() if own == algorithm]
        return fitting[0] if len(fitting) == 1 else None


NO_KEYS = KeySet({})


def parse_jwks(content: bytes, source: str) -> KeySet:
    """Read a JSON Web Key Set.

    A key that cannot be used is left out, as RFC 7517 wants it: an odd key must not keep the others, or the withdrawal
    of a stolen one, from being seen.

    Raises:
        InvalidArgumentError: it is no key set.
    """
    document = load_json(content, source)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise InvalidArgumentError(f"{source}: must be an object with a list 'keys' (a JSON Web Key Set).")
    keys: dict[tuple[str | None, str], Any] = {}
    left_out = []
    for index, jwk in enumerate(document["keys"]):
        try:
            name, key = _read_key(jwk)
            if name in keys:
                raise InvalidArgumentError(f"its id {name[0]!r} is taken by a key before it")
            keys[name] = key
        except InvalidArgumentError as error:
            left_out.append(f"keys[{index}]: {error.message}")
    return KeySet(keys, tuple(left_out))


def _read_key(jwk: Any) -> tuple[tuple[str | None, str], Any]:
    if not isinstance(jwk, dict):
        raise InvalidArgumentError("it is no object")
    private = [part for part in _PRIVATE_PARTS if part in jwk]
    if private:
        raise InvalidArgumentError(f"it holds the secret part {private[0]!r}; a secret that was published is none")
    kid, algorithm = jwk.get("kid"), _algorithm(jwk)
    if not isinstance(kid, str | None):
        raise InvalidArgumentError("its id 'kid' is no text")
    return (kid, algorithm), _key(jwk, algorithm)


def _algorithm(jwk: Mapping[str, Any]) -> str:
    kind = jwk.get("kty"), jwk.get("crv") if jwk.get("kty") != "RSA" else None
    algorithm = KINDS.get(kind) if all(isinstance(part, str | None) for part in kind) else None
    if algorithm is None:
        raise InvalidArgumentError("its type is none of RSA, EC P-256 and OKP Ed25519")
    if jwk.get("alg", algorithm) != algorithm:
        raise InvalidArgumentError(f"its 'alg' is not {algorithm}, which is what its type is for")
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise InvalidArgumentError("it is not for signatures")
    return algorithm


def _key(jwk: Mapping[str, Any], algorithm: str) -> Any:
    try:
        key = jwt.PyJWK.from_dict(dict(jwk), algorithm).key
    except (
        jwt.PyJWTError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        UnsupportedAlgorithm,
    ) as error:
        raise InvalidArgumentError(f"it is broken: {error}") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        raise InvalidArgumentError(f"RSA keys need at least {_MIN_RSA_BITS} bits; it has {key.key_size}")
    return key


def is_url(source: str) -> bool:
    """Tell whether a key set comes from the network rather than from a file."""
    return "://" in source


def check_url(url: str) -> None:
    """Refuse a URL over which somebody on the way could put keys of his own.

    Raises:
        InvalidArgumentError: neither https, nor http of this machine.
    """
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))):
        raise InvalidArgumentError(
            f"jwks: a URL must be https (http is for this machine's own addresses only); received {url!r}."
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host, as it stands in a URL, is this machine's own address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def fetcher(url: str, ca_file: Path | None = None) -> Callable[[], bytes]:
    """Return what fetches a key set: without redirects, within ``FETCH_SECONDS`` or so, ``MAX_JWKS_BYTES`` at most.

    Args:
        url: from where.
        ca_file: the authorities to trust, in PEM; ``None`` for the system's.

    Raises:
        OSError: ``ca_file`` cannot be read.
    """
    context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    handlers: list[Any] = [_NoRedirects(), urllib.request.HTTPSHandler(context=context)]
    if is_loopback(urlsplit(url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    return lambda: _fetch(opener, url)


def _fetch(opener: urllib.request.OpenerDirector, url: str) -> bytes:
    deadline = time.monotonic() + FETCH_SECONDS
    try:
        with opener.open(url, timeout=FETCH_SECONDS) as response:
            return _read(response, deadline)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UnavailableError(f"{url}: cannot be fetched: {error}") from error


def _read(response: Any, deadline: float) -> bytes:
    content = b""
    while chunk := response.read1(2**16):
        content += chunk
        if len(content) > MAX_JWKS_BYTES:
            raise ValueError(f"it must have at most {MAX_JWKS_BYTES} bytes, and has more")
        if time.monotonic() > deadline:
            raise ValueError(f"it took more than {FETCH_SECONDS:g} seconds")
    return content


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Follow none: keys come from where the configuration says."""
        del arguments
