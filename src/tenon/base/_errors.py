"""The one tree of exceptions.

    TenonError
    ├── CancelledError            the caller gave up
    ├── UnknownError              a failure that fits nowhere else
    ├── InvalidArgumentError      (ValueError) fix the argument
    ├── DeadlineExceededError     (TimeoutError) ask again with more time
    ├── NotFoundError             (LookupError) name something that exists
    ├── AlreadyExistsError        choose another name
    ├── PermissionDeniedError     ask for the right
    ├── ResourceExhaustedError    send less, or slower
    ├── FailedPreconditionError   bring the system into the state first
    │   └── MissingExtraError     (ImportError) install the extra
    ├── AbortedError              try the whole operation again
    ├── OutOfRangeError           stay inside the range
    ├── UnimplementedError        (NotImplementedError) use the named alternative
    ├── InternalError             report it: it is our fault
    ├── UnavailableError          try again a little later
    ├── DataLossError             the bytes are damaged: restore them
    └── UnauthenticatedError      say who you are

Names and numbers are those of ``tf.errors`` and of gRPC, so that every edge (REST, gRPC, command line) only translates.
A message says which thing, which rule, what was received and what to do.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, ClassVar


class Code(IntEnum):
    """Canonical status codes: the numbers of ``tensorflow.error.Code`` and of gRPC."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class TenonError(Exception):
    """Root of everything that Tenon raises on purpose.

    Args:
        *arguments: the message: which thing, the rule, what was received, what to do. Or, as for ``tf.errors.OpError``:
            node definition, operation, message; the first two are only kept.

    Attributes:
        message: the message.
        code: the canonical status of this kind of failure.
        node_def: the first of three arguments, ``None`` otherwise.
        op: the second of three arguments, ``None`` otherwise.

    Example:
        >>> NotFoundError("model 'a' is not served; the models are: ['b']").code.name
        'NOT_FOUND'
    """

    code: ClassVar[Code] = Code.UNKNOWN

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.node_def, self.op = arguments[:2] if len(arguments) > 1 else (None, None)
        self.message = str(arguments[2] if len(arguments) > 2 else arguments[-1] if arguments else "")

    @property
    def error_code(self) -> int:
        """The number of ``code``, as ``tf.errors.OpError`` has it."""
        return int(self.code)

    def __str__(self) -> str:
        return self.message


class CancelledError(TenonError):
    """The operation was cancelled, usually by its caller."""

    code = Code.CANCELLED


class UnknownError(TenonError):
    """A failure that no other class describes."""

    code = Code.UNKNOWN


class InvalidArgumentError(TenonError, ValueError):
    """An argument breaks a rule, whatever the state of the system."""

    code = Code.INVALID_ARGUMENT


class DeadlineExceededError(TenonError, TimeoutError):
    """The time allowed ran out before the operation ended."""

    code = Code.DEADLINE_EXCEEDED


class NotFoundError(TenonError, LookupError):
    """The thing that was named does not exist."""

    code = Code.NOT_FOUND


class AlreadyExistsError(TenonError):
    """The thing to be created exists already."""

    code = Code.ALREADY_EXISTS


class PermissionDeniedError(TenonError):
    """The caller is known and may not do this."""

    code = Code.PERMISSION_DENIED


class ResourceExhaustedError(TenonError):
    """A quota, a limit of size or the disk is used up.

    Args:
        *arguments: as for ``TenonError``.
        retry_after: seconds after which the same request may succeed; ``None`` where waiting does not help.

    Attributes:
        retry_after: what was given; edges tell it to clients (``Retry-After`` in HTTP).
    """

    code = Code.RESOURCE_EXHAUSTED

    def __init__(self, *arguments: Any, retry_after: float | None = None) -> None:
        super().__init__(*arguments)
        self.retry_after = retry_after


class FailedPreconditionError(TenonError):
    """The system is not in the state that the operation needs."""

    code = Code.FAILED_PRECONDITION


class MissingExtraError(FailedPreconditionError, ImportError):
    """An optional part of Tenon is not installed."""


class AbortedError(TenonError):
    """The operation was given up because of a conflict; try the whole of it again."""

    code = Code.ABORTED


class OutOfRangeError(TenonError):
    """The operation went past the end of a valid range."""

    code = Code.OUT_OF_RANGE


class UnimplementedError(TenonError, NotImplementedError):
    """The operation is not supported here; the message names what is."""

    code = Code.UNIMPLEMENTED


class InternalError(TenonError):
    """An invariant of Tenon itself is broken."""

    code = Code.INTERNAL


class UnavailableError(TenonError):
    """The service cannot answer at the moment; trying again later may help."""

    code = Code.UNAVAILABLE


class DataLossError(TenonError):
    """Stored bytes are missing or damaged beyond repair."""

    code = Code.DATA_LOSS


class UnauthenticatedError(TenonError):
    """The caller did not prove who they are."""

    code = Code.UNAUTHENTICATED
