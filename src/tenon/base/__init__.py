"""Vocabulary of every floor above: errors, tensor specs, atomic writes, extras, processors."""

from tenon.base._errors import (
    AbortedError,
    AlreadyExistsError,
    CancelledError,
    Code,
    DataLossError,
    DeadlineExceededError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    MissingExtraError,
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
from tenon.base._extras import EXTRAS, require_extra
from tenon.base._paths import replace_directory, write_file
from tenon.base._processors import processor_count
from tenon.base._specs import Shape, TensorSpec

__all__ = [
    "EXTRAS",
    "AbortedError",
    "AlreadyExistsError",
    "CancelledError",
    "Code",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "MissingExtraError",
    "NotFoundError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "Shape",
    "TenonError",
    "TensorSpec",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "processor_count",
    "replace_directory",
    "require_extra",
    "write_file",
]
