"""Certificates of the server: read, checked before they are used, read again when their files change."""

from __future__ import annotations

import logging
import ssl
import tempfile
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.serving.security._reloading import FILE_SECONDS, file_stamp

_SOON = timedelta(days=14)

_log = logging.getLogger("tenon.serving")


@dataclass(frozen=True)
class TlsConfig:
    """With what the server proves who it is, and whether clients must, too. PEM text, or the paths of PEM files.

    Args:
        certificate: the server's certificate, followed by those between it and an authority.
        key: its private key, not encrypted.
        client_ca: the authorities of the clients' certificates.
        client_verify: whether a client must have a certificate of one of them (mutual TLS).

    Raises:
        InvalidArgumentError: ``client_verify`` without ``client_ca``.
    """

    certificate: Path | bytes
    key: Path | bytes = field(repr=False)
    client_ca: Path | bytes | None = None
    client_verify: bool = False

    def __post_init__(self) -> None:
        if self.client_verify and not self.client_ca:
            raise InvalidArgumentError(
                "client_verify: needs client_ca (custom_ca), to know whom to trust; received none."
            )

    def load(self) -> TlsMaterial:
        """Read everything and check it.

        Raises:
            FailedPreconditionError: a certificate is not valid now, the key is not the certificate's, or something is
                no PEM of the right kind.
            OSError: a file cannot be read.
        """
        certificate, key = _content(self.certificate), _content(self.key)
        client_ca = None if self.client_ca is None else _content(self.client_ca)
        what = _named(self.certificate, "certificate")
        chain = _certificates(certificate, what)
        for each in chain:
            _check_dates(each, what)
        _check_key(chain[0], key, what, _named(self.key, "key"))
        if client_ca is not None:
            _certificates(client_ca, _named(self.client_ca, "client_ca"))
        expires = min(each.not_valid_after_utc for each in chain)
        return TlsMaterial(certificate, key, client_ca, self.client_verify, expires)


@dataclass(frozen=True)
class TlsMaterial:
    """Certificates and key that were checked, in PEM.

    Args:
        certificate: the server's chain.
        key: its private key.
        client_ca: the authorities of clients, or ``None``.
        client_verify: whether clients must have a certificate.
        expires: when the first certificate of the chain ends.
        refused: told why, when a client is not spoken to for its certificate, or for having none.
    """

    certificate: bytes
    key: bytes
    client_ca: bytes | None
    client_verify: bool
    expires: datetime
    refused: Callable[[str], None] | None = field(default=None, compare=False, repr=False)

    def ssl_context(self, protocols: Sequence[str] = ("h2",)) -> ssl.SSLContext:
        """Return what a server in Python's event loop speaks TLS with: 1.2 or newer.

        Args:
            protocols: what it offers by ALPN; gRPC is ``h2``.
        """
        context = _Context(ssl.PROTOCOL_TLS_SERVER)
        context.refused = self.refused
        context.set_alpn_protocols(list(protocols))
        self.load_into(context)
        if self.client_verify and self.client_ca is not None:
            context.load_verify_locations(cadata=self.client_ca.decode("ascii", "replace"))
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have new connections of a running server see this certificate; the authorities of clients stay as they are.

        Args:
            context: what ``ssl_context`` of an earlier material returned.
        """
        with tempfile.TemporaryDirectory() as directory:  # Python reads keys from files only; this one is ours alone
            path = Path(directory, "pair.pem")
            path.touch(mode=0o600)
            path.write_bytes(self.certificate + b"\n" + self.key)
            context.load_cert_chain(path)


class _Context(ssl.SSLContext):
    """A context that tells of clients who are refused for their certificates; event loops keep such errors quiet."""

    refused: Callable[[str], None] | None = None


class _Side(ssl.SSLObject):
    """The server's side of one connection."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            context, reason = self.context, _refusal(error)
            if reason and isinstance(context, _Context) and context.refused is not None:
                context.refused(reason)
            raise


_Context.sslobject_class = _Side


def _refusal(error: ssl.SSLError) -> str:
    """Return what is wrong with a client's certificate; empty for what is no matter of certificates."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The client's certificate is refused: {error.verify_message}."
    if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return "The client has no certificate."
    return ""


class TlsWatcher:
    """Loads certificates again when their files change; new ones that are no good are told, and the old ones stay.

    Args:
        config: where the certificates are.
        refused: told why, when a client is not spoken to for its certificate.

    Attributes:
        material: the last that was good.
        trouble: why what is in the files now is not used; empty where it is.

    Raises:
        FailedPreconditionError: the certificates are no good now.
        OSError: they cannot be read now.
    """

    def __init__(self, config: TlsConfig, refused: Callable[[str], None] | None = None) -> None:
        self._config, self._refused = config, refused
        self._stamp = _stamp(config)
        self._due = time.monotonic() + FILE_SECONDS
        self.trouble = ""
        self.material = replace(config.load(), refused=refused)
        _warn_of_end(self.material)

    def poll(self) -> bool:
        """Look whether files have changed, at most once a second; reads files, a millisecond when they have changed.

        Returns:
            Whether there is new material, to load into gRPC's context, and to make a new one for HTTPS of.
        """
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + FILE_SECONDS
        try:
            stamp = _stamp(self._config)
            if stamp == self._stamp:
                return False
            material = replace(self._config.load(), refused=self._refused)
        except (FailedPreconditionError, OSError) as error:
            if str(error) != self.trouble:
                _log.error("the new certificates are not used, the old ones stay: %s", error)
            self.trouble = str(error)
            return False
        self._stamp, self.trouble = stamp, ""
        changed, self.material = material != self.material, material
        _warn_of_end(material)
        return changed


def _stamp(config: TlsConfig) -> Hashable:
    sources = (config.certificate, config.key, config.client_ca)
    return tuple(file_stamp(source) for source in sources if isinstance(source, Path))


def _content(source: Path | bytes) -> bytes:
    return source.read_bytes() if isinstance(source, Path) else source


def _named(source: Path | bytes | None, field: str) -> str:
    return f"{field} {source}" if isinstance(source, Path) else f"{field} of the SSLConfig"


def _certificates(content: bytes, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise FailedPreconditionError(f"{what}: must hold certificates in PEM: {error}") from error


def _check_dates(certificate: x509.Certificate, what: str) -> None:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin <= datetime.now(UTC) <= end:
        raise FailedPreconditionError(
            f"{what}: the certificate of {certificate.subject.rfc4514_string()} is valid from {begin:%Y-%m-%d %H:%M} "
            f"to {end:%Y-%m-%d %H:%M} UTC, and not now. Renew it."
        )


def _check_key(certificate: x509.Certificate, content: bytes, what: str, key_what: str) -> None:
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FailedPreconditionError(f"{key_what}: must be a private key in PEM, not encrypted: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise FailedPreconditionError(f"{key_what}: must be RSA or EC, which every client knows (gRPC's no other).")
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise FailedPreconditionError(f"{key_what}: is not the key of {what}. Give the two that belong together.")


def _warn_of_end(material: TlsMaterial) -> None:
    if material.expires - datetime.now(UTC) < _SOON:
        _log.warning("the server's certificate ends on %s UTC; renew it", f"{material.expires:%Y-%m-%d %H:%M}")
