"""TensorFlow Serving's REST paths: a method and a path to what is asked of which model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

from tenon.base import InvalidArgumentError
from tenon.serving.servables import ServableRequest

_MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_ANY_CASE = re.IGNORECASE | re.ASCII  # without ASCII, "predict" would match a dotless i and "regress" a long s
_POST = re.compile(_MODEL + ":(?P<action>classify|regress|predict)", _ANY_CASE)
_GET = re.compile(_MODEL + "(?:/(?P<action>metadata))?", _ANY_CASE)
_NO_MODEL = re.compile("/v1/models(?:/metadata)?", _ANY_CASE)
_PATTERNS = {"POST": _POST, "GET": _GET}
_PREFIX = "/v1/"
_MAX_VERSION = 2**63 - 1


class Action(Enum):
    """What a request asks of a model; the value is the word in the path."""

    STATUS = ""
    METADATA = "metadata"
    PREDICT = "predict"
    CLASSIFY = "classify"
    REGRESS = "regress"

    @property
    def api(self) -> str:
        """What metrics and logs call it."""
        return self.value or "status"


@dataclass(frozen=True)
class Target:
    """What is asked of which model.

    Args:
        action: what is asked.
        request: the model, and perhaps a version or a label.
    """

    action: Action
    request: ServableRequest


def is_api_path(path: str) -> bool:
    """Tell whether a path belongs to the API, well formed or not.

    Example:
        >>> is_api_path("/V1/whatever"), is_api_path("/v2/models")
        (True, False)
    """
    return path[: len(_PREFIX)].lower() == _PREFIX


def parse_target(method: str, path: str, query: str = "") -> Target:
    """Read a request line of the API.

    Args:
        method: the HTTP verb in capitals.
        path: the path, percent-decoded but for slashes, colons and percent signs, which are decoded here in names.
            Its fixed words match in any case, but an action must be in lower case.
        query: the query string; the API has none.

    Raises:
        InvalidArgumentError: "Malformed request: ..." for anything but the documented verbs and paths, "Missing model
            name in request." for a path without one, "Failed to convert version: ..." for one above 2**63 - 1.

    Example:
        >>> str(parse_target("POST", "/v1/models/digits/versions/2:predict").request)
        'Specific(digits, 2)'
    """
    pattern = _PATTERNS.get(method)
    match = pattern.fullmatch(path) if pattern and not query else None
    if match is None or (match["action"] or "").lower() != (match["action"] or ""):
        raise _malformed(method, f"{path}?{query}" if query else path)
    version = _version(match["version"])
    label = None if match["label"] is None else unquote(match["label"])
    return Target(Action(match["action"] or ""), ServableRequest(unquote(match["name"]), version, label))


def _malformed(method: str, path: str) -> InvalidArgumentError:
    if method == "GET" and _NO_MODEL.fullmatch(path):
        return InvalidArgumentError("Missing model name in request.")
    return InvalidArgumentError(f"Malformed request: {method} {path}")


def _version(digits: str | None) -> int | None:
    if digits is None:
        return None
    digits = digits.lstrip("0") or "0"
    if len(digits) > len(str(_MAX_VERSION)) or int(digits) > _MAX_VERSION:
        raise InvalidArgumentError(f"Failed to convert version: {digits} to numeric.")
    return int(digits)
