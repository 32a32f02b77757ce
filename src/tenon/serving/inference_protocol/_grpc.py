"""The protocol over gRPC: ``inference.GRPCInferenceService``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any, Final

from google.protobuf.message import DecodeError

from tenon.base import Code, InvalidArgumentError, TenonError
from tenon.formats import message_class
from tenon.serving.answering import Call, Pipeline, Protocol
from tenon.serving.http2 import CallContext, Streaming, Unary
from tenon.serving.inference_protocol._messages import (
    plain_parameters,
    read_message,
    requested_outputs,
    response_message,
)
from tenon.serving.inference_protocol._metadata import Server
from tenon.serving.inference_protocol._pipelining import in_order
from tenon.serving.inference_protocol._repository import Repository
from tenon.serving.inference_protocol._requests import (
    MAX_ERROR_CHARACTERS,
    infer,
    servable_request,
    shortened,
)

SERVICE: Final = "/inference.GRPCInferenceService/"

_STREAM_PARALLELISM: Final = 64  # requests of one stream that are answered at a time
_FINAL_RESPONSE: Final = "triton_final_response"  # the parameter by which Triton's clients know a request's last answer
_END_OF_STREAM: Final = frozenset((Code.UNAUTHENTICATED, Code.PERMISSION_DENIED))

Answer = Callable[[Server, Call, bytes], Awaitable[Any]]

_InferRequest: Final = message_class("inference.ModelInferRequest")
_StreamResponse: Final = message_class("inference.ModelStreamInferResponse")
_ServerMetadataResponse: Final = message_class("inference.ServerMetadataResponse")
_ModelMetadataRequest: Final = message_class("inference.ModelMetadataRequest")
_ModelMetadataResponse: Final = message_class("inference.ModelMetadataResponse")
_ModelReadyRequest: Final = message_class("inference.ModelReadyRequest")
_ModelReadyResponse: Final = message_class("inference.ModelReadyResponse")
_IndexRequest: Final = message_class("inference.RepositoryIndexRequest")
_IndexResponse: Final = message_class("inference.RepositoryIndexResponse")
_LoadRequest: Final = message_class("inference.RepositoryModelLoadRequest")
_LoadResponse: Final = message_class("inference.RepositoryModelLoadResponse")
_UnloadRequest: Final = message_class("inference.RepositoryModelUnloadRequest")
_UnloadResponse: Final = message_class("inference.RepositoryModelUnloadResponse")


def inference_methods(
    pipeline: Pipeline, *, repository: Repository | None = None, is_ready: Callable[[], bool] | None = None
) -> dict[str, Unary | Streaming]:
    """Make the methods of ``inference.GRPCInferenceService``, as Triton's clients call them.

    Where implementations differ: a version that is no number is a label; an unknown model is not ready, no error;
    answers are raw when the request was, else typed; a failed request of ``ModelStreamInfer`` is an
    ``error_message`` (beside the request's ``id``), and the stream goes on unless the client may not ask at all.
    Answers of a stream come in the order of its requests, of which 64 are answered at a time. Statistics, shared
    memory, traces, log settings and Triton's model configuration are UNIMPLEMENTED.

    Args:
        pipeline: the way to the versions; the handlers belong to the event loop of its manager.
        repository: loads and unloads models; without it RepositoryModelLoad and RepositoryModelUnload are
            UNIMPLEMENTED, and the index has what the manager knows.
        is_ready: tells ServerReady whether requests are welcome; without it, whether every model has a version that
            answers. ServerLive and ServerReady need no credentials: they tell nothing of the models.

    Returns:
        The methods by their paths, for ``GrpcServer``.
    """
    server = Server(pipeline, repository, is_ready)
    return {
        **{f"{SERVICE}{name}": Unary(_unary(server, name, answer)) for name, answer in _ANSWERS.items()},
        f"{SERVICE}ServerLive": Unary(_probe("ServerLiveResponse", "live", lambda: True)),
        f"{SERVICE}ServerReady": Unary(_probe("ServerReadyResponse", "ready", server.is_ready)),
        f"{SERVICE}ModelStreamInfer": Streaming(_stream(server)),
    }


def _unary(server: Server, api: str, answer: Answer) -> Callable[[bytes, CallContext], Awaitable[bytes]]:
    async def handle(data: bytes, context: CallContext) -> bytes:
        call = _call(api, context)
        try:
            response = await server.pipeline.answer(call, partial(answer, server, call, data))
            return bytes(response.SerializeToString())
        except TenonError as error:
            if len(error.message) > MAX_ERROR_CHARACTERS:
                raise type(error)(shortened(error.message)) from error
            raise
        finally:
            context.trailing_metadata = call.reply

    return handle


def _probe(message: str, field: str, tell: Callable[[], bool]) -> Callable[[bytes, CallContext], Awaitable[bytes]]:
    response = message_class(f"inference.{message}")

    async def handle(data: bytes, context: CallContext) -> bytes:
        del data, context
        return bytes(response(**{field: tell()}).SerializeToString())

    return handle


def _stream(server: Server) -> Callable[[AsyncIterator[bytes], CallContext], AsyncIterator[bytes]]:
    async def one(context: CallContext, data: bytes) -> bytes:
        call, asked = _call("ModelInfer", context), _InferRequest()

        async def work() -> Any:
            nonlocal asked
            asked = _parsed(_InferRequest, data)
            return await _answer_infer(server, call, asked, len(data))

        try:
            response = await server.pipeline.answer(call, work)
        except TenonError as error:
            if error.code in _END_OF_STREAM:
                raise
            told = {"model_name": asked.model_name, "model_version": asked.model_version, "id": asked.id}
            failed = _StreamResponse(error_message=shortened(error.message), infer_response=told)
            return bytes(failed.SerializeToString())
        response.parameters[_FINAL_RESPONSE].bool_param = True
        return bytes(_StreamResponse(infer_response=response).SerializeToString())

    def handle(requests: AsyncIterator[bytes], context: CallContext) -> AsyncIterator[bytes]:
        return in_order(requests, partial(one, context), _STREAM_PARALLELISM)

    return handle


def _call(api: str, context: CallContext) -> Call:
    now = monotonic()
    return Call(Protocol.GRPC, api, context.metadata.get, now, context.deadline, remote=context.remote)


def _parsed(message: type[Any], data: bytes) -> Any:
    try:
        return message.FromString(data)
    except DecodeError as error:
        raise InvalidArgumentError(
            f"The request is not a {message.DESCRIPTOR.full_name}: {len(data)} bytes do not parse."
        ) from error


async def _infer(server: Server, call: Call, data: bytes) -> Any:
    return await _answer_infer(server, call, _parsed(_InferRequest, data), len(data))


async def _answer_infer(server: Server, call: Call, request: Any, size: int) -> Any:
    server.pipeline.admit(call, servable_request(request.model_name, request.model_version))
    call.check_size(size)
    parameters = plain_parameters(request.parameters) if request.parameters else {}
    wanted = requested_outputs(request) if request.outputs else ()
    prediction = await infer(server.pipeline, call, parameters, partial(read_message, request), wanted)
    return response_message(request, prediction)


async def _server_metadata(server: Server, call: Call, data: bytes) -> Any:
    del call, data
    return _ServerMetadataResponse(**server.metadata())


async def _model_metadata(server: Server, call: Call, data: bytes) -> Any:
    request = _parsed(_ModelMetadataRequest, data)
    server.pipeline.admit(call, servable_request(request.name, request.version))
    return _ModelMetadataResponse(**server.model_metadata(call))


async def _model_ready(server: Server, call: Call, data: bytes) -> Any:
    request = _parsed(_ModelReadyRequest, data)
    asked = server.pipeline.admit(call, servable_request(request.name, request.version))
    return _ModelReadyResponse(ready=server.model_is_ready(asked))


async def _index(server: Server, call: Call, data: bytes) -> Any:
    request = _parsed(_IndexRequest, data)
    server.pipeline.admit_to_server(call)
    lines = server.index(request.repository_name, request.ready)
    return _IndexResponse(models=[vars(line) for line in lines])


async def _load(server: Server, call: Call, data: bytes) -> Any:
    request = _parsed(_LoadRequest, data)
    name = server.pipeline.admit(call, servable_request(request.model_name, "")).name
    await server.load(name, request.repository_name, request.parameters)
    return _LoadResponse()


async def _unload(server: Server, call: Call, data: bytes) -> Any:
    request = _parsed(_UnloadRequest, data)
    name = server.pipeline.admit(call, servable_request(request.model_name, "")).name
    await server.unload(name, request.repository_name)
    return _UnloadResponse()


_ANSWERS: Final[dict[str, Answer]] = {
    "ServerMetadata": _server_metadata,
    "ModelMetadata": _model_metadata,
    "ModelReady": _model_ready,
    "ModelInfer": _infer,
    "RepositoryIndex": _index,
    "RepositoryModelLoad": _load,
    "RepositoryModelUnload": _unload,
}
