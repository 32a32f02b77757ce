"""Protocol buffers that operators write as text, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import text_format

from tenon.base import InvalidArgumentError, NotFoundError, PermissionDeniedError
from tenon.formats import descriptor_pool, message_class

MAX_BYTES = 64 * 2**20
"""A larger file is no configuration; reading it would stop the server for minutes."""


def read_bytes(path: Path) -> bytes:
    """Return what a configuration file holds.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it is a directory, or larger than ``MAX_BYTES``, or cannot be read for another reason.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such file. Correct the path.") from None
    except PermissionError as error:
        raise PermissionDeniedError(f"{path}: may not be read ({error.strerror}). Let this user read it.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise InvalidArgumentError(f"{path}: cannot be read ({error}). Name a text file.") from error
    if len(content) > MAX_BYTES:
        raise InvalidArgumentError(f"{path}: must have at most {MAX_BYTES} bytes; it has more. Name a configuration.")
    return content


def parse_text(content: bytes, message: str, source: str, *, secret: bool = False) -> Any:
    """Parse protocol buffer text.

    Args:
        content: the text in UTF-8.
        message: full name of the message that it must hold.
        source: the file's name, for errors.
        secret: whether errors must not quote the text, for it holds keys.

    Raises:
        InvalidArgumentError: it is no such message; the error names the file, the line and the column.
    """
    try:
        text = content.decode()
        return text_format.Parse(text, message_class(message)(), descriptor_pool=descriptor_pool())
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"{source}: must be text in UTF-8; byte {error.start} is not. Correct it.") from None
    except text_format.ParseError as error:
        place = f", line {error.GetLine()}, column {error.GetColumn()}" if error.GetLine() else ""
        reason = "" if secret else f" {_reason(error)}."
        raise InvalidArgumentError(f"{source}{place}: must be a {message} as text.{reason} Correct it.") from None
    except RecursionError:
        raise InvalidArgumentError(f"{source}: must be a {message} as text; it is nested too deeply.") from None


def _reason(error: text_format.ParseError) -> str:
    """Return the parser's words without the place, which stands before them."""
    text = str(error).removeprefix(f"{error.GetLine()}:{error.GetColumn()} : ").rstrip(".")
    return text if len(text) <= 300 else text[:300] + "..."


def read_text(path: Path, message: str, *, secret: bool = False) -> Any:
    """Read a file of protocol buffer text; ``read_bytes`` and ``parse_text`` say what is refused."""
    return parse_text(read_bytes(path), message, str(path), secret=secret)
