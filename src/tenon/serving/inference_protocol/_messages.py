"""``ModelInferRequest`` and ``ModelInferResponse``: tensors in and out of protocol messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError, TensorSpec
from tenon.formats import message_class
from tenon.serving.answering import Prediction
from tenon.serving.inference_protocol._datatypes import (
    DTYPES,
    STRINGS,
    element_count,
    input_dtype,
    narrowed,
    output_datatype,
    reshaped,
)
from tenon.serving.inference_protocol._raw import read_raw, string_bytes, write_raw
from tenon.serving.inference_protocol._requests import check_input_parameters, check_output_parameters

_Response: Final = message_class("inference.ModelInferResponse")

_FIELDS: Final[Mapping[np.dtype, str]] = {
    DTYPES[name]: field
    for field, names in {
        "bool_contents": ("BOOL",),
        "int_contents": ("INT8", "INT16", "INT32"),
        "int64_contents": ("INT64",),
        "uint_contents": ("UINT8", "UINT16", "UINT32"),
        "uint64_contents": ("UINT64",),
        "fp32_contents": ("FP32",),
        "fp64_contents": ("FP64",),
        "bytes_contents": ("BYTES",),
    }.items()
    for name in names
}
"""Where the elements of a dtype stand in ``InferTensorContents``; FP16 and BF16 travel only raw."""

_NARROW: Final = frozenset(DTYPES[name] for name in ("INT8", "INT16", "UINT8", "UINT16"))


def plain_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map of ``InferParameter`` messages as values; one that is not set is ``None``.

    Example:
        >>> request = message_class("inference.ModelInferRequest")()
        >>> request.parameters["timeout"].int64_param = 5
        >>> plain_parameters(request.parameters)
        {'timeout': 5}
    """
    return {name: _value(parameter) for name, parameter in parameters.items()}


def _value(parameter: Any) -> Any:
    choice = parameter.WhichOneof("parameter_choice")
    return None if choice is None else getattr(parameter, choice)


def requested_outputs(request: Any) -> tuple[str, ...]:
    """Return the names of the outputs that a request wants, in order; empty for all.

    Raises:
        UnimplementedError: an output is asked as a classification, or into shared memory.
    """
    for output in request.outputs:
        if output.parameters:
            check_output_parameters(output.name, plain_parameters(output.parameters))
    return tuple([output.name for output in request.outputs])


def read_message(request: Any, specs: Mapping[str, TensorSpec]) -> dict[str, np.ndarray]:
    """Return the input tensors of a ``ModelInferRequest``.

    Args:
        request: with all contents raw, or with none.
        specs: the signature's inputs.

    Raises:
        InvalidArgumentError: a name, datatype or shape is not the signature's, the contents do not fit them, or raw
            and typed contents are mixed.
        UnimplementedError: an input is in shared memory.
    """
    arrays: dict[str, np.ndarray] = {}
    contents = _contents(request)
    for tensor, content in zip(request.inputs, contents, strict=True):
        name = tensor.name
        if name in arrays:
            raise InvalidArgumentError(f"input {name!r}: must be sent once; received it twice. Leave one out.")
        dtype, shape = input_dtype(name, tensor.datatype, specs), tuple(tensor.shape)
        if content is None:
            arrays[name] = _read_typed(name, dtype, shape, tensor.contents)
        else:
            arrays[name] = read_raw(name, dtype, shape, content)
    return arrays


def _contents(request: Any) -> Sequence[bytes | None]:
    """Return the raw contents of every input, ``None`` for typed ones."""
    inputs, raw = request.inputs, request.raw_input_contents
    for tensor in inputs:
        if tensor.parameters:
            check_input_parameters(tensor.name, tensor.parameters)
    if not raw:
        return [None] * len(inputs)
    mixed = next((tensor.name for tensor in inputs if tensor.HasField("contents")), None)
    if mixed is not None:
        raise InvalidArgumentError(
            f"input {mixed!r}: has contents of its own beside raw_input_contents. Send all inputs in one of the two."
        )
    if len(raw) != len(inputs):
        raise InvalidArgumentError(
            f"raw_input_contents: must have an entry for each of {len(inputs)} inputs; received {len(raw)}."
        )
    return raw  # type: ignore[no-any-return]  # a field of a message, of whose types mypy knows nothing


def _read_typed(name: str, dtype: np.dtype, shape: tuple[int, ...], contents: Any) -> np.ndarray:
    count, field = element_count(name, shape), _FIELDS.get(dtype)
    if field is None:
        raise InvalidArgumentError(f"input {name!r}: {dtype.name} travels only in raw_input_contents. Send it there.")
    values = getattr(contents, field)
    if len(values) != count:
        raise InvalidArgumentError(
            f"input {name!r}: the shape {list(shape)} takes {count} elements in {field}; received {len(values)}. "
            "Correct the shape or the contents."
        )
    if dtype is STRINGS:
        array = np.empty(count, STRINGS)
        array[:] = values
    elif dtype in _NARROW:
        array = narrowed(name, np.array(values, np.int64), dtype)
    else:
        array = np.array(values, dtype)
    return reshaped(name, array, shape)


def response_message(request: Any, prediction: Prediction) -> Any:
    """Return the ``ModelInferResponse`` to a request.

    The outputs are raw if the inputs were, if there were none, or if one of the outputs travels only raw; otherwise
    they are typed as the inputs.

    Args:
        request: what was asked.
        prediction: the answer.

    Raises:
        UnimplementedError: the protocol has no datatype for an output.
    """
    outputs = prediction.outputs
    response = _Response(model_name=prediction.id.name, model_version=str(prediction.id.version), id=request.id)
    as_raw = bool(request.raw_input_contents) or not request.inputs
    as_raw = as_raw or any(array.dtype not in _FIELDS for array in outputs.values())
    for name, array in outputs.items():
        datatype = output_datatype(name, array.dtype)
        tensor = response.outputs.add(name=name, datatype=datatype, shape=array.shape)
        if as_raw:
            response.raw_output_contents.append(write_raw(array))
        else:
            _write_typed(tensor.contents, array)
    return response


def _write_typed(contents: Any, array: np.ndarray) -> None:
    values = array.ravel().tolist()
    contents.SetInParent()
    getattr(contents, _FIELDS[array.dtype]).extend(map(string_bytes, values) if array.dtype == STRINGS else values)
