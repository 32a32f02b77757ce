"""Strings matched and replaced by regular expressions of RE2."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import operation
from tenon.core.strings._arrays import mapped, numbered, text_bytes
from tenon.core.strings._pattern import PatternError, compiled


def _text(value: bytes) -> str:
    return value.decode(errors="surrogateescape")


def _pattern(value: Any) -> re.Pattern[str]:
    try:
        return compiled(_text(text_bytes("pattern", value)))
    except PatternError as error:
        raise InvalidArgumentError(str(error)) from error


def _regex_full_match(strings: np.ndarray, pattern: Any) -> np.ndarray:
    match = _pattern(pattern).fullmatch
    return numbered(lambda value: match(_text(value)) is not None, strings, np.bool_)


regex_full_match = operation(
    "strings.regex_full_match",
    "input: string, pattern",
    _regex_full_match,
    "Returns whether a regular expression of RE2 matches the whole of each string.",
    "['abc', 'abcd'], 'a.c'",
    host=True,
    differentiable=False,
)


def _regex_replace(strings: np.ndarray, pattern: Any, rewrite: Any, replace_global: bool) -> np.ndarray:
    found, parts = _pattern(pattern), _parts(_text(text_bytes("rewrite", rewrite)))
    if any(isinstance(part, int) and part > found.groups for part in parts):
        return strings
    replace = partial(_replaced, found, parts, None if replace_global else 1)
    return mapped(lambda value: replace(_text(value)).encode(errors="surrogateescape"), strings)


def _parts(rewrite: str) -> list[str | int]:
    """Split a rewrite into text and numbers of groups; RE2 stops at an escape that it does not know."""
    parts: list[str | int] = []
    for text, digit, backslash, other in re.findall(r"([^\\]+)|\\(?:(\d)|(\\)|(.?))", rewrite, re.DOTALL):
        if not (text or digit or backslash):
            del other
            break
        parts.append(int(digit) if digit else text or backslash)
    return parts


def _replaced(pattern: re.Pattern[str], parts: list[str | int], limit: int | None, text: str) -> str:
    pieces: list[str] = []
    place, last, count = 0, -1, 0
    while place <= len(text) and count != limit and (match := pattern.search(text, place)) is not None:
        start, end = match.span()
        pieces.append(text[place:start])
        if start == end == last:  # RE2 takes no empty match right after another one
            pieces.append(text[start : start + 1])
            place, last = start + 1, -1
            continue
        pieces += [(match[part] or "") if isinstance(part, int) else part for part in parts]
        place = last = end
        count += 1
    return "".join([*pieces, text[place:]])


regex_replace = operation(
    "strings.regex_replace",
    "input: string, pattern, rewrite, replace_global=True",
    _regex_replace,
    "Returns each string with the matches of a regular expression of RE2 rewritten; ``\\\\1`` is the first group.",
    r"['hello world'], '(\\w+) (\\w+)', '\\2 \\1'",
    host=True,
    differentiable=False,
)
