"""TensorFlow Serving's gRPC services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any

from tenon.base import (
    FailedPreconditionError,
    InvalidArgumentError,
    TenonError,
    UnimplementedError,
)
from tenon.formats import message_class
from tenon.serving.answering import (
    SIGNATURE_DEF,
    Call,
    Pipeline,
    Protocol,
    model_metadata,
    model_status,
    predict,
)
from tenon.serving.grpc._inference import INFERENCE_METHODS
from tenon.serving.grpc._parsing import parsed, servable_request
from tenon.serving.grpc._predict_requests import PredictRequests
from tenon.serving.grpc._predict_responses import predict_response
from tenon.serving.grpc._reload import MetricValue, Reload, reload_answer
from tenon.serving.http2 import CallContext, Streaming, Unary

_MAX_DETAILS = 1024
_GetModelMetadataRequest = message_class("tensorflow.serving.GetModelMetadataRequest")
_GetModelStatusRequest = message_class("tensorflow.serving.GetModelStatusRequest")

Answer = Callable[[Pipeline, Call, bytes], Awaitable[Any]]
"""Returns a message, or the bytes of one."""


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
    answers["PredictionService", "Predict"] = _predict()
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
            return message if isinstance(message, bytes) else bytes(message.SerializeToString())
        except TenonError as error:
            if len(error.message) > _MAX_DETAILS:
                raise type(error)(error.message[:_MAX_DETAILS] + "...TRUNCATED") from error
            raise
        finally:
            context.trailing_metadata = call.reply

    return handle


def _predict() -> Answer:
    """Return what answers Predict, with a memory for the requests of one event loop."""
    requests = PredictRequests()

    async def answer(pipeline: Pipeline, call: Call, data: bytes) -> bytes:
        request = requests.read(data)
        pipeline.admit(call, request.servable)
        call.check_size(len(data))
        prediction = await predict(
            pipeline, call, request.signature_name, request.arrays, _unknown_signature, request.output_filter
        )
        return predict_response(prediction, tensor_content=pipeline.options.tensor_content)

    return answer


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
        "GetModelMetadata": _get_model_metadata,
        **INFERENCE_METHODS,
    },
    "ModelService": {
        "GetModelStatus": _get_model_status,
        "HandleReloadConfigRequest": _instead("HandleReloadConfigRequest", _RESTART),
    },
}
