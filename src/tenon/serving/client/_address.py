"""Where a server is and how it is spoken to: the URL, and the files of TLS."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tenon.base import InvalidArgumentError, NotFoundError

_PORTS: Final = {"grpc": 8500, "grpcs": 8500, "http": 80, "https": 443}
"""The schemes and the ports that they mean where a URL names none."""


@dataclass(frozen=True)
class Address:
    """A server.

    Args:
        scheme: ``grpc``, ``grpcs``, ``http`` or ``https``.
        host: its name or number.
        port: its port.
        prefix: what stands before ``/v1`` in paths; empty or begins with a slash.
    """

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme in ("grpcs", "https")

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(url: str) -> Address:
    """Read a URL.

    Raises:
        InvalidArgumentError: it is not of the form ``SCHEME://HOST[:PORT]``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refusal(url, str(error)) from error
    if parts.scheme not in _PORTS:
        raise _refusal(url, f"the scheme must be one of {sorted(_PORTS)}")
    if not parts.hostname:
        raise _refusal(url, "the host is missing")
    prefix = parts.path.rstrip("/")
    if _has_more(parts) or (prefix and parts.scheme.startswith("grpc")):
        raise _refusal(url, "nothing may follow the port" if parts.scheme.startswith("grpc") else "it holds too much")
    return Address(parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port, prefix)


def _has_more(parts: SplitResult) -> bool:
    return bool(parts.query or parts.fragment or "@" in parts.netloc)


def _refusal(url: str, reason: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"url: must be like grpc://HOST:8500 or http://HOST:8501 (grpcs, https with TLS); received {url!r}: {reason}."
    )


@dataclass(frozen=True)
class TlsFiles:
    """What a client needs for TLS beyond what the system has.

    Args:
        ca: a PEM file of the authorities that are trusted instead of the system's.
        certificate: PEM files of a certificate, with its chain, and of its key, for servers that ask who calls.
    """

    ca: str | os.PathLike[str] | None = None
    certificate: tuple[str | os.PathLike[str], str | os.PathLike[str]] | None = None

    def context(self) -> ssl.SSLContext:
        """Return a context that verifies servers.

        Raises:
            NotFoundError: a file cannot be read.
            InvalidArgumentError: a file does not hold what it should.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                context.load_cert_chain(*self.certificate)
        except ssl.SSLError as error:
            raise InvalidArgumentError(
                f"TLS: the files must hold certificates and a matching key in PEM; {self} do not: {error}."
            ) from error
        except OSError as error:
            raise NotFoundError(f"TLS: the files of {self} cannot be read ({error.strerror}).") from error
        return context

    def contents(self) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Return the bytes of the authorities, the key and the certificate.

        Raises:
            NotFoundError: a file cannot be read.
            InvalidArgumentError: a file does not hold what it should.
        """
        self.context()  # gRPC says nothing of wrong files but that it cannot connect
        certificate, key = (None, None) if self.certificate is None else map(Path, self.certificate)
        return tuple([None if path is None else Path(path).read_bytes() for path in (self.ca, key, certificate)])  # type: ignore[return-value]  # three
