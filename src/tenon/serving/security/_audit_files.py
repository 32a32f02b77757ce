"""The files of an audit: ``audit.jsonl``, then ``audit.jsonl.1`` (the one before it), ``audit.jsonl.2`` and so on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_BLOCK = 64 * 1024


def rotated(path: Path) -> list[tuple[int, Path]]:
    """Return the numbers and paths of the older files, the newest first; a killed process may have left gaps."""
    pattern = re.compile(re.escape(path.name) + r"\.([1-9]\d*)")
    found = ((pattern.fullmatch(each.name), each) for each in path.parent.glob(f"{_literal(path.name)}.*"))
    return sorted((int(match[1]), each) for match, each in found if match)


def in_order(path: Path) -> list[Path]:
    """Return the files that are there, the oldest first."""
    newest = [path] if path.exists() else []
    return [each for _, each in reversed(rotated(path))] + newest


def rotate(path: Path, keep: int) -> None:
    """Give every file the number after its own, and delete those with a number above ``keep``.

    Raises:
        OSError: a file cannot be renamed; none was lost.
    """
    for number, each in reversed(rotated(path)):
        if number >= keep:
            each.unlink()
        else:
            each.rename(_numbered(path, number + 1))
    if path.exists():
        path.rename(_numbered(path, 1))


def lines_backwards(paths: Iterable[Path]) -> Iterator[bytes]:
    """Yield the lines of files, without their ends, the last one first; ``paths`` begin with the oldest file."""
    for path in reversed(list(paths)):
        with open(path, "rb") as file:
            position, rest = file.seek(0, os.SEEK_END), b""
            ended = True  # the file's own end is no empty line
            while position:
                step = min(_BLOCK, position)
                position = file.seek(position - step)
                first, *lines = (file.read(step) + rest).split(b"\n")
                yield from reversed(lines[:-1] if ended and lines and not lines[-1] else lines)
                ended, rest = ended and not lines, first
            if rest:
                yield rest


def ends_with_line(path: Path) -> bool:
    """Tell whether a file is empty, missing, or ends with the end of a line."""
    try:
        with open(path, "rb") as file:
            return not file.seek(0, os.SEEK_END) or (file.seek(-1, os.SEEK_END), file.read(1))[1] == b"\n"
    except FileNotFoundError:
        return True


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _literal(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)
