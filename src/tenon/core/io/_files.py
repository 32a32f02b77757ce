"""Whole files, and names that match a pattern."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any

from tenon.core._names import export
from tenon.core.io._host import file_errors, host_array, one_string, path_of, scalar_string, strings
from tenon.core.tensors import Tensor, string


@export("io.read_file")
def read_file(filename: Any, name: str | None = None) -> Tensor:
    """Return the bytes of a file as a string tensor, ``tf.io.read_file``.

    Args:
        filename: one name.
        name: ignored.

    Raises:
        NotFoundError: there is no such file.
        FailedPreconditionError: it is a directory.
        InvalidArgumentError: there is more than one name.

    Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp() + "/a.txt"
        >>> write_file(path, "hello")
        >>> read_file(path).numpy()
        b'hello'
    """
    del name
    path = path_of(filename, "filename")
    with file_errors(path):
        return scalar_string(Path(path).read_bytes())


@export("io.write_file")
def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """Write a string tensor to a file, ``tf.io.write_file``; directories are made where they are missing.

    Args:
        filename: one name; an old file is replaced.
        contents: one string.
        name: ignored.

    Raises:
        InvalidArgumentError: there is more than one name or string.
        TenonError: the file system refuses.
    """
    del name
    path, data = path_of(filename, "filename"), one_string(contents, "contents")
    with file_errors(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)


@export("io.matching_files")
def matching_files(pattern: Any, name: str | None = None) -> Tensor:
    """Return the names of files that match patterns, sorted, ``tf.io.matching_files``.

    Args:
        pattern: one pattern or a vector of them, with ``*``, ``?`` and ``[...]`` inside names of files and directories.
        name: ignored.

    Example:
        >>> matching_files("/there/is/no/*").shape
        TensorShape([0])
    """
    del name
    patterns = [path_of(one, "pattern") for one in host_array(pattern, "pattern", string).ravel().tolist()]
    found = {match for one in patterns for match in matches(one)}
    return strings(sorted([os.fsencode(match) for match in found]))


def matches(pattern: str) -> list[str]:
    """Return the names that match a pattern, sorted; ``**`` means nothing more than ``*``.

    Example:
        >>> matches("/there/is/no/*")
        []
    """
    return sorted(glob.glob(pattern.replace("**", "*"), include_hidden=True))  # noqa: PTH207  # names, not paths
