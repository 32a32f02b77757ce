"""Text and bytes, as ``tf.compat`` has them."""

from __future__ import annotations

import os
from typing import Any


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Return bytes or text as bytes, ``tf.compat.as_bytes``.

    Args:
        bytes_or_text: bytes, a bytearray or text.
        encoding: how text is written.

    Raises:
        TypeError: it is neither.

    Example:
        >>> as_bytes("a"), as_bytes(b"a")
        (b'a', b'a')
    """
    if isinstance(bytes_or_text, bytearray):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Return bytes or text as text, ``tf.compat.as_text``.

    Args:
        bytes_or_text: bytes or text.
        encoding: how the bytes are to be read.

    Raises:
        TypeError: it is neither.

    Example:
        >>> as_text("a"), as_text(b"a")
        ('a', 'a')
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value: Any, encoding: str = "utf-8") -> str:
    """Return anything as text, ``tf.compat.as_str_any``: bytes are read, all else is written with ``str``.

    Args:
        value: anything.
        encoding: how bytes are to be read.

    Example:
        >>> as_str_any(3), as_str_any(b"a")
        ('3', 'a')
    """
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path: Any) -> Any:
    """Return the text of a path object, and anything else as it is, ``tf.compat.path_to_str``.

    Args:
        path: a path, or anything.

    Example:
        >>> path_to_str("a")
        'a'
    """
    return as_text(os.fspath(path)) if hasattr(path, "__fspath__") else path
