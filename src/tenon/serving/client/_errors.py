"""Errors of a server become Tenon's, by their code; and which of them are worth another try."""

from __future__ import annotations

from typing import Final

from tenon.base import (
    AbortedError,
    AlreadyExistsError,
    CancelledError,
    Code,
    DataLossError,
    DeadlineExceededError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
    TenonError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
    UnknownError,
)

ERRORS: Final[dict[Code, type[TenonError]]] = {
    error.code: error
    for error in (
        *(AbortedError, AlreadyExistsError, CancelledError, DataLossError, DeadlineExceededError, InternalError),
        *(FailedPreconditionError, InvalidArgumentError, NotFoundError, OutOfRangeError, PermissionDeniedError),
        *(ResourceExhaustedError, UnauthenticatedError, UnavailableError, UnimplementedError, UnknownError),
    )
}
"""The class of every code but OK."""


class TryAgainError(Exception):
    """The server did not take the request: asking again later may help, and does no harm.

    Args:
        error: what the caller gets to see when nobody asks again.
        after: how many seconds the server wants to be left alone, where it says so.
    """

    def __init__(self, error: UnavailableError, after: float | None = None) -> None:
        super().__init__(error, after)
        self.error = error
        self.after = after


class StaleMetadataError(Exception):
    """The signature that the client remembers does not fit: a new version may have another one.

    Args:
        error: what the caller gets to see when the signature was not just remembered.
    """

    def __init__(self, error: TenonError) -> None:
        super().__init__(error)
        self.error = error


def seconds(text: str | bytes | None, unit: float = 1.0) -> float | None:
    """Read a number of seconds, as in ``Retry-After``; ``None`` for what is none, such as a date."""
    try:
        value = float(text) * unit if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < float("inf") else None
