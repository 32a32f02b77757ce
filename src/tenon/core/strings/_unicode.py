"""Strings as characters of Unicode."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import operation
from tenon.core.strings._arrays import choice, filled, mapped, row_splits
from tenon.core.strings._ragged import assembled, outer_splits

_REPLACEMENT: Final = 0xFFFD
_OUTPUTS: Final = {"UTF-8": "utf-8", "UTF-16-BE": "utf-16-be", "UTF-32-BE": "utf-32-be"}
_ERRORS: Final = {"strict": "strict", "replace": "replace", "ignore": "ignore"}


class Policy(NamedTuple):
    """What happens to what is no character.

    Attributes:
        errors: ``strict`` refuses it, ``replace`` puts ``replacement`` in its place, ``ignore`` leaves it out.
        replacement: a code point.
        control_characters: whether code points below 32 count as such.
    """

    errors: str
    replacement: int
    control_characters: bool = False

    def applied(self, code: int | None) -> int | None:
        """Return the code point that stands for one, or for broken bytes (``None``); ``None`` to leave it out.

        Raises:
            InvalidArgumentError: the bytes are broken and the policy is strict.
        """
        if code is None and self.errors == "strict":
            raise InvalidArgumentError("Invalid formatting on input string: it has bytes that are no characters.")
        if code is None or (self.control_characters and code < 32):
            return None if self.errors == "ignore" else self.replacement
        return code


def _policy(errors: str, replacement_char: int, replace_control_characters: bool = False) -> Policy:
    if not 0 <= replacement_char <= 0x10FFFF:
        raise InvalidArgumentError(
            f"replacement_char: must be a code point of Unicode, at most 0x10FFFF; received {replacement_char}."
        )
    return Policy(choice("errors", errors, _ERRORS), replacement_char, replace_control_characters)


def _codec(encoding: str) -> str:
    try:
        b" ".decode(encoding, "ignore")  # bytes to bytes, as "hex", is no text
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise InvalidArgumentError(
            f"input_encoding: Could not create converter for input encoding: {encoding}"
        ) from error


def _pieces(data: bytes, codec: str) -> Iterator[tuple[int | None, int]]:
    """Yield each character's code point and the byte at which it begins; ``None`` for bytes that are no character."""
    place = 0
    while place < len(data):
        rest = data[place:]
        try:
            text, broken = rest.decode(codec), None
        except UnicodeDecodeError as error:
            text, broken = rest[: error.start].decode(codec), error
        offset = place
        for character in text:
            yield ord(character), offset
            offset += len(character.encode(codec))
        if broken is None:
            return
        yield None, place + broken.start
        place += broken.end


def _characters(data: bytes, codec: str, policy: Policy) -> list[tuple[int, int]]:
    found = [(policy.applied(code), offset) for code, offset in _pieces(data, codec)]
    return [(code, offset) for code, offset in found if code is not None]


def _codes(data: bytes, codec: str, policy: Policy) -> list[int]:
    if not policy.control_characters:
        try:
            return list(map(ord, data.decode(codec)))
        except UnicodeDecodeError:
            pass  # done with care below
    return [code for code, _ in _characters(data, codec, policy)]


def _decoded(
    strings: np.ndarray,
    input_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
) -> Any:
    codec, policy = _codec(input_encoding), _policy(errors, replacement_char, replace_control_characters)
    rows = [_codes(value, codec, policy) for value in strings.ravel().tolist()]
    values = np.array([code for row in rows for code in row], np.int32)
    return values if not strings.ndim else (values, *outer_splits(strings.shape), row_splits(map(len, rows)))


def _character_rows(strings: np.ndarray, codec: str, policy: Policy) -> tuple[Any, Any, Any]:
    rows = [_characters(value, codec, policy) for value in strings.ravel().tolist()]
    codes = [code for row in rows for code, _ in row]
    offsets = np.array([offset for row in rows for _, offset in row], np.int64)
    splits = () if not strings.ndim else (*outer_splits(strings.shape), row_splits(map(len, rows)))
    return codes, offsets, splits


def _decoded_with_offsets(
    strings: np.ndarray,
    input_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
) -> Any:
    policy = _policy(errors, replacement_char, replace_control_characters)
    codes, offsets, splits = _character_rows(strings, _codec(input_encoding), policy)
    return (np.array(codes, np.int32), offsets, *splits)


def _with_offsets(values: Any, offsets: Any, *splits: Any) -> tuple[Any, Any]:
    return assembled(values, *splits), assembled(offsets, *splits)


unicode_decode = operation(
    "strings.unicode_decode",
    "input: string, input_encoding, errors='replace', replacement_char=65533, replace_control_characters=False",
    _decoded,
    "Returns the code points of each string as a ragged tensor.",
    "'h\\u00e9', 'UTF-8'",
    host=True,
    differentiable=False,
    result=assembled,
)
unicode_decode_with_offsets = operation(
    "strings.unicode_decode_with_offsets",
    "input: string, input_encoding, errors='replace', replacement_char=65533, replace_control_characters=False",
    _decoded_with_offsets,
    "Returns the code points of each string, and the byte at which each begins, as two ragged tensors.",
    "'h\\u00e9', 'UTF-8'",
    host=True,
    differentiable=False,
    result=_with_offsets,
)


def _encode(codes: list[int], codec: str, policy: Policy) -> bytes:
    found = [policy.applied(code if _is_character(code) else None) for code in codes]
    return "".join([chr(code) for code in found if code is not None]).encode(codec)


def _is_character(code: int) -> bool:
    return 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF


def _split(strings: np.ndarray, input_encoding: str, errors: str, replacement_char: int) -> Any:
    values, _, *splits = _split_with_offsets(strings, input_encoding, errors, replacement_char)
    return (values, *splits) if splits else values


def _split_with_offsets(strings: np.ndarray, input_encoding: str, errors: str, replacement_char: int) -> Any:
    codec = choice("input_encoding", input_encoding, _OUTPUTS)
    codes, offsets, splits = _character_rows(strings, codec, _policy(errors, replacement_char))
    return (filled([chr(code).encode(codec) for code in codes], [len(codes)]), offsets, *splits)


unicode_split = operation(
    "strings.unicode_split",
    "input: string, input_encoding, errors='replace', replacement_char=65533",
    _split,
    "Returns the characters of each string, each a string in the same encoding, as a ragged tensor.",
    "'h\\u00e9', 'UTF-8'",
    host=True,
    differentiable=False,
    result=assembled,
)
unicode_split_with_offsets = operation(
    "strings.unicode_split_with_offsets",
    "input: string, input_encoding, errors='replace', replacement_char=65533",
    _split_with_offsets,
    "Returns the characters of each string, and the byte at which each begins, as two ragged tensors.",
    "'h\\u00e9', 'UTF-8'",
    host=True,
    differentiable=False,
    result=_with_offsets,
)


def _transcoded(
    strings: np.ndarray,
    input_encoding: str,
    output_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
) -> np.ndarray:
    codec, policy = _codec(input_encoding), _policy(errors, replacement_char, replace_control_characters)
    output = choice("output_encoding", output_encoding, _OUTPUTS)
    return mapped(lambda value: "".join(map(chr, _codes(value, codec, policy))).encode(output), strings)


unicode_transcode = operation(
    "strings.unicode_transcode",
    "input: string, input_encoding, output_encoding, errors='replace', replacement_char=65533, "
    "replace_control_characters=False",
    _transcoded,
    "Returns each string in another encoding.",
    "'h\\u00e9', 'UTF-8', 'UTF-16-BE'",
    host=True,
    differentiable=False,
)


def _encoded(codes: np.ndarray, output_encoding: str, errors: str, replacement_char: int) -> np.ndarray:
    if not codes.ndim:
        raise ValueError("input: input_tensor's rank must be at least 1; received a single code point.")
    codec = choice("output_encoding", output_encoding, _OUTPUTS)
    encode = partial(_encode, codec=codec, policy=_policy(errors, replacement_char))
    rows = codes.reshape(int(np.prod(codes.shape[:-1])), codes.shape[-1]).tolist()
    return filled([encode(row) for row in rows], codes.shape[:-1])


unicode_encode = operation(
    "strings.unicode_encode",
    "input: int32, output_encoding, errors='replace', replacement_char=65533",
    _encoded,
    "Returns the strings that rows of code points make.",
    "[[104, 233]], 'UTF-8'",
    host=True,
    differentiable=False,
)
