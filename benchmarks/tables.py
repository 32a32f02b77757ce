"""Rows of text become a Markdown table that reads well in a terminal too."""

from __future__ import annotations

from collections.abc import Sequence


def markdown(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a table whose columns are as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    lines = [header, tuple("-" * width for width in widths), *body]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
