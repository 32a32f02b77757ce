"""The body of an ``infer`` request over REST: JSON, and raw tensors behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from math import prod
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from tenon.base import InvalidArgumentError, TensorSpec
from tenon.serving.inference_protocol._datatypes import (
    DTYPES,
    MAX_RANK,
    STRINGS,
    element_count,
    input_dtype,
    narrowed,
    reshaped,
)
from tenon.serving.inference_protocol._raw import read_raw
from tenon.serving.inference_protocol._requests import check_input_parameters, check_output_parameters
from tenon.serving.json_tensors import debug_json, dense_array, parse_json

Specs = Mapping[str, TensorSpec]
Arrays = dict[str, np.ndarray]
T = TypeVar("T")

_NUMBERS: Final = frozenset((int, float))
_LISTS: Final = frozenset((list,))
_INTEGERS: Final = frozenset((int,))
_WIDE: Final[Mapping[np.dtype, np.dtype]] = {
    DTYPES["FP16"]: DTYPES["FP64"],
    DTYPES["BF16"]: DTYPES["FP64"],
    DTYPES["UINT16"]: DTYPES["INT64"],
}
"""What JSON is read as first, where it is not read as the dtype itself."""

_FP32: Final = DTYPES["FP32"]


class InputTensor(NamedTuple):
    """One input as it was sent.

    Args:
        name: its name.
        datatype: its datatype.
        shape: its shape.
        data: parsed JSON; or the raw bytes.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Any


class InferBody(NamedTuple):
    """A body that no signature has looked at yet.

    Args:
        id: the client's name for the request; empty for none.
        parameters: of the request.
        outputs: the names of the outputs wanted, in order; empty for all.
        binary: the outputs wanted that are to be raw, or not.
        binary_output: whether the others are.
        read_inputs: makes the arrays that a signature with these inputs takes.
    """

    id: str
    parameters: Mapping[str, Any]
    outputs: tuple[str, ...]
    binary: Mapping[str, bool]
    binary_output: bool
    read_inputs: Callable[[Specs], Arrays]


def parse_infer_body(body: bytes, header_length: str | None) -> InferBody:
    """Parse the body of an ``infer`` request.

    Args:
        body: a JSON object, and the raw data of its inputs behind it.
        header_length: the header ``Inference-Header-Content-Length``: how many bytes are JSON; ``None`` for all. With
            0 the body is the only input of the signature and nothing else: it has the input's shape, in which one
            dimension may be open (of several, the first is 1); BYTES are one string without its length. All
            outputs are raw then.

    Raises:
        InvalidArgumentError: no JSON, not such an object, or the raw data is not what it says.
        UnimplementedError: it asks for shared memory or a classification.

    Example:
        >>> text = b'{"inputs": [{"name": "x", "datatype": "INT8", "shape": [2], "data": [1, 2]}]}'
        >>> parse_infer_body(text, None).read_inputs({"x": TensorSpec((None,), "int8")})["x"].tolist()
        [1, 2]
    """
    size = len(body) if header_length is None else _number_of_bytes(header_length, len(body))
    if header_length is not None and size == 0:
        return InferBody("", {}, (), {}, True, partial(_whole_body, body))
    document = parse_json(body[:size])
    if type(document) is not dict:
        raise InvalidArgumentError(f"The request must be a JSON object; received {debug_json(document)}.")
    parameters = _parameters(document, "the request")
    tensors = _input_tensors(_objects(document, "inputs"), memoryview(body)[size:])
    binary = _requested_outputs(_objects(document, "outputs")) if document.get("outputs") is not None else {}
    return InferBody(
        _typed(document, "id", str, "", "the request"),
        parameters,
        tuple(binary),
        {name: choice for name, choice in binary.items() if choice is not None},
        _typed(parameters, "binary_data_output", bool, False, "the request"),
        partial(_read_tensors, tensors),
    )


def _number_of_bytes(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(most)) or int(text) > most:
        raise InvalidArgumentError(
            f"Inference-Header-Content-Length: must be a number of bytes, at most the body's {most}; "
            f"received {text[:40]!r}. Tell the length of the JSON."
        )
    return int(text)


def _typed(found: Mapping[str, Any], key: str, kind: type[T], default: T | None, where: str) -> T:
    """Return the value of a key, which must be of one type; without a default it must be there. Null is not there."""
    value = found.get(key)
    if value is None:
        value = default
    if type(value) is not kind:
        raise InvalidArgumentError(f"{where}: {key!r} must be of type {kind.__name__}; received {debug_json(value)}.")
    return value


def _parameters(found: Mapping[str, Any], where: str) -> dict[str, Any]:
    return _typed(found, "parameters", dict, None, where) if found.get("parameters") is not None else {}


def _objects(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    entries: list[Any] = _typed(document, key, list, None, "the request")
    for entry in entries:
        if type(entry) is not dict:
            raise InvalidArgumentError(f"{key}: must be a list of objects; received {debug_json(entry)} in it.")
    return entries


def _input_tensors(entries: Sequence[Mapping[str, Any]], tail: memoryview) -> list[InputTensor]:
    """Give every input its data, from its entry or from the bytes behind the JSON, in their order."""
    tensors, start = [], 0
    for entry in entries:
        name = _typed(entry, "name", str, None, "inputs")
        where = f"input {name!r}"
        datatype, shape = _typed(entry, "datatype", str, None, where), _shape(entry, where)
        parameters = _parameters(entry, where)
        if "binary_data_size" in parameters:
            end = start + _size(parameters, entry, where, len(tail) - start)
            tensors.append(InputTensor(name, datatype, shape, tail[start:end]))
            start = end
            continue
        check_input_parameters(name, parameters)
        if "data" not in entry:
            raise InvalidArgumentError(f"{where}: must have 'data' or the parameter 'binary_data_size'.")
        tensors.append(InputTensor(name, datatype, shape, entry["data"]))
    if start != len(tail):
        raise InvalidArgumentError(
            f"The inputs take {start} bytes behind the JSON; received {len(tail)}. Correct their 'binary_data_size'."
        )
    return tensors


def _shape(entry: Mapping[str, Any], where: str) -> tuple[int, ...]:
    shape: list[Any] = _typed(entry, "shape", list, None, where)
    if not _INTEGERS.issuperset(map(type, shape)):
        raise InvalidArgumentError(f"{where}: 'shape' must be a list of integers; received {debug_json(shape)}.")
    return tuple(shape)


def _size(parameters: Mapping[str, Any], entry: Mapping[str, Any], where: str, room: int) -> int:
    size = _typed(parameters, "binary_data_size", int, None, where)
    if not 0 <= size <= room:
        raise InvalidArgumentError(
            f"{where}: 'binary_data_size' must be at most the {room} bytes that are left behind the JSON; "
            f"received {size}. Is Inference-Header-Content-Length right?"
        )
    if "data" in entry:
        raise InvalidArgumentError(f"{where}: has both 'data' and 'binary_data_size'. Send one of them.")
    return size


def _requested_outputs(entries: Sequence[Mapping[str, Any]]) -> dict[str, bool | None]:
    wanted: dict[str, bool | None] = {}
    for entry in entries:
        name = _typed(entry, "name", str, None, "outputs")
        if name in wanted:
            raise InvalidArgumentError(f"output {name!r}: must be asked for once; received it twice. Leave one out.")
        parameters = _parameters(entry, f"output {name!r}")
        check_output_parameters(name, parameters)
        asked = "binary_data" in parameters
        wanted[name] = _typed(parameters, "binary_data", bool, None, f"output {name!r}") if asked else None
    return wanted


def _read_tensors(tensors: Sequence[InputTensor], specs: Specs) -> Arrays:
    arrays: Arrays = {}
    for name, datatype, shape, data in tensors:
        if name in arrays:
            raise InvalidArgumentError(f"input {name!r}: must be sent once; received it twice. Leave one out.")
        dtype = input_dtype(name, datatype, specs)
        read = read_raw if type(data) is memoryview else _read_json
        arrays[name] = read(name, dtype, shape, data)
    return arrays


def _read_json(name: str, dtype: np.dtype, shape: tuple[int, ...], data: Any) -> np.ndarray:
    """Return the tensor that parsed JSON stands for, nested as its shape or flat."""
    count = element_count(name, shape)
    only_numbers = type(data) is list and _holds_only_numbers(data)
    try:
        wide = dense_array(data, _WIDE.get(dtype, dtype), only_numbers)
        if dtype is _FP32 and not np.isfinite(wide).all():  # it may be infinite only because it was too large
            wide = dense_array(data, DTYPES["FP64"], only_numbers)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"input {name!r}: {error.message}") from error
    array = narrowed(name, wide, dtype)
    if array.shape == shape:
        return array
    is_empty = not count and array.shape == shape[: array.ndim]  # no list shows what lies below a dimension of 0
    if array.size != count or (array.ndim > 1 and not is_empty):
        raise InvalidArgumentError(
            f"input {name!r}: 'data' must be nested as the shape {list(shape)} says, or a flat list of {count} "
            f"elements; received the shape {list(array.shape)}. Correct either."
        )
    return reshaped(name, array, shape)


def _holds_only_numbers(items: list[Any]) -> bool:
    """Tell whether a nested list holds neither strings nor true, false or null, so that NumPy may read it at once."""
    for _ in range(MAX_RANK):
        types = set(map(type, items))
        if types != _LISTS:
            return _NUMBERS.issuperset(types)
        items = list(chain.from_iterable(items))
    return False


def _whole_body(body: bytes, specs: Specs) -> Arrays:
    """Return the body as the only input of a signature."""
    if len(specs) != 1:
        raise InvalidArgumentError(
            f"Inference-Header-Content-Length: 0 is for signatures with one input; this one has {sorted(specs)}. "
            "Describe the inputs in JSON."
        )
    name, spec = next(iter(specs.items()))
    if spec.dtype == STRINGS:
        text = np.empty(1, STRINGS)
        text[0] = body
        return {name: reshaped(name, text, (1,) * spec.rank)}
    return {name: read_raw(name, spec.dtype, _fitting_shape(name, spec, len(body)), body)}


def _fitting_shape(name: str, spec: TensorSpec, size: int) -> tuple[int, ...]:
    """Return the shape that so many bytes have: one open dimension follows from them, and of several the first is 1."""
    shape = list(spec.shape)
    if shape.count(None) > 1 and shape[0] is None:
        shape[0] = 1
    if shape.count(None) > 1:
        raise InvalidArgumentError(
            f"input {name!r}: the size of its data leaves its shape open, which is {spec.shape}. Describe it in JSON."
        )
    row = spec.dtype.itemsize * prod(length for length in shape if length is not None)
    return tuple([(size // row if row else 0) if length is None else length for length in shape])
