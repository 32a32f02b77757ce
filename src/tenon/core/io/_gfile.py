"""Files and directories, ``tf.io.gfile``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from tenon.base import AlreadyExistsError, NotFoundError, PermissionDeniedError
from tenon.core._names import export
from tenon.core.io._files import matches
from tenon.core.io._host import file_errors, path_of


class FileStatistics(NamedTuple):
    """What the file system knows of a file.

    Attributes:
        length: bytes.
        mtime_nsec: nanoseconds since 1970 at which it was changed.
        is_directory: whether it is a directory.
    """

    length: int
    mtime_nsec: int
    is_directory: bool


@export("io.gfile.GFile")
class GFile:
    r"""A file, ``tf.io.gfile.GFile``; it is opened when it is first used.

    Args:
        name: its name.
        mode: ``r``, ``w``, ``a``, ``r+``, ``w+`` or ``a+``, with a ``b`` for bytes instead of text in UTF-8.

    Raises:
        InvalidArgumentError: there is no such mode.

    Example:
        >>> import tempfile
        >>> with GFile(tempfile.mkdtemp() + "/a.txt", "w+") as file:
        ...     file.write("one\ntwo\n")
        ...     file.seek(0)
        ...     print(list(file))
        ['one\n', 'two\n']
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._name = name
        self._mode = mode
        self._file: IO[Any] | None = None

    @property
    def name(self) -> Any:
        """The name as it was given."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode as it was given."""
        return self._mode

    def _opened(self, letters: str, verb: str) -> IO[Any]:
        if not set(self._mode) & {*letters, "+"}:
            raise PermissionDeniedError(f"{self._name}: File isn't open for {verb}; its mode is {self._mode!r}.")
        if self._file is None:
            path = path_of(self._name, "name")
            with file_errors(path):
                binary = "b" in self._mode
                self._file = open(  # noqa: SIM115  # closed by close()
                    path, self._mode, encoding=None if binary else "utf-8", newline=None if binary else "\n"
                )
        return self._file

    def size(self) -> int:
        """Return the size in bytes."""
        self.flush()
        return stat(self._name).length

    def read(self, n: int = -1) -> Any:
        """Return the next ``n`` bytes or characters, or the rest.

        Raises:
            NotFoundError: there is no such file.
            PermissionDeniedError: the mode does not allow it.
        """
        file = self._opened("r", "reading")
        with file_errors(str(self._name)):
            return file.read(n)

    def readline(self) -> Any:
        """Return the next line with its end; an empty one after the last."""
        return self._opened("r", "reading").readline()

    def readlines(self) -> list[Any]:
        """Return the other lines with their ends."""
        return self._opened("r", "reading").readlines()

    def write(self, file_content: Any) -> None:
        """Append text or bytes, as the mode says.

        Raises:
            PermissionDeniedError: the mode does not allow it.
        """
        file = self._opened("wax", "writing")
        with file_errors(str(self._name)):
            file.write(file_content)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to a byte: from the start (``whence`` 0), from here (1) or from the end (2).

        Raises:
            TypeError: neither ``offset`` nor ``position`` is given.
        """
        place = position if offset is None else offset
        if place is None:
            raise TypeError("seek(): offset argument required")
        self._opened("rwa", "seeking").seek(place, whence)

    def tell(self) -> int:
        """Return the byte at which the file stands."""
        return self._opened("rwa", "reading").tell()

    def seekable(self) -> bool:
        """Tell whether ``seek`` works."""
        return True

    def flush(self) -> None:
        """Hand everything to the file system."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line


@export("io.gfile.exists")
def exists(path: Any) -> bool:
    """Tell whether there is such a file or directory.

    Example:
        >>> exists("/there/is/no/file")
        False
    """
    return Path(path_of(path)).exists()


@export("io.gfile.isdir")
def isdir(path: Any) -> bool:
    """Tell whether there is such a directory.

    Example:
        >>> isdir("/")
        True
    """
    return Path(path_of(path)).is_dir()


@export("io.gfile.listdir")
def listdir(path: Any) -> list[str]:
    """Return the names in a directory, in no order.

    Raises:
        NotFoundError: there is no such directory.
    """
    name = path_of(path)
    if not Path(name).is_dir():
        raise NotFoundError(f"Could not find directory {name}")
    return os.listdir(name)  # noqa: PTH208  # names are what is returned


@export("io.gfile.glob")
def glob(pattern: Any) -> list[str]:
    """Return the names that match a pattern or a list of patterns.

    Example:
        >>> glob("/there/is/no/*")
        []
    """
    patterns = pattern if isinstance(pattern, list | tuple) else [pattern]
    return [match for one in patterns for match in matches(path_of(one, "pattern"))]


@export("io.gfile.mkdir")
def mkdir(path: Any) -> None:
    """Make a directory in one that is there, if it is not there yet.

    Raises:
        NotFoundError: the one around it is not there.
        AlreadyExistsError: a file has its name.
    """
    name = path_of(path)
    with file_errors(name):
        Path(name).mkdir(exist_ok=True)


@export("io.gfile.makedirs")
def makedirs(path: Any) -> None:
    """Make a directory and those around it, where they are not there yet.

    Raises:
        AlreadyExistsError: a file has its name.
    """
    name = path_of(path)
    with file_errors(name):
        Path(name).mkdir(parents=True, exist_ok=True)


@export("io.gfile.remove")
def remove(path: Any) -> None:
    """Delete a file.

    Raises:
        NotFoundError: there is no such file.
    """
    name = path_of(path)
    with file_errors(name):
        Path(name).unlink()


@export("io.gfile.rmtree")
def rmtree(path: Any) -> None:
    """Delete a directory and everything in it.

    Raises:
        NotFoundError: there is no such directory.
    """
    name = path_of(path)
    with file_errors(name):
        shutil.rmtree(name)


@export("io.gfile.copy")
def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file.

    Raises:
        NotFoundError: there is no such file.
        AlreadyExistsError: there is a file of the new name, and it may not be replaced.
    """
    source, target = path_of(src, "src"), path_of(dst, "dst")
    _check_free(target, overwrite)
    with file_errors(source):
        shutil.copyfile(source, target)


@export("io.gfile.rename")
def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Give a file or directory another name.

    Raises:
        NotFoundError: there is no such file.
        AlreadyExistsError: there is a file of the new name, and it may not be replaced.
    """
    source, target = path_of(src, "src"), path_of(dst, "dst")
    _check_free(target, overwrite)
    with file_errors(source):
        Path(source).replace(target)


def _check_free(path: str, overwrite: bool) -> None:
    if not overwrite and Path(path).exists():
        raise AlreadyExistsError(f"file already exists: {path}; to replace it say overwrite=True.")


@export("io.gfile.stat")
def stat(path: Any) -> FileStatistics:
    """Return what the file system knows of a file or directory.

    Raises:
        NotFoundError: there is none.
    """
    name = path_of(path)
    with file_errors(name):
        found = Path(name).stat()
    return FileStatistics(found.st_size, found.st_mtime_ns, Path(name).is_dir())


@export("io.gfile.walk")
def walk(
    top: Any, topdown: bool = True, onerror: Callable[[Exception], None] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each directory below one with the names of its directories and of its files.

    Args:
        top: a directory.
        topdown: whether a directory comes before those in it.
        onerror: told of what cannot be read; ``None`` to pass over it.
    """
    name = path_of(top, "top")
    try:
        names = listdir(name)
    except NotFoundError as error:
        if onerror is not None:
            onerror(error)
        return
    inner = [one for one in names if Path(name, one).is_dir()]
    here = (name, inner, [one for one in names if one not in inner])
    if topdown:
        yield here
    for one in inner:
        yield from walk(str(Path(name, one)), topdown, onerror)
    if not topdown:
        yield here


@export("io.gfile.join")
def join(path: Any, *paths: Any) -> str:
    """Return one name made of several.

    Example:
        >>> join("a", "b", "c.txt")
        'a/b/c.txt'
    """
    return os.path.join(path_of(path), *[path_of(one, "paths") for one in paths])  # noqa: PTH118  # names are strings here


@export("io.gfile.get_registered_schemes")
def get_registered_schemes() -> list[str]:
    """Return the schemes of names that can be opened.

    Example:
        >>> get_registered_schemes()
        ['', 'file']
    """
    return ["", "file"]
