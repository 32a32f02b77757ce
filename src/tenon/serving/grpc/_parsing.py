"""Messages out of bytes."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from tenon.base import InvalidArgumentError


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
