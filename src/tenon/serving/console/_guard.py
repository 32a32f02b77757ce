"""Who may come near: hosts and pages that may ask where nobody has to prove who they are."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from tenon.base import PermissionDeniedError
from tenon.serving.http import HttpRequest

CHANGE_HEADER = "x-tenon-admin"
"""A header that no page of another origin can send, for browsers ask us first and we do not answer."""

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]/@?#\s]+)(?::[0-9]{1,5})?")
_OF_PAGES = ("application/json", "text/plain")


def check_host(host: str, known: Collection[str]) -> None:
    """Refuse a request that a browser sent because a stranger's name leads to this machine (DNS rebinding).

    Args:
        host: the ``Host`` header.
        known: names in lower case that lead here, besides those of the loopback.

    Raises:
        PermissionDeniedError: the name is not known.

    Example:
        >>> check_host("localhost:8502", ()), check_host("[::1]:8502", ())
        (None, None)
    """
    match = _AUTHORITY.fullmatch(host)
    name = match["host"].strip("[]").rstrip(".").lower() if match else ""
    if not name or not (name in known or _is_loopback(name)):
        raise PermissionDeniedError(
            f"Host: without credentials only the loopback and configured names are answered; received {host[:100]!r}. "
            "Ask by such a name, configure this one, or configure security."
        )


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_origin(request: HttpRequest) -> None:
    """Refuse a change that a page of another origin may have sent with nothing but the user's browser (CSRF).

    Args:
        request: the request.

    Raises:
        PermissionDeniedError: its origin is another, or nothing shows that no foreign page sent it.
    """
    get = request.headers.get
    origin, host = get("origin"), get("host") or ""
    if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
        raise PermissionDeniedError(f"Origin: changes come from this server's own page; received {origin[:100]!r}.")
    kind = (get("content-type") or "").partition(";")[0].strip().lower()
    if get(CHANGE_HEADER) != "1" and (origin is None or kind not in _OF_PAGES):
        raise PermissionDeniedError("X-Tenon-Admin: a change needs this header with the value 1. Send it.")
