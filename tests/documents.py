"""Read Markdown as the tests need it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)")


def code_blocks(path: Path) -> list[tuple[str, str]]:
    """Return every fenced block as its language and its text."""
    return _BLOCK.findall(path.read_text())


def links(path: Path) -> list[Path]:
    """Return the files that a page links to."""
    return [(path.parent / target).resolve() for target in _LINK.findall(path.read_text())]


def table_rows(path: Path, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    below = path.read_text().split(f"\n{heading}\n", 1)[1]
    lines = below[below.index("\n|") :].lstrip("\n").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2 : lines.index("")]]
    return [row for row in rows if row]
