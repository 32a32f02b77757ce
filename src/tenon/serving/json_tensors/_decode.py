"""The JSON body of a ``:predict`` request to the arrays of a signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from tenon.base import InvalidArgumentError, TensorSpec, UnimplementedError
from tenon.serving.json_tensors._parse import debug_json, parse_json
from tenon.serving.json_tensors._tensor import dense_array, is_base64

Specs = Mapping[str, TensorSpec]


class PredictForm(Enum):
    """The two forms of a body: the key of its tensors, and the key of the answer's."""

    ROW = ("instances", "predictions")
    COLUMNAR = ("inputs", "outputs")

    def __init__(self, request_key: str, response_key: str) -> None:
        self.request_key = request_key
        self.response_key = response_key


_ROW, _COLUMNAR = PredictForm  # Python 3.11 takes 70 ns to find a member in its class; a request asks thrice


class PredictBody(NamedTuple):
    """A parsed body that no signature has looked at yet.

    Args:
        signature_name: as sent; empty for the default one.
        form: whether ``tensors`` holds rows or columns.
        tensors: the parsed value under the form's key.
        text: the body itself.
        strings: how many strings stand in ``text`` outside ``tensors``.
    """

    signature_name: str
    form: PredictForm
    tensors: Any
    text: bytes
    strings: int


def parse_predict_body(text: bytes) -> PredictBody:
    """Parse the body of a ``:predict`` request.

    Args:
        text: a JSON object with ``instances`` (a list that is not empty) or ``inputs``, and perhaps
            ``signature_name``; other keys are ignored.

    Raises:
        InvalidArgumentError: no JSON, or not such an object.

    Example:
        >>> parse_predict_body(b'{"instances": [1, 2]}').tensors
        [1, 2]
    """
    document = parse_json(text)
    if type(document) is not dict:
        raise InvalidArgumentError(f"JSON Value: {debug_json(document)} Is not object")
    form = _form(document)
    tensors = document[form.request_key]
    if form is _ROW and (type(tensors) is not list or not tensors):
        raise InvalidArgumentError(
            f"JSON Value: {debug_json(document)} must hold a list of at least one element under 'instances'"
        )
    signature_name = document.get("signature_name")
    if signature_name is None and "signature_name" not in document:
        return PredictBody("", form, tensors, text, len(document))
    if type(signature_name) is not str:
        raise InvalidArgumentError(
            f"JSON Value: {debug_json(document)} not formatted correctly. 'signature_name' must be a string"
        )
    return PredictBody(signature_name, form, tensors, text, len(document) + 1)


def _form(document: Mapping[str, Any]) -> PredictForm:
    if "instances" in document:
        if "inputs" in document:
            raise InvalidArgumentError(
                f"JSON Value: {debug_json(document)} must hold one of 'inputs' and 'instances', not both"
            )
        return _ROW
    if "inputs" in document:
        return _COLUMNAR
    raise InvalidArgumentError("Missing 'inputs' or 'instances' key")


def decode_inputs(body: PredictBody, specs: Specs) -> dict[str, np.ndarray]:
    """Turn a body into one array per input of a signature.

    Args:
        body: what ``parse_predict_body`` returned.
        specs: the signature's inputs; only the dtypes are looked at, shapes are the servable's business.

    Returns:
        An array of the input's dtype under every name of ``specs``. Rows are stacked along a new first dimension.

    Raises:
        InvalidArgumentError: names, types or shapes break the rules; the message names the element or the input.
        UnimplementedError: an input's dtype has no JSON form.

    Example:
        >>> specs = {"x": TensorSpec((None,), "float32")}
        >>> decode_inputs(parse_predict_body(b'{"instances": [1, 2]}'), specs)["x"].tolist()
        [1.0, 2.0]
    """
    return _rows(body, specs) if body.form is _ROW else _columns(body, specs)


def _only_numbers(body: PredictBody, keys: int) -> bool:
    """Prove that no string, true, false or null stands among the tensors, but for ``keys`` keys of objects."""
    text = body.text
    return (
        text.count(b'"') == 2 * (body.strings + keys)
        and b"true" not in text
        and b"false" not in text
        and b"null" not in text
    )


def _only_name(specs: Specs, what: str) -> str:
    if len(specs) != 1:
        raise InvalidArgumentError(
            f"{what}, but the signature has {len(specs)} inputs. Send named values: {{{_joined(specs)}}}."
        )
    return next(iter(specs))


def _joined(names: Iterable[str]) -> str:
    return ",".join(sorted(names))


def _rows(body: PredictBody, specs: Specs) -> dict[str, np.ndarray]:
    rows = body.tensors
    if not isinstance(rows[0], dict) or is_base64(rows[0]):
        name = _only_name(specs, "instances is a plain list")
        return {name: _column(rows, specs[name].dtype, _only_numbers(body, 0), "")}
    for index, row in enumerate(rows):
        if type(row) is not dict or row.keys() != specs.keys():
            raise InvalidArgumentError(
                f"Failed to process element: {index} of 'instances' list. JSON object: {debug_json(row)} "
                f"keys must be equal to: {_joined(specs)}"
            )
    only_numbers = _only_numbers(body, len(rows) * len(specs))
    return {
        name: _column([row[name] for row in rows], spec.dtype, only_numbers, f"key: {name} ")
        for name, spec in specs.items()
    }


def _column(values: list[Any], dtype: np.dtype[Any], only_numbers: bool, key: str) -> np.ndarray:
    try:
        return dense_array(values, dtype, only_numbers)
    except InvalidArgumentError as error:
        index = _first_misfit(values, dtype)
        reason = _misfit(values[index], values[0], dtype)
        raise InvalidArgumentError(
            f"Failed to process element: {index} {key}of 'instances' list. Error: INVALID_ARGUMENT: {reason}"
        ) from error


def _first_misfit(values: list[Any], dtype: np.dtype[Any]) -> int:
    """Find the first value that breaks a rule or differs in shape from the first one, by bisection."""
    good, bad = 0, len(values)  # values[:good] make a tensor, values[:bad] do not
    while bad - good > 1:
        middle = (good + bad) // 2
        if _reason([values[0], *values[good:middle]], dtype) is None:
            good = middle
        else:
            bad = middle
    return good


def _reason(value: Any, dtype: np.dtype[Any]) -> str | None:
    try:
        dense_array(value, dtype, only_numbers=False)
    except InvalidArgumentError as error:
        return error.message
    return None


def _misfit(value: Any, first: Any, dtype: np.dtype[Any]) -> str:
    reason = _reason(value, dtype)
    if reason is not None:
        return reason
    want, have = (list(dense_array(each, dtype, only_numbers=False).shape) for each in (first, value))
    return f"Expecting shape {want} of the first element but got: {have}. All elements must have one shape."


def _columns(body: PredictBody, specs: Specs) -> dict[str, np.ndarray]:
    columns = body.tensors
    if not isinstance(columns, dict) or is_base64(columns):
        name = _only_name(specs, "inputs is a plain value or list")
        return {name: _named_array(name, columns, specs[name].dtype, _only_numbers(body, 0))}
    for name in specs:
        if name not in columns:
            raise InvalidArgumentError(
                f"Missing named input: {name} in 'inputs' object. Send all of {{{_joined(specs)}}}."
            )
    only_numbers = _only_numbers(body, len(columns))
    return {name: _named_array(name, columns[name], spec.dtype, only_numbers) for name, spec in specs.items()}


def _named_array(name: str, value: Any, dtype: np.dtype[Any], only_numbers: bool) -> np.ndarray:
    try:
        return dense_array(value, dtype, only_numbers)
    except (InvalidArgumentError, UnimplementedError) as error:
        raise type(error)(f"{error.message} (input {name!r})") from error
