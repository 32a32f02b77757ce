"""Writes that either happened or did not: temporary sibling, fsync, rename."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def replace_directory(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Fill a hidden sibling of ``path``, then put it in the place of ``path`` in one step.

    The block receives the sibling (an empty directory, ``.NAME.tmp-PID-RANDOM``). When the block ends, everything in
    it is flushed to disk and the directory takes the name ``path``. What stood at ``path`` is swapped out in the same
    step (Linux) and then deleted. When the block raises, the sibling is deleted and ``path`` is as it was. A killed
    process leaves the sibling behind and never a partial ``path``.

    Raises:
        OSError: the file system refuses (no space, no permission); ``path`` is as it was.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "model"
        >>> with replace_directory(target) as temporary:
        ...     _ = (temporary / "a.txt").write_text("whole")
        >>> (target / "a.txt").read_text()
        'whole'
    """
    final = Path(path).absolute()
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.parent / f".{final.name}.tmp-{os.getpid()}-{secrets.token_hex(4)}"
    temporary.mkdir()
    try:
        yield temporary
        _fsync_tree(temporary)
        _move_into_place(temporary, final)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write ``content`` to ``path`` so that a reader sees the old file or the whole new one, never a part.

    Raises:
        OSError: the file system refuses; ``path`` is as it was.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "note.txt"
        >>> write_file(target, b"whole")
        >>> target.read_bytes()
        b'whole'
    """
    final = Path(path).absolute()
    temporary = final.parent / f".{final.name}.tmp-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        temporary.write_bytes(content)
        _fsync(temporary)
        temporary.replace(final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _fsync(final.parent)


def _fsync_tree(root: Path) -> None:
    """Flush every file and directory under ``root``, and ``root``, to disk."""
    for folder, _, files in os.walk(root, topdown=False):
        for name in files:
            _fsync(Path(folder, name))
        _fsync(Path(folder))


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move_into_place(temporary: Path, final: Path) -> None:
    if _rename_to_nothing(temporary, final):
        pass
    elif _exchange(temporary, final):
        _remove(temporary)
    else:
        retired = temporary.with_name(temporary.name.replace(".tmp-", ".old-"))
        final.rename(retired)
        temporary.rename(final)
        _remove(retired)
    _fsync(final.parent)


def _rename_to_nothing(temporary: Path, final: Path) -> bool:
    """Give ``temporary`` the name ``final``; False where that is taken, perhaps since a moment ago."""
    if os.path.lexists(final):
        return False
    try:
        temporary.rename(final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            return False
        raise
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths atomically; False where the platform or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))
