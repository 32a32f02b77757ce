"""One sampled request, as the request log keeps it: what was asked, what was answered, by whom."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

import numpy as np

from tenon.formats import make_ndarray, make_tensor_proto, message_class
from tenon.serving.servables import ServableId

_PredictionLog = message_class("tensorflow.serving.PredictionLog")
_COUNTED_STRINGS = 100
_OVERHEAD_BYTES = 1000  # of the objects around a request's tensors


class LogKind(StrEnum):
    """What kind of request it was, by the field of ``PredictionLog`` that holds it."""

    PREDICT = "predict_log"
    CLASSIFY = "classify_log"
    REGRESS = "regress_log"
    MULTI_INFERENCE = "multi_inference_log"


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that was answered.

    Args:
        id: the version that answered.
        signature_name: the signature that ran.
        kind: what kind of request it was.
        request: the message, its bytes, or (of a Predict) the input arrays by name, which nobody changes any more.
        response: the same of the answer.
        time: when, in seconds since 1970.
    """

    id: ServableId
    signature_name: str
    kind: LogKind
    request: Any
    response: Any
    time: float = field(default_factory=time.time)

    def size(self) -> int:
        """Return about how many bytes of memory it keeps alive."""
        return _OVERHEAD_BYTES + _size(self.request) + _size(self.response)


def _size(payload: Any) -> int:
    if isinstance(payload, (bytes, bytearray)):
        return len(payload)
    if isinstance(payload, Mapping):
        return sum([_array_size(array) for array in payload.values()])
    size: int = payload.ByteSize()
    return size


def _array_size(array: np.ndarray) -> int:
    """Return the bytes that an array keeps alive: those of the batch of which it is a part."""
    base = array.base if isinstance(array.base, np.ndarray) else array
    if array.dtype.hasobject:
        some = [len(value) for value in islice(array.flat, _COUNTED_STRINGS)]  # the request must not wait for all
        return array.nbytes + sum(some) * max(1, array.size // _COUNTED_STRINGS)
    return max(array.nbytes, base.nbytes)


def prediction_log(logged: LoggedRequest, sampling_rate: float) -> bytes:
    """Return the ``tensorflow.serving.PredictionLog`` of a request; a warm-up file is made of such records.

    Args:
        logged: the request.
        sampling_rate: at which it was drawn.
    """
    log = _PredictionLog()
    entry = getattr(log, logged.kind)
    _fill(entry.request, logged.request, "inputs")
    _fill(entry.response, logged.response, "outputs")
    if isinstance(logged.request, Mapping):
        _name(entry.request.model_spec, logged)
    if isinstance(logged.response, Mapping):
        _name(entry.response.model_spec, logged)
    metadata = log.log_metadata
    _name(metadata.model_spec, logged)
    metadata.sampling_config.sampling_rate = sampling_rate
    metadata.saved_model_tags.append("serve")
    metadata.timestamp_secs = int(logged.time)
    return bytes(log.SerializeToString())


def _fill(message: Any, payload: Any, field_name: str) -> None:
    if isinstance(payload, Mapping):
        for name, array in payload.items():
            getattr(message, field_name)[name].CopyFrom(make_tensor_proto(array))
    elif isinstance(payload, (bytes, bytearray)):
        message.MergeFromString(bytes(payload))
    else:
        message.CopyFrom(payload)
    message.SetInParent()


def _name(model_spec: Any, logged: LoggedRequest) -> None:
    model_spec.name, model_spec.signature_name = logged.id.name, logged.signature_name
    model_spec.version.value = logged.id.version


def tensors(logged: LoggedRequest) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
    """Return the arrays that a Predict request sent and received."""
    entry = _PredictionLog().predict_log
    return (
        _arrays(entry.request, logged.request, "inputs"),
        _arrays(entry.response, logged.response, "outputs"),
    )


def _arrays(message: Any, payload: Any, field_name: str) -> Mapping[str, np.ndarray]:
    if isinstance(payload, Mapping):
        return payload
    _fill(message, payload, field_name)
    return {name: make_ndarray(proto) for name, proto in sorted(getattr(message, field_name).items())}


def payload_bytes(logged: LoggedRequest) -> tuple[bytes, bytes]:
    """Return the request and the answer as serialized messages."""
    entry = getattr(_PredictionLog(), logged.kind)
    _fill(entry.request, logged.request, "inputs")
    _fill(entry.response, logged.response, "outputs")
    return bytes(entry.request.SerializeToString()), bytes(entry.response.SerializeToString())
