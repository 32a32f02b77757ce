r"""Regular expressions as RE2 reads them, written for Python's ``re``.

What the two read differently is written out: classes (``\w``, ``[[:alpha:]]``, ``\pL``) as ranges of characters, ends
of text, flags that begin in the middle of a group, and ``(?U)``. Strings that are no UTF-8 have bytes that no class
matches. What RE2 refuses (looking around, references to groups) is refused.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import Final

Ranges = tuple[tuple[int, int], ...]

_LAST: Final = 0x10FFFF
_BROKEN: Final[Ranges] = ((0xDC80, 0xDCFF),)
_WORD: Final = "[0-9A-Za-z_]"
_EDGE: Final = f"(?:(?<!{_WORD})(?={_WORD})|(?<={_WORD})(?!{_WORD}))"
_INNER: Final = f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))"
_ANCHORS: Final = {"A": r"\A", "z": r"\Z", "b": _EDGE, "B": _INNER}
_CONTROLS: Final = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_PERL: Final = {"d": "digit", "s": "perl_space", "w": "word"}


def _ranges(*texts: str) -> Ranges:
    return tuple([(ord(text[0]), ord(text[-1])) for text in texts])


_CLASSES: Final[dict[str, Ranges]] = {
    "alnum": _ranges("09", "AZ", "az"),
    "alpha": _ranges("AZ", "az"),
    "ascii": ((0, 127),),
    "blank": _ranges("\t", " "),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _ranges("09"),
    "graph": _ranges("!~"),
    "lower": _ranges("az"),
    "print": _ranges(" ~"),
    "punct": _ranges("!/", ":@", "[`", "{~"),
    "space": _ranges("\t\r", " "),
    "upper": _ranges("AZ"),
    "word": _ranges("09", "AZ", "__", "az"),
    "xdigit": _ranges("09", "AF", "af"),
    "perl_space": _ranges("\t\n", "\f\r", " "),
}


class PatternError(ValueError):
    """A pattern that RE2 refuses, or that cannot be written for Python."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of RE2 for Python's ``re``, to be used on text decoded with ``surrogateescape``.

    Raises:
        PatternError: RE2 refuses the pattern, or it names a script of Unicode.

    Example:
        >>> compiled("[[:alpha:]]+$").sub("-", "12ab")
        '12-'
    """
    try:
        return re.compile(_Translation(pattern).written())
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"Invalid pattern: {pattern}, error: {error}") from error


@dataclass(frozen=True)
class _Flags:
    ignore_case: bool = False
    many_lines: bool = False
    dot_all: bool = False
    lazy: bool = False

    def changed(self, letters: str) -> _Flags:
        names = {"i": "ignore_case", "m": "many_lines", "s": "dot_all", "U": "lazy"}
        on, _, off = letters.partition("-")
        turned = {names[letter]: True for letter in on} | {names[letter]: False for letter in off}
        return replace(self, **turned)


class _Translation:
    """Reads a pattern from left to right, once, and writes it anew."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self._flags = _Flags()
        self._outer: list[_Flags] = []
        self._written: list[str] = []

    def written(self) -> str:
        while self._place < len(self._pattern):
            self._piece()
        return "".join(self._written)

    def _piece(self) -> None:
        character = self._take()
        if character == "(":
            self._group()
        elif character == ")":
            self._flags = self._outer.pop() if self._outer else self._flags
            self._written.append(")")
        elif character in "*+?{":
            self._repetition(character)
        elif character == "[":
            self._written.append(self._cased(_class_text(*self._bracket())))
        elif character == "\\":
            self._escape()
        elif character == ".":
            excluded = _BROKEN if self._flags.dot_all else (*_BROKEN, (10, 10))
            self._written.append(_class_text(excluded, True))
        elif character in "^$":
            simple = {"^": r"\A", "$": r"\Z"} if not self._flags.many_lines else {"^": "(?m:^)", "$": "(?m:$)"}
            self._written.append(simple[character])
        else:
            self._written.append(character if character == "|" else self._cased(re.escape(character)))

    def _take(self, count: int = 1) -> str:
        taken = self._pattern[self._place : self._place + count]
        self._place += count
        return taken

    def _rest(self) -> str:
        return self._pattern[self._place :]

    def _cased(self, text: str) -> str:
        return f"(?i:{text})" if self._flags.ignore_case else text

    def _refuse(self, reason: str) -> PatternError:
        return PatternError(f"Invalid pattern: {self._pattern}, error: {reason}")

    def _group(self) -> None:
        opening = re.match(r"\?(?:P<\w+>|:|([imsU]*(?:-[imsU]+)?)([:)]))", self._rest())
        if opening is None:
            if self._rest().startswith("?"):
                raise self._refuse(f"invalid perl operator: ({self._rest()[:2]}")
            self._outer.append(self._flags)
            self._written.append("(")
            return
        self._take(opening.end())
        letters, ending = opening.groups()
        if ending != ")":
            self._outer.append(self._flags)
            self._written.append("(?:" if letters is not None else f"({opening.group()}")
        if letters:
            self._flags = self._flags.changed(letters)

    def _repetition(self, character: str) -> None:
        operator = character
        if character == "{":
            counts = re.match(r"(\d+)(?:,(\d*))?\}", self._rest())
            if counts is None:
                self._written.append(r"\{")
                return
            if any(int(count) > 1000 for count in counts.groups() if count):
                raise self._refuse(f"invalid repetition size: {{{counts.group()}")
            operator += self._take(counts.end())
        if not self._written or self._written[-1] in ("(", "(?:", "|"):
            raise self._refuse(f"no argument for repetition operator: {operator}")
        lazy = self._rest().startswith("?")
        self._take(int(lazy))
        if self._rest()[:1] in ("*", "+", "?") or re.match(r"\{\d+(,\d*)?\}", self._rest()):
            raise self._refuse(f"bad repetition operator: {operator}{self._rest()[:1]}")
        self._written.append(operator + ("?" if lazy != self._flags.lazy else ""))

    def _escape(self) -> None:
        letter = self._rest()[:1]
        if letter in _ANCHORS:
            self._take()
            self._written.append(_ANCHORS[letter])
        elif letter == "Q":
            quoted, _, _ = self._rest()[1:].partition(r"\E")
            self._take(1 + len(quoted) + 2)
            self._written += [self._cased(re.escape(character)) for character in quoted]
        else:
            self._written.append(self._cased(_class_text(self._escaped(), False)))

    def _escaped(self) -> Ranges:
        """Read what follows a backslash: a class, or one character."""
        letter = self._take()
        if letter.lower() in _PERL:
            found = _CLASSES[_PERL[letter.lower()]]
            return found if letter.islower() else _complement(found)
        if letter in ("p", "P"):
            return self._property(letter == "P")
        code = self._code(letter)
        return ((code, code),)

    def _code(self, letter: str) -> int:
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        digits = re.match(r"\{([0-9A-Fa-f]+)\}|[0-9A-Fa-f]{2}", self._rest()) if letter == "x" else None
        if digits is not None:
            self._take(digits.end())
            return min(int(digits.group(1) or digits.group(), 16), _LAST)
        octal = re.match(r"0[0-7]{0,2}|[1-7][0-7]{1,2}", letter + self._rest())
        if octal is not None:
            self._take(octal.end() - 1)
            return int(octal.group(), 8)
        if not letter or letter.isalnum():
            raise self._refuse(f"invalid escape sequence: \\{letter}")
        return ord(letter)

    def _property(self, negated: bool) -> Ranges:
        name = re.match(r"\{(\^?)(\w+)\}|(\w)", self._rest())
        if name is None:
            raise self._refuse(f"invalid character class range: \\p{self._rest()[:1]}")
        self._take(name.end())
        found = _category(name.group(2) or name.group(3))
        if not found:
            raise self._refuse(f"invalid character class range: \\p{name.group()}; name a category such as L or Nd")
        return _complement(found) if negated != bool(name.group(1)) else found

    def _bracket(self) -> tuple[Ranges, bool]:
        negated = self._rest().startswith("^")
        self._take(int(negated))
        found: list[tuple[int, int]] = []
        first = True
        while first or not self._rest().startswith("]"):
            if not self._rest():
                raise self._refuse(f"missing ]: {self._pattern}")
            found += self._bracket_item()
            first = False
        self._take()
        return (*found, *(_BROKEN if negated else ())), negated

    def _bracket_item(self) -> Ranges:
        named = re.match(r"\[:(\^?)(\w+):\]", self._rest())
        if named is not None:
            if named.group(2) not in _CLASSES or "_" in named.group(2):
                raise self._refuse(f"invalid character class range: {named.group()}")
            self._take(named.end())
            found = _CLASSES[named.group(2)]
            return _complement(found) if named.group(1) else found
        low = self._bracket_character()
        if len(low) > 1 or low[0][0] != low[0][1] or not re.match(r"-[^\]]", self._rest(), re.DOTALL):
            return low
        self._take()
        high = self._bracket_character()
        if high[0][1] < low[0][0]:
            raise self._refuse(f"invalid character class range: {chr(low[0][0])}-{chr(high[0][1])}")
        return ((low[0][0], high[0][1]),)

    def _bracket_character(self) -> Ranges:
        character = self._take()
        return self._escaped() if character == "\\" else ((ord(character), ord(character)),)


def _complement(ranges: Ranges) -> Ranges:
    found, start = [], 0
    for low, high in sorted((*ranges, *_BROKEN)):
        if start < low:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return (*found, (start, _LAST)) if start <= _LAST else tuple(found)


def _class_text(ranges: Ranges, negated: bool) -> str:
    if not ranges:
        return "[^\\x00-\\U0010ffff]"
    written = "".join([_code_text(low) + (f"-{_code_text(high)}" if high > low else "") for low, high in ranges])
    return f"[{'^' if negated else ''}{written}]"


def _code_text(code: int) -> str:
    return f"\\U{code:08x}"


@lru_cache(maxsize=64)
def _category(name: str) -> Ranges:
    """Return the characters of a general category of Unicode; none for a name that is no category."""
    if name == "Any":
        return ((0, _LAST),)
    inside = groupby(range(_LAST + 1), lambda code: unicodedata.category(chr(code)).startswith(name))
    codes = [list(group) for found, group in inside if found]
    return tuple([(group[0], group[-1]) for group in codes])
