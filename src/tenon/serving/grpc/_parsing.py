"""Messages out of bytes, and what they ask for."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from tenon.base import InvalidArgumentError
from tenon.serving.servables import ServableRequest


def parsed(message: type[Any], data: bytes) -> Any:
    """Return the message that ``data`` holds.

    Raises:
        InvalidArgumentError: it holds none.
    """
    try:
        return message.FromString(data)
    except DecodeError as error:
        raise InvalidArgumentError(
            f"The request is not a {message.DESCRIPTOR.full_name}: {len(data)} bytes do not parse."
        ) from error


def servable_request(request: Any) -> ServableRequest:
    """Return which servable a request asks for in its ``model_spec``.

    Raises:
        InvalidArgumentError: it does not say.
    """
    if not request.HasField("model_spec"):
        raise InvalidArgumentError("Missing ModelSpec")
    spec = request.model_spec
    if not spec.name:
        raise InvalidArgumentError("ModelSpec has no name specified.")
    choice = spec.WhichOneof("version_choice")
    return ServableRequest(
        spec.name,
        spec.version.value if choice == "version" else None,
        spec.version_label if choice == "version_label" else None,
    )
