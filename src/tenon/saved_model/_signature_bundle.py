"""The bytes of a model's signature: OpenSSF model-signing v1.

A Sigstore bundle (JSON) names the key and holds a DSSE envelope; the envelope holds an in-toto statement and its
signature; the statement's predicate lists every file of the model with its digest.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from tenon.base import DataLossError, UnimplementedError

_BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PAYLOAD: Final = "application/vnd.in-toto+json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://model_signing/signature/v1.0"


@dataclass(frozen=True)
class Envelope:
    """A signature before anything is believed of it.

    Args:
        key_id: which key made it, as it says itself; empty where it does not say.
        payload: the bytes that were signed, an in-toto statement.
        signature: the signature of ``signed_bytes(payload)``.
    """

    key_id: str
    payload: bytes
    signature: bytes


@dataclass(frozen=True)
class Statement:
    """What the signer says about a model.

    Args:
        name: the name of its directory when it was signed; it may be renamed.
        algorithm: the hash algorithm, as ``hash_type`` has it.
        ignored: the paths whose files are not signed.
        digests: the digest of every file by its path.
    """

    name: str
    algorithm: str
    ignored: tuple[str, ...]
    digests: Mapping[str, bytes]


def signed_bytes(payload: bytes) -> bytes:
    """Return what is signed for a payload: DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (len(_PAYLOAD), _PAYLOAD.encode(), len(payload), payload)


def encode_statement(statement: Statement) -> bytes:
    """Return the in-toto statement as JSON; files are in the order of their paths' parts."""
    names = sorted(statement.digests, key=PurePosixPath)
    digests = statement.digests
    root = hashlib.sha256(b"".join([digests[name] for name in names])).hexdigest()
    return json.dumps(
        {
            "_type": _STATEMENT,
            "subject": [{"name": statement.name, "digest": {"sha256": root}}],
            "predicateType": _PREDICATE,
            "predicate": {
                "serialization": {
                    "method": "files",
                    "hash_type": statement.algorithm,
                    "allow_symlinks": False,
                    "ignore_paths": list(statement.ignored),
                },
                "resources": [
                    {"name": name, "algorithm": statement.algorithm, "digest": digests[name].hex()} for name in names
                ],
            },
        }
    ).encode()


def encode_envelope(envelope: Envelope) -> bytes:
    """Return the bundle that holds an envelope, as JSON."""
    bundle = {
        "mediaType": _BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": envelope.key_id}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(envelope.payload).decode(),
            "payloadType": _PAYLOAD,
            "signatures": [{"sig": base64.b64encode(envelope.signature).decode(), "keyid": ""}],
        },
    }
    return json.dumps(bundle).encode()


def decode_envelope(content: bytes) -> Envelope:
    """Read a bundle.

    Raises:
        DataLossError: the bytes are no bundle with one signature over an in-toto statement.
        UnimplementedError: it was not made with a key but with a certificate or with Sigstore's service.
    """
    bundle = _object(_json(content), "bundle")
    _expect(bundle, "mediaType", _BUNDLE)
    material = _object(bundle.get("verificationMaterial"), "verificationMaterial")
    if "publicKey" not in material:
        raise UnimplementedError(
            f"signature: must be made with a key; received one made with {sorted(material)}. Sign with: tenon sign"
        )
    hint = _object(material["publicKey"], "publicKey").get("hint") or ""
    envelope = _object(bundle.get("dsseEnvelope"), "dsseEnvelope")
    _expect(envelope, "payloadType", _PAYLOAD)
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise _damaged("'signatures' must be a list of one")
    signature = _object(signatures[0], "signatures[0]")
    return Envelope(_text(hint, "hint"), _base64(envelope.get("payload")), _base64(signature.get("sig")))


def decode_statement(payload: bytes) -> Statement:
    """Read a statement, whose signature was checked before.

    Raises:
        DataLossError: it is no statement about the files of a model, or contradicts itself.
        UnimplementedError: it lists parts of files, or is of another version.
    """
    statement = _object(_json(payload), "statement")
    _expect(statement, "_type", _STATEMENT)
    if statement.get("predicateType") != _PREDICATE:
        raise UnimplementedError(
            f"signature: must have the predicate {_PREDICATE}; received {statement.get('predicateType')!r:.100}. "
            "Sign the model again."
        )
    subjects = statement.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1:
        raise _damaged("'subject' must be a list of one")
    subject = _object(subjects[0], "subject[0]")
    predicate = _object(statement.get("predicate"), "predicate")
    serialization = _object(predicate.get("serialization"), "serialization")
    algorithm = _text(serialization.get("hash_type"), "hash_type")
    if serialization.get("method") != "files":
        raise UnimplementedError(
            f"signature: must list whole files; received the method {serialization.get('method')!r:.100}. "
            "Sign with: tenon sign"
        )
    digests = dict(_resources(predicate.get("resources"), algorithm))
    root = hashlib.sha256(b"".join(digests.values())).hexdigest()
    if _object(subject.get("digest"), "digest").get("sha256") != root:
        raise _damaged("the digest of its subject is not that of its resources")
    ignored = tuple([_text(path, "ignore_paths") for path in _list(serialization.get("ignore_paths", []))])
    return Statement(_text(subject.get("name", ""), "name"), algorithm, ignored, digests)


def _resources(resources: Any, algorithm: str) -> Iterable[tuple[str, bytes]]:
    seen = set()
    for entry in _list(resources):
        resource = _object(entry, "resource")
        _expect(resource, "algorithm", algorithm)
        name = _text(resource.get("name"), "name")
        if name in seen:
            raise _damaged(f"it names the file {name!r:.200} twice")
        seen.add(name)
        try:
            yield name, bytes.fromhex(_text(resource.get("digest"), "digest"))
        except ValueError as error:
            raise _damaged(f"the digest of {name!r:.200} is not hexadecimal") from error


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _damaged("it is not JSON") from error


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _damaged(f"{name!r} must be an object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _damaged("a list is missing")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _damaged(f"{name!r} must be text")
    return value


def _expect(value: Mapping[str, Any], key: str, expected: str) -> None:
    if value.get(key) != expected:
        raise _damaged(f"{key!r} must be {expected!r}; received {value.get(key)!r:.100}")


def _base64(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value, "base64"), validate=True)
    except ValueError as error:
        raise _damaged("base64 cannot be read") from error


def _damaged(what: str) -> DataLossError:
    return DataLossError(f"signature: it is damaged: {what}. Sign the model again.")
