"""The JSON bodies of ``:classify`` and ``:regress``: examples in, labels and scores or numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import orjson

from tenon.base import InvalidArgumentError
from tenon.formats import message_class
from tenon.serving.json_tensors._parse import debug_json, json_type_name, parse_json
from tenon.serving.json_tensors._tensor import string_bytes

_Example: Final = message_class("tensorflow.Example")
_INT64: Final = range(-(2**63), 2**63)


class ExamplesBody(NamedTuple):
    """A parsed body.

    Args:
        signature_name: as sent; empty for the default one.
        examples: serialized ``tensorflow.Example`` messages; the body's context is in front of each, as protocol
            buffers are merged.
    """

    signature_name: str
    examples: list[bytes]


def parse_examples_body(text: bytes) -> ExamplesBody:
    """Parse the body of a ``:classify`` or ``:regress`` request.

    Integers, true and false become an ``int64_list``, other numbers a ``float_list``, strings and ``{"b64": ...}``
    objects a ``bytes_list``.

    Args:
        text: a JSON object with ``examples`` (a list that is not empty, of objects from feature names to values or
            lists of values), and perhaps ``context`` (such an object) and ``signature_name``; other keys are ignored.

    Raises:
        InvalidArgumentError: no JSON, not such an object, or a feature that no list holds.

    Example:
        >>> body = parse_examples_body(b'{"examples": [{"x": 1.5}]}')
        >>> message_class("tensorflow.Example").FromString(body.examples[0]).features.feature["x"].float_list.value
        [1.5]
    """
    document = parse_json(text)
    if type(document) is not dict:
        raise InvalidArgumentError(f"JSON Value: {debug_json(document)} Is not object")
    signature_name = document.get("signature_name", "")
    if type(signature_name) is not str:
        raise InvalidArgumentError(
            f"JSON Value: {debug_json(document)} not formatted correctly. 'signature_name' must be a string"
        )
    context = _serialized(document["context"]) if "context" in document else b""
    examples = document.get("examples")
    if type(examples) is not list or not examples:
        raise InvalidArgumentError(
            "When method is classify, key 'examples' is expected and was either missing or not an array, or it is "
            "empty."
        )
    return ExamplesBody(signature_name, [context + _serialized(example) for example in examples])


def _serialized(example: Any) -> bytes:
    if type(example) is not dict:
        raise InvalidArgumentError(f"Example must be JSON object but got JSON Type: {json_type_name(example)}")
    message = _Example()
    features = message.features.feature
    for name, value in example.items():
        _fill(features[name], name, value if type(value) is list else [value])
    return bytes(message.SerializeToString())


def _fill(feature: Any, name: str, values: list[Any]) -> None:
    if not values:
        return
    kinds = {_KINDS.get(type(value)) for value in values}
    if None in kinds:
        wrong = next(value for value in values if type(value) not in _KINDS)
        raise InvalidArgumentError(
            f"Feature: {name}: JSON Value: {debug_json(wrong)} Type: {json_type_name(wrong)} is not supported. Send "
            "numbers, strings, true or false, or a list of those."
        )
    if len(kinds) > 1:
        raise InvalidArgumentError(
            f"Feature: {name}: JSON Value: {debug_json(values)} mixes values of different kinds. Write every number of "
            "a list of floats with a point."
        )
    kind = kinds.pop()
    assert kind is not None
    getattr(feature, kind).value.extend(_READERS[kind](name, values))


def _integers(name: str, values: list[Any]) -> list[int]:
    for value in values:
        if value not in _INT64:
            raise InvalidArgumentError(f"Feature: {name}: {value} is no int64. Write it as a float.")
    return [int(value) for value in values]


def _floats(name: str, values: list[Any]) -> list[float]:
    del name
    with np.errstate(over="ignore"):  # too large becomes infinity, as in tensors
        found: list[float] = np.array(values, np.float64).astype(np.float32).tolist()
    return found


def _strings(name: str, values: list[Any]) -> list[bytes]:
    del name
    return [string_bytes(value) for value in values]


_KINDS: Final[Mapping[type, str]] = {
    bool: "int64_list",
    int: "int64_list",
    float: "float_list",
    str: "bytes_list",
    dict: "bytes_list",
}
_READERS: Final[Mapping[str, Callable[[str, list[Any]], Sequence[Any]]]] = {
    "int64_list": _integers,
    "float_list": _floats,
    "bytes_list": _strings,
}


def encode_classifications(rows: Sequence[Sequence[tuple[bytes, Any]]]) -> bytes:
    """Write the answer of ``:classify``.

    Args:
        rows: for each example a list of labels with scores of float32.

    Raises:
        InvalidArgumentError: a label is no UTF-8 text.

    Example:
        >>> encode_classifications([[(b"cat", np.float32(0.5))]])
        b'{"results":[[["cat",0.5]]]}'
    """
    scores = [score for row in rows for _, score in row]
    return _encoded([[[_label(label), score] for label, score in row] for row in rows], scores)


def encode_regressions(values: Any) -> bytes:
    """Write the answer of ``:regress``.

    Args:
        values: a vector of float32.

    Example:
        >>> encode_regressions(np.float32([0.5, np.inf]))
        b'{"results":[0.5,Infinity]}'
    """
    return _encoded(list(values), values)


def _encoded(results: Any, numbers: Sequence[Any]) -> bytes:
    if np.isfinite(numbers).all():
        return orjson.dumps({"results": results}, option=orjson.OPT_SERIALIZE_NUMPY)
    return b'{"results":' + _written(results).encode() + b"}"


def _written(value: Any) -> str:
    """Write a value with the bare tokens NaN, Infinity and -Infinity, which orjson has not."""
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, str) or math.isfinite(value):
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _label(label: bytes) -> str:
    try:
        return label.decode()
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(
            f"classes must be UTF-8 text to be written to JSON; received {label[:32]!r}. Use Predict."
        ) from error
