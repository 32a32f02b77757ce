"""The paths of the admin API: a method and a path to what is asked of what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.serving.security import Action

_MAX_VERSION = 2**63 - 1
_PARAMETERS = {"{model}": "(?P<model>[^/]+)", "{version}": "(?P<version>[0-9]+)"}


class MethodNotAllowedError(InvalidArgumentError):
    """The path is there, but not for this verb; HTTP has a status of its own for it.

    Args:
        message: what is wrong.
        allowed: the verbs that the path takes.
    """

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.allowed = allowed


@dataclass(frozen=True)
class Route:
    """One operation.

    Args:
        method: the verb.
        template: the path, as in OpenAPI.
        name: what handles it, and what the audit calls it.
        action: the right that it takes.
        tells: for a change, the name of what is answered after it.
    """

    method: str
    template: str
    name: str
    action: Action = Action.ADMIN
    tells: str = ""

    @property
    def changes(self) -> bool:
        """Whether it does more than tell."""
        return self.method != "GET"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What its paths look like."""
        text = re.escape(self.template).replace(r"\{", "{").replace(r"\}", "}")
        for parameter, pattern in _PARAMETERS.items():
            text = text.replace(parameter, pattern)
        return re.compile(text, re.ASCII)


ROUTES = (
    Route("GET", "/api/about", "about"),
    Route("GET", "/api/overview", "overview"),
    Route("GET", "/api/models", "models"),
    Route("GET", "/api/models/{model}/versions/{version}/signatures", "signatures"),
    Route("POST", "/api/models/{model}/versions/{version}:retry", "retry", tells="models"),
    Route("GET", "/api/history", "history"),
    Route("GET", "/api/errors", "errors"),
    Route("GET", "/api/metrics.json", "metrics"),
    Route("GET", "/metrics", "exposition", Action.METRICS),
    Route("GET", "/api/traffic", "traffic"),
    Route("PUT", "/api/traffic", "set_traffic", tells="traffic"),
    Route("PUT", "/api/traffic/models/{model}", "set_model_traffic", tells="traffic"),
    Route("DELETE", "/api/traffic/models/{model}", "remove_model_traffic", tells="traffic"),
    Route("POST", "/api/traffic/models/{model}/versions/{version}:reset", "reset_rollback", tells="traffic"),
    Route("POST", "/api/config:reload", "reload", tells="models"),
    Route("POST", "/api/try", "try_request"),
)
"""Every operation that asks for credentials."""


def find_route(method: str, path: str) -> tuple[Route, dict[str, Any]]:
    """Return what a request line asks, and the parameters in its path.

    Args:
        method: the HTTP verb in capitals.
        path: the path, percent-decoded but for slashes, colons and percent signs, which are decoded here in names.

    Raises:
        NotFoundError: there is nothing at this path.
        MethodNotAllowedError: there is, for other verbs.
        InvalidArgumentError: the version is above 2**63 - 1.
    """
    matches = list(_matches(path))
    for route, match in matches:
        if route.method == method:
            return route, _parameters(match)
    if not matches:
        raise NotFoundError(f"there is nothing at {path[:200]!r}; /openapi.json has every path.")
    allowed = tuple(route.method for route, _ in matches)
    raise MethodNotAllowedError(f"{path[:200]!r} takes {' and '.join(allowed)}; received {method[:20]!r}.", allowed)


def action_of(path: str) -> Action:
    """Return the right that a path takes, also one that is not there."""
    return next((route.action for route, _ in _matches(path)), Action.ADMIN)


def _matches(path: str) -> Iterator[tuple[Route, re.Match[str]]]:
    for route in ROUTES:
        if match := route.pattern.fullmatch(path):
            yield route, match


def _parameters(match: re.Match[str]) -> dict[str, Any]:
    found: dict[str, Any] = {key: unquote(text) for key, text in match.groupdict().items()}
    if "version" in found:
        found["version"] = parse_version(found["version"])
    return found


def parse_version(digits: str) -> int:
    """Return the number of a version.

    Raises:
        InvalidArgumentError: it is none, or above 2**63 - 1.
    """
    if not re.fullmatch("0*[0-9]{1,19}", digits, re.ASCII) or int(digits.lstrip("0") or "0") > _MAX_VERSION:
        raise InvalidArgumentError(f"version: must be a whole number up to {_MAX_VERSION}; received {digits[:50]!r}.")
    return int(digits.lstrip("0") or "0")
