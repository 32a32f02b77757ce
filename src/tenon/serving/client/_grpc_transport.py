"""TensorFlow Serving's gRPC services, asked."""

from __future__ import annotations

from typing import Any, Final

import grpc
import numpy as np

from tenon.base import Code, InvalidArgumentError, TenonError, UnavailableError
from tenon.formats import make_ndarray, make_tensor_proto, message_class
from tenon.serving.client._address import Address, TlsFiles
from tenon.serving.client._errors import ERRORS, TryAgainError, seconds
from tenon.serving.client._examples import Classification, ExamplesRequest, Features
from tenon.serving.client._transport import Headers, Prediction, Transport
from tenon.serving.servables import ServableRequest

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),  # the client's own policy decides
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)

_METHODS: Final = {
    "Predict": ("PredictionService", "PredictRequest", "PredictResponse"),
    "Classify": ("PredictionService", "ClassificationRequest", "ClassificationResponse"),
    "Regress": ("PredictionService", "RegressionRequest", "RegressionResponse"),
    "GetModelMetadata": ("PredictionService", "GetModelMetadataRequest", "GetModelMetadataResponse"),
    "GetModelStatus": ("ModelService", "GetModelStatusRequest", "GetModelStatusResponse"),
}
"""The service, the request and the answer of every method."""

_RETRY_AFTER: Final = {"retry-after": 1.0, "grpc-retry-pushback-ms": 0.001}
"""Trailing metadata that tell when to come back, and their units in seconds."""

_LISTS: Final = {"i": "int64_list", "f": "float_list", "O": "bytes_list"}
"""The list that holds a feature, by the kind of its dtype."""

_ModelSpec = message_class("tensorflow.serving.ModelSpec")


class GrpcTransport(Transport):
    """Ask over gRPC.

    Args:
        address: the server.
        tls: for ``grpcs``.
    """

    def __init__(self, address: Address, tls: TlsFiles) -> None:
        if address.secure:
            credentials = grpc.ssl_channel_credentials(*tls.contents())
            self._channel = grpc.secure_channel(address.authority, credentials, _OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address.authority, _OPTIONS)
        self._requests = {name: message_class(f"tensorflow.serving.{row[1]}") for name, row in _METHODS.items()}
        self._methods = {
            name: self._channel.unary_unary(
                f"/tensorflow.serving.{service}/{name}",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=message_class(f"tensorflow.serving.{response}").FromString,
            )
            for name, (service, _, response) in _METHODS.items()
        }

    @property
    def tells_dtypes(self) -> bool:
        """Messages tell the dtypes of their tensors."""
        return True

    def predict(self, prediction: Prediction, headers: Headers, timeout: float) -> dict[str, np.ndarray]:
        """Return the outputs by name; the messages tell their own dtypes."""
        request = self._requests["Predict"](
            model_spec=_model_spec(prediction.target, prediction.signature_name), output_filter=prediction.outputs
        )
        for name, array in prediction.inputs.items():
            request.inputs[name].CopyFrom(_tensor_proto(name, array))
        response = self._ask("Predict", request, headers, timeout)
        return {name: make_ndarray(proto) for name, proto in response.outputs.items()}

    def classify(self, request: ExamplesRequest, headers: Headers, timeout: float) -> list[list[Classification]]:
        """Return the classes of every row."""
        response = self._ask("Classify", self._with_examples("Classify", request), headers, timeout)
        rows = response.result.classifications
        return [[Classification(found.label, found.score) for found in row.classes] for row in rows]

    def regress(self, request: ExamplesRequest, headers: Headers, timeout: float) -> list[float]:
        """Return the value of every row."""
        response = self._ask("Regress", self._with_examples("Regress", request), headers, timeout)
        return [regression.value for regression in response.result.regressions]

    def status(self, target: ServableRequest, headers: Headers, timeout: float) -> Any:
        """Return a ``GetModelStatusResponse``."""
        request = self._requests["GetModelStatus"](model_spec=_model_spec(target))
        return self._ask("GetModelStatus", request, headers, timeout)

    def metadata(self, target: ServableRequest, headers: Headers, timeout: float) -> Any:
        """Return a ``GetModelMetadataResponse``."""
        request = self._requests["GetModelMetadata"](model_spec=_model_spec(target), metadata_field=["signature_def"])
        return self._ask("GetModelMetadata", request, headers, timeout)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _with_examples(self, method: str, request: ExamplesRequest) -> Any:
        message = self._requests[method](model_spec=_model_spec(request.target, request.signature_name))
        listed = message.input.example_list
        if request.context is not None:
            listed = message.input.example_list_with_context
            _fill(listed.context, request.context)
        for features in request.examples:
            _fill(listed.examples.add(), features)
        return message

    def _ask(self, method: str, request: Any, headers: Headers, timeout: float) -> Any:
        try:
            return self._methods[method](request, timeout=timeout, metadata=tuple(headers.items()))
        except grpc.RpcError as error:
            raise _translated(error) from error
        except ValueError as error:  # grpc's way to say so
            raise InvalidArgumentError(
                f"client: cannot ask {method}: {error}. A closed client answers nothing."
            ) from error


def _translated(error: Any) -> TenonError | TryAgainError:
    code, details = Code(error.code().value[0]), error.details() or ""
    if code is not Code.UNAVAILABLE:
        return ERRORS[code](details)
    metadata = dict(error.trailing_metadata() or ())
    waits = [wait for key, unit in _RETRY_AFTER.items() if (wait := seconds(metadata.get(key), unit)) is not None]
    return TryAgainError(UnavailableError(details), max(waits, default=None))


def _model_spec(target: ServableRequest, signature_name: str = "") -> Any:
    spec = _ModelSpec(name=target.name, signature_name=signature_name)
    if target.version is not None:
        spec.version.value = target.version
    elif target.label is not None:
        spec.version_label = target.label
    return spec


def _fill(example: Any, features: Features) -> None:
    example.SetInParent()
    for name, array in features.items():
        getattr(example.features.feature[name], _LISTS[array.dtype.kind]).value.extend(array.tolist())


def _tensor_proto(name: str, array: np.ndarray) -> Any:
    try:
        return make_tensor_proto(array)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"input {name!r}: {error.message}") from error
