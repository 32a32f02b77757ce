"""Sign a model, and refuse one that was not signed as it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tenon.base import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnimplementedError,
    require_extra,
    write_file,
)
from tenon.saved_model._file_digests import HASHES, file_digests, file_names
from tenon.saved_model._layout import MANIFEST, SIGNATURE
from tenon.saved_model._manifest import verify_manifest
from tenon.saved_model._signature_bundle import (
    Envelope,
    Statement,
    decode_envelope,
    decode_statement,
    encode_envelope,
    encode_statement,
    signed_bytes,
)

if TYPE_CHECKING:
    from tenon.saved_model._signature_keys import PublicKey

KeySource = str | os.PathLike[str] | bytes

_MAX_SIGNATURE_BYTES: Final = 64 * 2**20
_NEVER_READ: Final = (".git", ".gitattributes", ".github", ".gitignore")
"""What model-signing leaves out unless told otherwise; nothing here reads it."""

_NAMED: Final = 5
"""How many files an error names."""


@dataclass(frozen=True)
class SignedModel:
    """A model whose signature was checked.

    Args:
        path: its directory.
        key_id: the key that signed it: the SHA-256, in hexadecimal, of its public half in PEM.
        files: how many files are signed.
    """

    path: Path
    key_id: str
    files: int


def sign(path: str | os.PathLike[str], key: KeySource, *, passphrase: str | bytes | None = None) -> SignedModel:
    """Sign every file of a model; the signature is written to ``assets.extra/tenon/model.sig`` in one step.

    The format is OpenSSF model-signing's (v1, method ``key``): its tool verifies the signature too. Any change to the
    model needs a new signature, so compile artifacts and warm-up requests are added before.

    Args:
        path: the directory of a SavedModel or of another model. It may be renamed and copied afterwards.
        key: a private key on the curve P-256, P-384 or P-521, in PEM: its path or its bytes.
        passphrase: opens ``key`` where it is encrypted.

    Returns:
        What was signed.

    Raises:
        NotFoundError: there is no such directory or key.
        PermissionDeniedError: a file may not be read, or the passphrase is missing or wrong.
        InvalidArgumentError: the key is none, or the directory holds no files or one whose name is not UTF-8.
        DataLossError: the model is damaged, or holds a symbolic link or a special file.
        MissingExtraError: the extra ``serving`` is not installed.
        OSError: the signature cannot be written; the old one, if any, is as it was.

    Example:
        >>> import tempfile
        >>> from cryptography.hazmat.primitives.asymmetric import ec
        >>> from cryptography.hazmat.primitives import serialization as pem
        >>> key = ec.generate_private_key(ec.SECP256R1())
        >>> private = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
        >>> public = key.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "model.tflite").write_bytes(b"...")
        >>> signed = sign(folder, private)
        >>> verify(folder, [public]).key_id == signed.key_id
        True
    """
    require_extra("serving")
    from tenon.saved_model._signature_keys import read_private_key

    root = Path(path)
    private = read_private_key(key, passphrase.encode() if isinstance(passphrase, str) else passphrase)
    with _reading():
        statement = _stated(root)
    payload = encode_statement(statement)
    envelope = Envelope(private.public.id, payload, private.sign(signed_bytes(payload)))
    (root / SIGNATURE).parent.mkdir(parents=True, exist_ok=True)
    write_file(root / SIGNATURE, encode_envelope(envelope))
    return SignedModel(root, private.public.id, len(statement.digests))


def verify(path: str | os.PathLike[str], keys: Iterable[KeySource]) -> SignedModel:
    """Check that a model is, file for file, what the owner of a trusted key signed.

    Every file but the signature must be signed, and every signed file must be there, unchanged. Nothing in the model
    is read before the signature is found to be genuine.

    Args:
        path: the directory of the model.
        keys: public keys on the curves P-256, P-384 and P-521, in PEM: paths or bytes, each of one key or several.

    Returns:
        Who signed what.

    Raises:
        NotFoundError: there is no such directory or key file, or the model has no signature.
        PermissionDeniedError: no trusted key made the signature, or a file may not be read.
        DataLossError: the signature is damaged; a file was changed, added, removed or renamed since it was made (the
            message names it); the model holds a symbolic link or a special file.
        UnimplementedError: the signature was made with a certificate, or lists something else than whole files by
            SHA-256 or BLAKE2b.
        InvalidArgumentError: a key is none, or none is given.
        MissingExtraError: the extra ``serving`` is not installed.
    """
    require_extra("serving")
    from tenon.saved_model._signature_keys import read_public_keys

    trusted = read_public_keys(keys)
    root = Path(path)
    with _reading():
        _check_directory(root)
        envelope = decode_envelope(_read_signature(root / SIGNATURE))
        signer = _signer(root, envelope, trusted)
        statement = decode_statement(envelope.payload)
        _check_coverage(root, statement)
        _compare(root, statement)
    return SignedModel(root, signer.id, len(statement.digests))


def _stated(root: Path) -> Statement:
    """Return what there is to be said about the model: all its files but the signature."""
    _check_directory(root)
    if (root / MANIFEST).exists():
        verify_manifest(root)
    _remove_leftovers(root)
    names = [name for name in file_names(root) if name != SIGNATURE]
    _check_names(root, names)
    return Statement(root.resolve().name, "sha256", (SIGNATURE,), file_digests(root, names, "sha256"))


def _signer(root: Path, envelope: Envelope, trusted: Mapping[str, PublicKey]) -> PublicKey:
    """Return the trusted key that made the signature; that key alone says by which algorithm."""
    if envelope.key_id in trusted:
        candidates = [trusted[envelope.key_id]]
    elif not envelope.key_id:  # older versions of model-signing did not name the key
        candidates = list(trusted.values())
    else:
        raise PermissionDeniedError(
            f"{root / SIGNATURE}: must be made with a trusted key ({', '.join(sorted(trusted))}); it says it was made "
            f"with {envelope.key_id!r:.100}. Sign the model with a trusted key, or trust that one."
        )
    message = signed_bytes(envelope.payload)
    for key in candidates:
        if key.signed(message, envelope.signature):
            return key
    raise PermissionDeniedError(
        f"{root / SIGNATURE}: no trusted key made this signature: it is forged or damaged. Sign the model again."
    )


def _check_directory(root: Path) -> None:
    if not root.is_dir():
        raise NotFoundError(f"path: there is no directory at {str(root)!r}; give the directory of a model.")


def _read_signature(path: Path) -> bytes:
    if not os.path.lexists(path):
        raise NotFoundError(f"{path}: the model is not signed. Sign it with: tenon sign DIR --key KEY.pem")
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_SIGNATURE_BYTES:
        raise DataLossError(f"{path}: a signature must be a file of at most {_MAX_SIGNATURE_BYTES} bytes.")
    return path.read_bytes()


def _check_coverage(root: Path, statement: Statement) -> None:
    """Check that the signer left out only what nobody reads, and that the hash can be computed."""
    extra = sorted(set(statement.ignored) - {SIGNATURE, *_NEVER_READ})
    if extra:
        raise DataLossError(
            f"{root / SIGNATURE}: must cover the whole model; it leaves out {_some(extra)}. Sign with: tenon sign"
        )
    if statement.algorithm not in HASHES:
        raise UnimplementedError(
            f"{root / SIGNATURE}: files must be hashed by one of {sorted(HASHES)}; received "
            f"{statement.algorithm!r:.100}. Sign with: tenon sign"
        )


def _compare(root: Path, statement: Statement) -> None:
    skipped = {*statement.ignored, SIGNATURE}
    present = {name for name in file_names(root) if name not in skipped and name.partition("/")[0] not in skipped}
    signed = statement.digests.keys()
    _refuse_if(root, present - signed, "added")
    _refuse_if(root, signed - present, "removed")
    found = file_digests(root, present, statement.algorithm)
    _refuse_if(root, {name for name in present if found[name] != statement.digests[name]}, "changed")


def _refuse_if(root: Path, names: set[str], verb: str) -> None:
    if names:
        raise DataLossError(
            f"{root}: must be as it was signed; {verb} since: {_some(sorted(names))}. "
            "Restore the model from a good copy, or sign it again if this is meant."
        )


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join([repr(name) for name in names[:_NAMED]]) + (f" and {rest} more" if rest > 0 else "")


def _check_names(root: Path, names: Sequence[str]) -> None:
    if not names:
        raise InvalidArgumentError(f"path: must be a model; {str(root)!r} holds no files.")
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InvalidArgumentError(
                f"path: names must be UTF-8 to be signed; received {name!r}. Rename it."
            ) from error


def _remove_leftovers(root: Path) -> None:
    """Delete what a killed ``sign`` left: the start of a signature, which would be signed with the rest."""
    signature = root / SIGNATURE
    for leftover in signature.parent.glob(f".{signature.name}.tmp-*"):
        leftover.unlink(missing_ok=True)


@contextmanager
def _reading() -> Iterator[None]:
    """Tell of files that cannot be read in our own words."""
    try:
        yield
    except PermissionError as error:
        raise PermissionDeniedError(
            f"{error.filename}: may not be read ({error.strerror}). Let this user read the whole model."
        ) from error
    except OSError as error:
        raise DataLossError(
            f"{error.filename}: cannot be read ({error.strerror}). Restore the model from a good copy."
        ) from error
