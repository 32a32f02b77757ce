"""PredictResponses as bytes: an array's own are most of them, and no message is made of them first."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from tenon.base import ResourceExhaustedError
from tenon.formats import encode_tensor_proto, encode_varint, message_class
from tenon.serving.answering import Prediction, model_spec
from tenon.serving.servables import ServableId

MAX_MESSAGE = 2**31 - 1
"""Bytes of the largest message that protocol buffers read."""

_PredictResponse: Final = message_class("tensorflow.serving.PredictResponse")
_FIRST, _SECOND = b"\x0a", b"\x12"  # the tags of fields 1 and 2, both of stated length


def predict_response(prediction: Prediction, *, tensor_content: bool = False) -> bytes:
    """Return the bytes of a ``tensorflow.serving.PredictResponse``.

    Args:
        prediction: what is answered.
        tensor_content: whether tensors besides strings carry raw bytes rather than lists of numbers.

    Raises:
        ResourceExhaustedError: the outputs are larger than a message may be.
    """
    outputs = [_output(name, array, tensor_content) for name, array in prediction.outputs.items()]
    response = b"".join((*outputs, _model_spec(prediction.id.name, prediction.id.version, prediction.signature_name)))
    if len(response) > MAX_MESSAGE:
        raise ResourceExhaustedError(
            f"outputs: an answer must be at most {MAX_MESSAGE} bytes; received {len(response)}. Send smaller batches."
        )
    return response


@lru_cache(maxsize=1000)
def _model_spec(name: str, version: int, signature_name: str) -> bytes:
    """Return a response without outputs."""
    answered = _PredictResponse(model_spec=model_spec(ServableId(name, version), signature_name))
    return bytes(answered.SerializeToString())


def _output(name: str, array: np.ndarray, tensor_content: bool) -> bytes:
    """Return an entry of the map ``outputs``."""
    tensor = encode_tensor_proto(array, as_tensor_content=tensor_content and not array.dtype.hasobject)
    head = _SECOND + encode_varint(len(tensor))
    key = _key(name)
    return b"".join((_FIRST, encode_varint(len(key) + len(head) + len(tensor)), key, head, tensor))


@lru_cache(maxsize=1000)
def _key(name: str) -> bytes:
    data = name.encode()
    return _FIRST + encode_varint(len(data)) + data
