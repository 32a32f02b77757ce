"""TensorFlow Serving's gRPC services and the standard health service, as handlers for a ``grpc.aio`` server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
import numpy as np
from grpc_health.v1 import health, health_pb2

from tenon.base import (
    FailedPreconditionError,
    InternalError,
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
from tenon.serving.grpc._requests import parsed, servable_request

_LOGGER = logging.getLogger(__name__)

_MAX_MESSAGE_BYTES = 2**31 - 1
SERVER_OPTIONS = (
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
)
"""Options for ``grpc.aio.server``: messages as large as TensorFlow Serving takes."""

HEALTH_SERVICES = ("", "ModelService", "PredictionService")
"""The names under which the health service tells whether the server is serving."""

_MAX_DETAILS = 1024
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
_PredictRequest = message_class("tensorflow.serving.PredictRequest")
_PredictResponse = message_class("tensorflow.serving.PredictResponse")
_GetModelMetadataRequest = message_class("tensorflow.serving.GetModelMetadataRequest")
_GetModelStatusRequest = message_class("tensorflow.serving.GetModelStatusRequest")

Answer = Callable[[Pipeline, Call, bytes], Awaitable[Any]]


@dataclass(frozen=True)
class GrpcServices:
    """The services of one server.

    Args:
        handlers: for ``grpc.aio.Server.add_generic_rpc_handlers``.
        health: the health service among them.
    """

    handlers: tuple[Any, ...]
    health: Any

    async def set_serving(self, serving: bool) -> None:
        """Tell the health service's clients whether requests are welcome."""
        statuses = health_pb2.HealthCheckResponse
        for name in HEALTH_SERVICES:
            await self.health.set(name, statuses.SERVING if serving else statuses.NOT_SERVING)


async def grpc_services(pipeline: Pipeline) -> GrpcServices:
    """Make the handlers of PredictionService, ModelService and ``grpc.health.v1.Health``.

    Messages, codes and texts are TensorFlow Serving's; HandleReloadConfigRequest answers UNIMPLEMENTED. The health
    service says NOT_SERVING until ``set_serving(True)``.
    A call that is cancelled, or whose deadline passes, cancels its run.

    Args:
        pipeline: the way to the versions; the handlers belong to the event loop of its manager.
    """
    services = [
        grpc.method_handlers_generic_handler(
            f"tensorflow.serving.{service}",
            {
                name: grpc.unary_unary_rpc_method_handler(_handler(pipeline, name, answer))
                for name, answer in methods.items()
            },
        )
        for service, methods in _METHODS.items()
    ]
    servicer = health.aio.HealthServicer()
    made = GrpcServices((*services, _health_handler(servicer)), servicer)
    await made.set_serving(False)
    return made


def _health_handler(servicer: Any) -> Any:
    codec = {
        "request_deserializer": health_pb2.HealthCheckRequest.FromString,
        "response_serializer": health_pb2.HealthCheckResponse.SerializeToString,
    }
    methods = {
        "Check": grpc.unary_unary_rpc_method_handler(servicer.Check, **codec),
        "Watch": grpc.unary_stream_rpc_method_handler(servicer.Watch, **codec),
    }
    return grpc.method_handlers_generic_handler(health.SERVICE_NAME, methods)


def _handler(pipeline: Pipeline, api: str, answer: Answer) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def handle(data: bytes, context: Any) -> bytes:
        call = _call(api, context)
        try:
            message = await pipeline.answer(call, partial(answer, pipeline, call, data))
            if call.reply:
                context.set_trailing_metadata(tuple(call.reply))
            return bytes(message.SerializeToString())
        except TenonError as error:
            failure = error
        except Exception:
            _LOGGER.exception("a gRPC call failed")
            failure = InternalError("Internal error. The server's log has the details.")
        await context.abort(_STATUS_CODES[int(failure.code)], _cut(failure.message))
        raise AssertionError("abort always raises")

    return handle


def _call(api: str, context: Any) -> Call:
    now, remaining = asyncio.get_running_loop().time(), context.time_remaining()
    deadline = None if remaining is None else now + remaining
    return Call(Protocol.GRPC, api, _Metadata(context).get, now, deadline)


class _Metadata:
    """The metadata of one call, looked at only if somebody asks."""

    __slots__ = ("_context", "_values")

    def __init__(self, context: Any) -> None:
        self._context = context
        self._values: dict[str, Any] | None = None

    def get(self, key: str) -> str | None:
        if self._values is None:
            self._values = dict(self._context.invocation_metadata() or ())
        value = self._values.get(key)
        return value.decode("latin-1") if isinstance(value, bytes) else value


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_DETAILS else text[:_MAX_DETAILS] + "...TRUNCATED"


async def _predict(pipeline: Pipeline, call: Call, data: bytes) -> Any:
    request = parsed(_PredictRequest, data)
    pipeline.admit(call, servable_request(request))
    prediction = await predict(
        pipeline,
        call,
        request.model_spec.signature_name,
        partial(_read_inputs, request.inputs),
        _unknown_signature,
        tuple(request.output_filter),
    )
    response = _PredictResponse(model_spec=model_spec(prediction.id, prediction.signature_name))
    for name, array in prediction.outputs.items():
        response.outputs[name].CopyFrom(make_tensor_proto(array))
    return response


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
