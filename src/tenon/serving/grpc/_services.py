"""TensorFlow Serving's gRPC services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache, partial
from time import monotonic
from typing import Any

import numpy as np

from tenon.base import (
    FailedPreconditionError,
    InvalidArgumentError,
    TenonError,
    TensorSpec,
    UnimplementedError,
)
from tenon.formats import make_ndarray, make_tensor_proto, message_class
from tenon.serving.answering import (
    MAX_GROWTH_BYTES,
    SIGNATURE_DEF,
    Call,
    Pipeline,
    Protocol,
    model_metadata,
    model_spec,
    model_status,
    predict,
)
from tenon.serving.grpc._inference import INFERENCE_METHODS
from tenon.serving.grpc._parsing import parsed, servable_request
from tenon.serving.grpc._reload import MetricValue, Reload, reload_answer
from tenon.serving.http2 import CallContext, Streaming, Unary
from tenon.serving.servables import ServableId

_MAX_DETAILS = 1024
_PredictRequest = message_class("tensorflow.serving.PredictRequest")
_PredictResponse = message_class("tensorflow.serving.PredictResponse")
_GetModelMetadataRequest = message_class("tensorflow.serving.GetModelMetadataRequest")
_GetModelStatusRequest = message_class("tensorflow.serving.GetModelStatusRequest")

Answer = Callable[[Pipeline, Call, bytes], Awaitable[Any]]


def grpc_methods(
    pipeline: Pipeline, *, reload: Reload | None = None, metric_value: MetricValue | None = None
) -> dict[str, Unary | Streaming]:
    """Make the methods of PredictionService and ModelService.

    Messages, codes and texts are TensorFlow Serving's. A call that is cancelled, or whose deadline passes, cancels its
    run.

    Args:
        pipeline: the way to the versions; the handlers belong to the event loop of its manager.
        reload: changes to the models of a ``ModelServerConfig`` message, or raises; without it
            HandleReloadConfigRequest is UNIMPLEMENTED.
        metric_value: reads a counter by TensorFlow Serving's internal name, for clients that ask how it increased
            during a reload; ``None`` for one that there is not.

    Returns:
        The methods by their paths, for ``GrpcServer``.
    """
    answers = {(service, name): answer for service, methods in _METHODS.items() for name, answer in methods.items()}
    if reload is not None:
        answers["ModelService", "HandleReloadConfigRequest"] = reload_answer(reload, metric_value)
    return {
        f"/tensorflow.serving.{service}/{name}": Unary(_handler(pipeline, name, answer))
        for (service, name), answer in answers.items()
    }


def _handler(pipeline: Pipeline, api: str, answer: Answer) -> Callable[[bytes, CallContext], Awaitable[bytes]]:
    async def handle(data: bytes, context: CallContext) -> bytes:
        now = monotonic()
        call = Call(Protocol.GRPC, api, context.metadata.get, now, context.deadline, remote=context.remote)
        try:
            message = await pipeline.answer(call, partial(answer, pipeline, call, data))
            return bytes(message.SerializeToString())
        except TenonError as error:
            if len(error.message) > _MAX_DETAILS:
                raise type(error)(error.message[:_MAX_DETAILS] + "...TRUNCATED") from error
            raise
        finally:
            context.trailing_metadata = call.reply

    return handle


async def _predict(pipeline: Pipeline, call: Call, data: bytes) -> Any:
    request = parsed(_PredictRequest, data)
    pipeline.admit(call, servable_request(request))
    call.check_size(len(data))
    prediction = await predict(
        pipeline,
        call,
        request.model_spec.signature_name,
        partial(_read_inputs, request.inputs),
        _unknown_signature,
        tuple(request.output_filter),
    )
    response = _PredictResponse.FromString(
        _without_outputs(prediction.id.name, prediction.id.version, prediction.signature_name)
    )
    raw = pipeline.options.tensor_content
    for name, array in prediction.outputs.items():
        response.outputs[name].CopyFrom(make_tensor_proto(array, as_tensor_content=raw and not array.dtype.hasobject))
    return response


@lru_cache(maxsize=1000)
def _without_outputs(name: str, version: int, signature_name: str) -> bytes:
    """Return the bytes of a ``PredictResponse``; parsing them takes a third of the time of making one of its parts."""
    answered = _PredictResponse(model_spec=model_spec(ServableId(name, version), signature_name))
    return bytes(answered.SerializeToString())


def _read_inputs(protos: Mapping[str, Any], specs: Mapping[str, TensorSpec]) -> dict[str, np.ndarray]:
    del specs  # the messages tell their own dtypes
    return {name: _read_tensor(name, proto) for name, proto in protos.items()}


def _read_tensor(name: str, proto: Any) -> np.ndarray:
    try:
        return make_ndarray(proto, max_bytes=MAX_GROWTH_BYTES)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"tensor parsing error: {name}: {error.message}") from error


def _unknown_signature(name: str) -> FailedPreconditionError:
    return FailedPreconditionError(f'Serving signature key "{name}" not found.')


async def _get_model_metadata(pipeline: Pipeline, call: Call, data: bytes) -> Any:
    request = parsed(_GetModelMetadataRequest, data)
    pipeline.admit(call, servable_request(request))
    if not request.metadata_field:
        raise InvalidArgumentError(
            f"GetModelMetadataRequest must specify at least one metadata_field: {SIGNATURE_DEF!r}."
        )
    for field in request.metadata_field:
        if field != SIGNATURE_DEF:
            raise InvalidArgumentError(f"Metadata field {field} is not supported; ask for {SIGNATURE_DEF!r}.")
    return model_metadata(pipeline, call)


async def _get_model_status(pipeline: Pipeline, call: Call, data: bytes) -> Any:
    request = servable_request(parsed(_GetModelStatusRequest, data))
    return model_status(pipeline.manager, pipeline.admit(call, request))


def _instead(method: str, advice: str) -> Answer:
    async def refuse(pipeline: Pipeline, call: Call, data: bytes) -> Any:
        del pipeline, call, data
        raise UnimplementedError(f"{method} is not served. {advice}")

    return refuse


_RESTART = "Restart the server with the models wanted; new versions in a model's directory are found without it."

_METHODS: dict[str, dict[str, Answer]] = {
    "PredictionService": {
        "Predict": _predict,
        "GetModelMetadata": _get_model_metadata,
        **INFERENCE_METHODS,
    },
    "ModelService": {
        "GetModelStatus": _get_model_status,
        "HandleReloadConfigRequest": _instead("HandleReloadConfigRequest", _RESTART),
    },
}
