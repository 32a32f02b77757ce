"""The answer to an ``infer`` request over REST: JSON, and raw tensors behind it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson

from tenon.base import InvalidArgumentError
from tenon.serving.answering import Prediction
from tenon.serving.inference_protocol._datatypes import DTYPES, STRINGS, output_datatype
from tenon.serving.inference_protocol._infer_body import InferBody
from tenon.serving.inference_protocol._raw import write_raw
from tenon.serving.json_tensors import restore_constants

_BF16: Final = DTYPES["BF16"]
_OPTIONS: Final = orjson.OPT_SERIALIZE_NUMPY


def infer_answer(body: InferBody, prediction: Prediction) -> tuple[bytes, int | None]:
    """Write the answer to a request.

    Data in JSON is a flat list in row-major order; NaN and infinities are the bare tokens NaN, Infinity and -Infinity,
    and BYTES are text.

    Args:
        body: the request.
        prediction: the answer.

    Returns:
        The body, and how many bytes of it are JSON, ``None`` if all are.

    Raises:
        InvalidArgumentError: an output is to be text and is not UTF-8.
        UnimplementedError: the protocol has no datatype for an output.
    """
    document: dict[str, Any] = {"model_name": prediction.id.name, "model_version": str(prediction.id.version)}
    if body.id:
        document["id"] = body.id
    tensors: list[dict[str, Any]] = []
    raw: list[bytes] = []
    in_json: list[np.ndarray] = []
    for name, array in prediction.outputs.items():
        tensor: dict[str, Any] = {"name": name, "datatype": output_datatype(name, array.dtype), "shape": array.shape}
        if body.binary.get(name, body.binary_output):
            raw.append(write_raw(array))
            tensor["parameters"] = {"binary_data_size": len(raw[-1])}
        else:
            tensor["data"] = _data(name, array, in_json)
        tensors.append(tensor)
    document["outputs"] = tensors
    text = orjson.dumps(document, option=_OPTIONS)
    if in_json and b"null" in text:
        text = restore_constants(text, in_json)
    return (b"".join((text, *raw)), len(text)) if raw else (text, None)


def _data(name: str, array: np.ndarray, in_json: list[np.ndarray]) -> Any:
    """Return what orjson writes for an output, and note arrays that may hold what JSON lacks."""
    if array.dtype == STRINGS:
        return _texts(name, array)
    flat = np.ascontiguousarray(array.astype(np.float32) if array.dtype == _BF16 else array).reshape(-1)
    in_json.append(flat)
    return flat


def _texts(name: str, array: np.ndarray) -> list[str]:
    try:
        return [item if isinstance(item, str) else item.decode() for item in array.ravel().tolist()]
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(
            f"output {name!r} must be UTF-8 text to be written to JSON; received {error.object[:32]!r}. "
            "Ask for it with the parameter 'binary_data': true, or use gRPC."
        ) from error
