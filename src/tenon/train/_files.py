"""Delete checkpoints, and what killed processes left of some."""

from __future__ import annotations

import glob
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TEMPORARY: Final = re.compile(r"\.tmp-(\d+)-[0-9a-f]+$")
_QUIET_SECONDS: Final = 600
"""How long nobody may have written to a temporary file before it counts as left behind: its process may run on another
machine that shares the folder."""


def delete_checkpoint(path: str) -> None:
    """Delete the files of a checkpoint, the index first, so that what is half deleted is not there."""
    Path(f"{path}.index").unlink(missing_ok=True)
    for file in _matching(path, ".data-?????-of-?????"):
        file.unlink(missing_ok=True)


def delete_leftovers(prefix: str) -> None:
    """Delete the temporary files that processes left which were killed while they wrote a checkpoint.

    Args:
        prefix: the path of the checkpoints, without their numbers.
    """
    folder, name = os.path.split(prefix)
    for file in _matching(os.path.join(folder, f".{name}"), "-*.tmp-*"):  # noqa: PTH118
        if _is_left_over(file):
            file.unlink(missing_ok=True)


def _is_left_over(file: Path) -> bool:
    found = _TEMPORARY.search(file.name)
    if found is None or _is_alive(int(found[1])):
        return False
    try:
        return time.time() - file.stat().st_mtime > _QUIET_SECONDS
    except FileNotFoundError:
        return False


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _matching(path: str, pattern: str) -> Iterator[Path]:
    folder, name = os.path.split(path)
    return Path(folder).glob(glob.escape(name) + pattern)
