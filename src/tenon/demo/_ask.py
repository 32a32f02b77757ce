"""Ask the server as a client would, over REST and over gRPC, and compare the answers."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass

import grpc
import numpy as np

from tenon.base import InternalError, UnavailableError
from tenon.demo._server import Endpoint, get_json
from tenon.formats import make_ndarray, make_tensor_proto, message_class

TOLERANCE = 1e-5
"""How far numbers may lie apart, relative to the largest (and to 1)."""

_SECONDS = 60.0
_PREDICT = "/tensorflow.serving.PredictionService/Predict"
_CHANNEL = (("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1))

Inputs = Mapping[str, np.ndarray]


def request_body(inputs: Inputs) -> bytes:
    """Return the JSON body that asks for rows by the names of their values, float32 with the fewest digits that do.

    A missing value is the token NaN, which TensorFlow Serving takes.

    Example:
        >>> request_body({"age": np.array([3.0, 4.1], np.float32), "size": np.array([1.0, 2.0], np.float32)})
        b'{"instances": [{"age": 3.0, "size": 1.0}, {"age": 4.1, "size": 2.0}]}'
    """
    columns = [values.astype(str).astype(np.float64).tolist() for values in inputs.values()]
    return json.dumps(
        {"instances": [dict(zip(inputs, row, strict=True)) for row in zip(*columns, strict=True)]}
    ).encode()


def ask_rest(endpoint: Endpoint, inputs: Inputs) -> np.ndarray:
    """Return the predictions for rows, asked for with ``POST .../NAME:predict``.

    Raises:
        UnavailableError: the server refuses or does not answer; the message holds its answer.
    """
    try:
        answer = get_json(f"{endpoint.url}:predict", request_body(inputs), _SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            reason = error.read().decode(errors="replace")
        raise UnavailableError(f"{endpoint.url}:predict answers {error.code}: {reason}") from error
    except OSError as error:
        raise UnavailableError(f"{endpoint.url}:predict does not answer: {error}") from error
    return np.asarray(answer["predictions"], np.float32)


def ask_grpc(endpoint: Endpoint, inputs: Inputs) -> np.ndarray:
    """Return the predictions for rows, asked for with ``PredictionService/Predict``.

    Raises:
        UnavailableError: the server refuses or does not answer; the message holds its answer.
    """
    request = message_class("tensorflow.serving.PredictRequest")()
    request.model_spec.name = endpoint.model
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(make_tensor_proto(values))
    with grpc.insecure_channel(endpoint.target, options=_CHANNEL) as channel:
        call = channel.unary_unary(
            _PREDICT,
            request_serializer=type(request).SerializeToString,
            response_deserializer=message_class("tensorflow.serving.PredictResponse").FromString,
        )
        try:
            response = call(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            raise UnavailableError(f"{endpoint.target}{_PREDICT} fails: {error.code()}: {error.details()}") from error
    (output,) = response.outputs.values()
    return make_ndarray(output)


@dataclass(frozen=True)
class Answer:
    """What one way of asking gave.

    Args:
        way: how the model was asked, for people.
        outputs: the model's output for every row.
    """

    way: str
    outputs: np.ndarray


def largest_difference(expected: np.ndarray, received: np.ndarray) -> float:
    """Return the largest difference of two arrays, relative to the largest expected number where that is above 1.

    Arrays of different shapes, and NaN anywhere, are infinitely apart.

    Example:
        >>> largest_difference(np.array([0.0, 10.0]), np.array([0.0, 11.0]))
        0.1
    """
    if expected.shape != received.shape or not (np.isfinite(expected).all() and np.isfinite(received).all()):
        return float("inf")
    apart = np.abs(expected.astype(np.float64) - received)
    return float(apart.max(initial=0.0) / np.abs(expected).max(initial=1.0))


def same_classes(expected: np.ndarray, received: np.ndarray) -> bool:
    """Tell whether the likeliest class is the same in every row, ties to within ``TOLERANCE`` included."""
    chosen = np.take_along_axis(expected, received.argmax(axis=-1)[:, None], axis=-1)[:, 0]
    return bool(np.all(chosen >= expected.max(axis=-1) - TOLERANCE))


def check_agreement(expected: Answer, received: Answer, classes: bool) -> float:
    """Return the largest difference of two answers.

    Args:
        expected: what Keras gave.
        received: what a server gave.
        classes: whether the outputs are probabilities of classes, which must then be equal too.

    Raises:
        InternalError: they differ by more than ``TOLERANCE``, or in a class.
    """
    difference = largest_difference(expected.outputs, received.outputs)
    if difference > TOLERANCE or (classes and not same_classes(expected.outputs, received.outputs)):
        raise InternalError(
            f"{received.way} and {expected.way} must agree to {TOLERANCE:g} and in every class; they differ by "
            f"{difference:g}. Please report it together with the SavedModel."
        )
    return difference
