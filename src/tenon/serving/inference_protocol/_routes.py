"""The protocol's REST paths: a method and a path to what is asked of which model."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple
from urllib.parse import unquote

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.serving.inference_protocol._requests import servable_request
from tenon.serving.servables import ServableRequest

ROOT: Final = "/v2"

_PATHS: Final = re.compile(
    r"/v2(?:/(?P<server>health/live|health/ready|models|repository/index)"
    r"|/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?(?:/(?P<action>ready|infer))?"
    r"|/repository/models/(?P<stored>[^/]+)/(?P<change>load|unload))?/?"
)


class Action(Enum):
    """What a request asks: the HTTP verb, and what metrics, logs and the rules of security call it."""

    LIVE = ("GET", "live")
    READY = ("GET", "ready")
    SERVER_METADATA = ("GET", "servermetadata")
    MODELS = ("GET", "index")
    INDEX = ("POST", "index")
    MODEL_METADATA = ("GET", "metadata")
    MODEL_READY = ("GET", "status")
    INFER = ("POST", "infer")
    LOAD = ("POST", "load")
    UNLOAD = ("POST", "unload")

    def __init__(self, method: str, api: str) -> None:
        self.method = method
        self.api = api


_OF_SERVER: Final = {
    None: Action.SERVER_METADATA,
    "health/live": Action.LIVE,
    "health/ready": Action.READY,
    "models": Action.MODELS,
    "repository/index": Action.INDEX,
}
_OF_MODELS: Final = {None: Action.MODEL_METADATA, "ready": Action.MODEL_READY, "infer": Action.INFER}
_OF_REPOSITORY: Final = {"load": Action.LOAD, "unload": Action.UNLOAD}


class WrongMethodError(InvalidArgumentError):
    """A path that is there, but for another verb; HTTP has a status of its own for it.

    Args:
        message: what was asked.
        allowed: the verb.
    """

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


class Target(NamedTuple):
    """What is asked of which model.

    Args:
        action: what is asked.
        request: the model, and perhaps a version or a label; ``None`` for what concerns the server.
    """

    action: Action
    request: ServableRequest | None


def is_api_path(path: str) -> bool:
    """Tell whether a path belongs to the API, well formed or not.

    Example:
        >>> is_api_path("/v2"), is_api_path("/v2/whatever"), is_api_path("/v20")
        (True, True, False)
    """
    return path.startswith(ROOT) and path[len(ROOT) : len(ROOT) + 1] in ("", "/")


def parse_target(method: str, path: str) -> Target:
    """Read a request line of the API.

    Args:
        method: the HTTP verb in capitals.
        path: the path, percent-decoded but for slashes, colons and percent signs, which are decoded here in names; one
            slash at its end is ignored.

    Raises:
        NotFoundError: there is nothing at the path.
        WrongMethodError: it is for another verb.
        InvalidArgumentError: the version is above 2**63 - 1.

    Example:
        >>> str(parse_target("POST", "/v2/models/digits/versions/2/infer").request)
        'Specific(digits, 2)'
    """
    match = _PATHS.fullmatch(path)
    if match is None:
        raise NotFoundError(f"Not found: {path[:200]}. The protocol has no such path, or it is not served.")
    target = _target(match)
    allowed = target.action.method
    if method != allowed:
        raise WrongMethodError(f"Method not allowed: {method[:20]} {path[:200]}. Use {allowed}.", allowed)
    return target


def _target(match: re.Match[str]) -> Target:
    if match["stored"]:
        return Target(_OF_REPOSITORY[match["change"]], servable_request(unquote(match["stored"]), ""))
    if match["name"]:
        name, version = unquote(match["name"]), unquote(match["version"] or "")
        return Target(_OF_MODELS[match["action"]], servable_request(name, version))
    return Target(_OF_SERVER[match["server"]], None)
