"""Keys that sign models, and keys that are trusted to have signed them: on OpenSSF model-signing's elliptic curves.

The only module that needs ``cryptography`` (extra ``serving``); others import it when a key arrives.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from tenon.base import InvalidArgumentError, NotFoundError, PermissionDeniedError

KeySource = str | os.PathLike[str] | bytes
"""The path of a PEM file, or the bytes of one."""

_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "secp256r1": hashes.SHA256,
    "secp384r1": hashes.SHA384,
    "secp521r1": hashes.SHA512,
}
"""The hash that is signed, by the name of the curve: a signature has no say in it."""

_PUBLIC: Final = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_ADVICE: Final = "Make one with: openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -out key.pem"


@dataclass(frozen=True)
class PublicKey:
    """A key that is trusted.

    Args:
        id: the SHA-256 of its PEM text, by which signatures name it.
        key: the key itself.
    """

    id: str
    key: ec.EllipticCurvePublicKey = field(repr=False)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the owner of this key signed ``message``."""
        try:
            self.key.verify(signature, message, _ecdsa(self.key.curve))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """A key that signs.

    Args:
        public: its public half.
        key: the key itself.
    """

    public: PublicKey
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of ``message``, in DER."""
        return self.key.sign(message, _ecdsa(self.key.curve))


def read_private_key(source: KeySource, passphrase: bytes | None) -> PrivateKey:
    """Read the private key of a PEM text.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: the file may not be read, or the passphrase is missing or wrong.
        InvalidArgumentError: the text is no private key on the curve P-256, P-384 or P-521.
    """
    name, text = _named_text(source)
    encrypted = b"ENCRYPTED" in text
    if encrypted and passphrase is None:
        raise PermissionDeniedError(f"{name}: the key is encrypted. Give its passphrase.")
    try:
        key = load_pem_private_key(text, passphrase if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if encrypted:
            raise PermissionDeniedError(f"{name}: the passphrase does not open the key. Give the right one.") from error
        raise InvalidArgumentError(f"{name}: must be a private key in PEM; it cannot be read. {_ADVICE}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InvalidArgumentError(f"{name}: must be an elliptic-curve key; received {type(key).__name__}. {_ADVICE}")
    return PrivateKey(_public_key(name, key.public_key()), key)


def read_public_keys(sources: Iterable[KeySource]) -> dict[str, PublicKey]:
    """Read every public key of PEM texts, by its id; one text may hold several.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: a file may not be read.
        InvalidArgumentError: no key is given, or a text holds something else than public keys on the curves P-256,
            P-384 and P-521.
    """
    keys = [key for source in sources for key in _public_keys(*_named_text(source))]
    if not keys:
        raise InvalidArgumentError("keys: at least one public key must be trusted; received none.")
    return {key.id: key for key in keys}


def _public_keys(name: str, text: bytes) -> list[PublicKey]:
    found = [match[0] for match in _PUBLIC.finditer(text)]
    if not found or text.count(b"-----BEGIN ") != len(found):
        raise InvalidArgumentError(
            f"{name}: must hold public keys in PEM and nothing else. "
            "Make it with: openssl pkey -in key.pem -pubout -out public.pem"
        )
    return [_parsed_public_key(name, block) for block in found]


def _parsed_public_key(name: str, block: bytes) -> PublicKey:
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidArgumentError(f"{name}: must hold public keys in PEM; one cannot be read. {_ADVICE}") from error
    return _public_key(name, key)


def _public_key(name: str, key: object) -> PublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _HASHES:
        kind = key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__
        raise InvalidArgumentError(
            f"{name}: must be a key on the curve P-256, P-384 or P-521; received {kind}. {_ADVICE}"
        )
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(hashlib.sha256(pem).hexdigest(), key)


def _ecdsa(curve: ec.EllipticCurve) -> ec.ECDSA:
    return ec.ECDSA(_HASHES[curve.name]())


def _named_text(source: KeySource) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        return "key", source
    try:
        return str(source), Path(source).read_bytes()
    except PermissionError as error:
        raise PermissionDeniedError(f"{source}: the key may not be read. Let this user read it.") from error
    except OSError as error:
        raise NotFoundError(
            f"{source}: the key cannot be read ({error.strerror}). Give the path of a PEM file."
        ) from error
