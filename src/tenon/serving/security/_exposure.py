"""Whether a server stands open to the world."""

from __future__ import annotations

import ipaddress
import socket

from tenon.serving.security._configuration import SecurityConfig
from tenon.serving.security._tls import TlsConfig


def exposure_warning(host: str, tls: TlsConfig | None, security: SecurityConfig | None) -> str | None:
    """Return what to say loudly when others can reach a server without being checked, or without encryption.

    Args:
        host: the address that the server listens on, as ``--host`` has it.
        tls: its TLS configuration, or ``None``.
        security: its security configuration, or ``None``.

    Returns:
        The warning; ``None`` when only this machine can reach the server, or when there is TLS and a check of every
        client, by credentials or by certificates.

    Example:
        >>> exposure_warning("127.0.0.1", None, None)
        >>> exposure_warning("0.0.0.0", None, None).startswith("WARNING: everybody who can reach 0.0.0.0")
        True
    """
    if _only_this_machine(host):
        return None
    checked = (tls is not None and tls.client_verify) or (security is not None and security.authenticates)
    dangers = []
    if not checked:
        dangers.append("can use the models and read what they are (no authentication: --security-config-file)")
    if tls is None:
        dangers.append("can read and change what is sent, credentials too (no TLS: --tls-certificate-file)")
    return f"WARNING: everybody who can reach {host} {' and '.join(dangers)}." if dangers else None


def _only_this_machine(host: str) -> bool:
    if host.startswith("unix:"):
        return True
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return False
    return bool(host) and all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found)
