"""Every file below a directory and its digest, for signatures: nothing is followed, nothing is left out."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tenon.base import DataLossError

HASHES: Final[dict[str, Callable[[], Any]]] = {"sha256": hashlib.sha256, "blake2b": hashlib.blake2b}
"""Hash algorithms by the names that signatures have for them."""

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def file_names(root: Path) -> Iterator[str]:
    """Yield every file below ``root`` by its path relative to it, with slashes, in no order.

    Raises:
        DataLossError: something is neither a file nor a directory: a link may lead to what nobody signed.
        OSError: a directory cannot be listed.
    """
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                name = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                elif entry.is_file(follow_symlinks=False):
                    yield name
                else:
                    kind = "symbolic link" if entry.is_symlink() else "special file"
                    raise DataLossError(
                        f"{str(root / name)!r}: is a {kind}; a signed model consists of files and directories. "
                        "Put the file itself there."
                    )


def file_digests(root: Path, names: Iterable[str], algorithm: str) -> dict[str, bytes]:
    """Return the digests of files below ``root``; several are read at once, none is held in memory.

    Raises:
        OSError: a file cannot be read.
    """
    names = list(names)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "tenon-digest") as pool:
        digests = pool.map(lambda name: _digest(root / name, HASHES[algorithm]), names)
        return dict(zip(names, digests, strict=True))


def _digest(path: Path, algorithm: Callable[[], Any]) -> bytes:
    with open(os.open(path, _FLAGS), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "Not a file", str(path))
        digest: bytes = hashlib.file_digest(file, algorithm).digest()
        return digest
