"""Arguments of functions that run on the host, and the errors of its file system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import jax
import numpy as np

from tenon.base import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    TenonError,
    UnimplementedError,
    UnknownError,
)
from tenon.core.host_symbols import StringSymbol
from tenon.core.tensors import DType, Tensor, array_of, string


def host_array(value: Any, argument: str, dtype: DType | None = None) -> np.ndarray:
    """Return an argument as a NumPy array.

    Raises:
        InvalidArgumentError: it is computed in a function that is being traced.
        TypeError: it does not fit the dtype.
        ValueError: it is a tensor of another dtype.
    """
    array = array_of(value, dtype)
    if isinstance(array, jax.core.Tracer | StringSymbol):
        raise InvalidArgumentError(
            f"{argument}: files and encoded bytes are read on the host, and this argument is computed in a function "
            "that is being traced; use tf.py_function, or call it outside of the function."
        )
    return np.asarray(array)


def one_string(value: Any, argument: str) -> bytes:
    """Return one string.

    Raises:
        InvalidArgumentError: it is more than one, or computed in a function that is being traced.
        TypeError: it is no string.
    """
    array = host_array(
        os.fspath(value) if isinstance(value, os.PathLike) and not isinstance(value, Tensor) else value,
        argument,
        string,
    )
    if array.ndim:
        raise InvalidArgumentError(f"{argument}: must be scalar, but had shape: {list(array.shape)}")
    found: bytes = array.item()
    return found


def strings(values: list[bytes]) -> Tensor:
    """Return a vector of strings."""
    array = np.empty(len(values), object)
    array[:] = values
    return Tensor(array)


def scalar_string(value: bytes) -> Tensor:
    """Return one string."""
    return Tensor(np.array(value, object))


def path_of(value: Any, argument: str = "path") -> str:
    """Return the name of a file or directory of this machine.

    Raises:
        UnimplementedError: it is on another machine.
        InvalidArgumentError: it is more than one.
        TypeError: it is no name.
    """
    name = os.fsdecode(one_string(value, argument))
    scheme, separator, rest = name.partition("://")
    if separator and scheme == "file":
        return rest
    if separator and scheme.isalnum():
        raise UnimplementedError(
            f"{argument}: File system scheme {scheme!r} not implemented (file: {name!r}); only files of this machine. "
            "Copy it here first, or open it with fsspec."
        )
    return name


_KINDS: Final[dict[type[OSError], type[TenonError]]] = {
    FileNotFoundError: NotFoundError,
    NotADirectoryError: NotFoundError,
    FileExistsError: AlreadyExistsError,
    PermissionError: PermissionDeniedError,
    IsADirectoryError: FailedPreconditionError,
}


@contextmanager
def file_errors(path: str) -> Iterator[None]:
    """Give errors of the file system TensorFlow's classes.

    Raises:
        TenonError: the file system refuses.
    """
    try:
        yield
    except OSError as error:
        kind = next((found for own, found in _KINDS.items() if isinstance(error, own)), UnknownError)
        raise kind(f"{path}; {error.strerror or error}") from error
