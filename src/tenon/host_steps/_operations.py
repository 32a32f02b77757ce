"""The table of operations that run on the host, by TensorFlow's names of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.host_steps._examples import ExampleParser
from tenon.host_steps._numbers import as_string, decode_raw, string_to_number

Function = Callable[..., Sequence[np.ndarray]]
Maker = Callable[[Mapping[str, Any], Sequence[np.ndarray | None]], Function]
"""Makes what runs of an operation's attributes, and of those of its tensors that are constants."""


def prepared(op: str, attributes: Mapping[str, Any], known: Sequence[np.ndarray | None]) -> Function:
    """Return what runs an operation: a function of its tensors that returns a sequence of tensors.

    Args:
        op: TensorFlow's name of it.
        attributes: its attributes.
        known: its tensors where they are constants, ``None`` for others.

    Raises:
        UnimplementedError: there is no such operation here.
    """
    if op not in _MAKERS:
        raise UnimplementedError(f"the operation {op} does not run on the host; these do: {', '.join(_MAKERS)}.")
    return _MAKERS[op](attributes, known)


def _gather(attributes: Mapping[str, Any], _: Sequence[np.ndarray | None]) -> Function:
    del attributes

    def run(params: np.ndarray, indices: np.ndarray, axis: np.ndarray) -> list[np.ndarray]:
        del axis  # it is 0: what is looked up is a vector
        wrong = (indices < 0) | (indices >= len(params))
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0].tolist())
            where = f"[{','.join(map(str, place))}]" if place else ""
            raise InvalidArgumentError(f"indices{where} = {indices[place]} is not in [0, {len(params)})")
        found = np.empty(np.shape(indices), object)
        found[...] = params.take(indices)
        return [found]

    return run


def _as_string(attributes: Mapping[str, Any], _: Sequence[np.ndarray | None]) -> Function:
    chosen = {name: attributes[name] for name in ("precision", "scientific", "shortest", "width", "fill")}
    return lambda values: [as_string(values, **chosen)]


def _decode_raw(attributes: Mapping[str, Any], _: Sequence[np.ndarray | None]) -> Function:
    out_type, little_endian = attributes["out_type"], attributes["little_endian"]
    return lambda strings: [decode_raw(strings, out_type, little_endian)]


def _decode_padded_raw(attributes: Mapping[str, Any], _: Sequence[np.ndarray | None]) -> Function:
    out_type, little_endian = attributes["out_type"], attributes["little_endian"]
    return lambda strings, length: [decode_raw(strings, out_type, little_endian, int(length))]


def _string_to_number(attributes: Mapping[str, Any], _: Sequence[np.ndarray | None]) -> Function:
    return lambda strings: [string_to_number(strings, attributes["out_type"])]


def _string_length(attributes: Mapping[str, Any], _: Sequence[np.ndarray | None]) -> Function:
    del attributes

    def run(strings: np.ndarray) -> list[np.ndarray]:
        lengths = np.array([len(string) for string in strings.ravel().tolist()], np.int32)
        return [lengths.reshape(strings.shape)]

    return run


def _reshape(attributes: Mapping[str, Any], _: Sequence[np.ndarray | None]) -> Function:
    del attributes
    return lambda values, shape: [values.reshape(shape.tolist())]


def _concat(attributes: Mapping[str, Any], _: Sequence[np.ndarray | None]) -> Function:
    del attributes
    return lambda *arrays: [np.concatenate(arrays[:-1], int(arrays[-1]))]


def _parse_example(attributes: Mapping[str, Any], known: Sequence[np.ndarray | None]) -> Function:
    """``ParseExampleV2``; its tensors are the examples, four vectors of names, and a default for each feature."""
    keys = known[3]
    assert keys is not None
    parser = ExampleParser(
        [key.decode() for key in keys.tolist()], attributes["Tdense"], attributes["dense_shapes"], known[5:]
    )
    return lambda serialized, *_: parser(serialized)


_MAKERS: Final[Mapping[str, Maker]] = {
    "AsString": _as_string,
    "ConcatV2": _concat,
    "DecodePaddedRaw": _decode_padded_raw,
    "DecodeRaw": _decode_raw,
    "GatherV2": _gather,
    "ParseExampleV2": _parse_example,
    "Reshape": _reshape,
    "StringLength": _string_length,
    "StringToNumber": _string_to_number,
}
