"""The gRPC service: its methods in process, its streams and statuses over a real channel."""

import asyncio
import logging
from contextlib import asynccontextmanager

import grpc
import numpy as np
import pytest

from tenon.base import (
    DataLossError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    TenonError,
    UnauthenticatedError,
    UnimplementedError,
)
from tenon.formats import message_class
from tenon.serving.answering import Pipeline
from tenon.serving.http2 import GrpcServer
from tenon.serving.inference_protocol import ModelIndex, inference_methods
from tests.serving.doubles import manager
from tests.serving.inference_protocol.asking import SERVICE, Loading, Watching, answered, called, message

X = {"name": "x", "datatype": "FP32", "shape": [2]}
RAW = np.float32([2, 4]).tobytes()
StreamResponse = message_class("inference.ModelStreamInferResponse")


def infer_request(model="half", **fields):
    return message("ModelInferRequest", model_name=model, inputs=[X], raw_input_contents=[RAW], **fields)


def parameters(**values):
    kinds = {str: "string_param", int: "int64_param", bool: "bool_param"}
    return {name: message("InferParameter", **{kinds[type(value)]: value}) for name, value in values.items()}


def methods(models=None, interceptors=(), **options):
    return inference_methods(Pipeline(models or manager(), interceptors), **options)


def test_a_model_answers_with_its_version_and_the_id():
    response = called("ModelInfer", infer_request(id="n 1"))
    assert (response.model_name, response.model_version, response.id) == ("half", "3", "n 1")
    assert (response.outputs[0].name, response.outputs[0].datatype, list(response.outputs[0].shape)) == (
        "y",
        "FP32",
        [2],
    )
    assert np.frombuffer(response.raw_output_contents[0], np.float32).tolist() == [3, 4]
    assert called("ModelInfer", infer_request(model_version="1")).model_version == "1"


def test_typed_contents_are_answered_with_typed_contents():
    tensor = {**X, "contents": {"fp32_contents": [2, 4]}}
    response = called("ModelInfer", message("ModelInferRequest", model_name="half", inputs=[tensor]))
    assert list(response.outputs[0].contents.fp32_contents) == [3, 4]


def test_a_signature_and_outputs_are_chosen():
    response = called("ModelInfer", infer_request("many", parameters=parameters(signature_name="scalar")))
    assert (response.outputs[0].name, list(response.outputs[0].shape)) == ("total", [])
    uneven = infer_request("many", parameters=parameters(signature_name="uneven"), outputs=[{"name": "z"}])
    assert [output.name for output in called("ModelInfer", uneven).outputs] == ["z"]


@pytest.mark.parametrize(
    ("request_", "error", "reason"),
    [
        (infer_request(""), InvalidArgumentError, "model name: must not be empty"),
        (infer_request("none"), NotFoundError, r"Servable not found for request: Latest\(none\)"),
        (infer_request(model_version="2"), NotFoundError, r"Servable not found for request: Specific\(half, 2\)"),
        (infer_request(model_version="stable"), InvalidArgumentError, "Unrecognized servable version label: stable"),
        (infer_request(outputs=[{"name": "q"}]), InvalidArgumentError, "output tensor alias not found in signature: q"),
        (infer_request(parameters=parameters(signature_name="s")), InvalidArgumentError, "the model has no signature"),
        (infer_request(parameters=parameters(timeout=-1)), InvalidArgumentError, "'timeout': must be an integer"),
        (b"\xff\xff", InvalidArgumentError, "The request is not a inference.ModelInferRequest: 2 bytes do not parse"),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(request_, error, reason):
    with pytest.raises(error, match=reason):
        called("ModelInfer", request_)


def test_a_timeout_is_answered_when_it_is_over_wherever_the_request_waits():
    waiting = inference_methods(Pipeline(manager(asyncio.Event())))
    request = infer_request("many", parameters=parameters(signature_name="scalar", timeout=1000))
    with pytest.raises(DeadlineExceededError, match="'timeout': it is over"):
        called("ModelInfer", request, methods=waiting)


def test_a_long_error_text_is_cut():
    with pytest.raises(TenonError, match=r"^y{1024}\.\.\.TRUNCATED$"):
        called("ModelInfer", infer_request("many", parameters=parameters(signature_name="long")))


def test_the_server_and_its_models_describe_themselves():
    assert called("ServerLive", b"").live
    assert called("ServerReady", b"").ready
    assert not called("ServerReady", b"", methods=methods(is_ready=lambda: False)).ready
    server = called("ServerMetadata", b"")
    assert (server.name, list(server.extensions)) == ("tenon", ["binary_tensor_data", "schedule_policy"])
    model = called("ModelMetadata", message("ModelMetadataRequest", name="half"))
    assert (model.name, list(model.versions), model.platform) == ("half", ["1", "3"], "tensorflow_savedmodel")
    assert (model.inputs[0].name, model.inputs[0].datatype, list(model.inputs[0].shape)) == ("x", "FP32", [-1])
    assert dict(model.properties) == {"engine.serving_default": ""}
    with pytest.raises(NotFoundError, match=r"Latest\(none\)"):
        called("ModelMetadata", message("ModelMetadataRequest", name="none"))


@pytest.mark.parametrize(
    ("name", "version", "ready"), [("half", "", True), ("half", "1", True), ("half", "2", False), ("none", "", False)]
)
def test_a_model_tells_whether_it_is_ready_known_or_not(name, version, ready):
    assert called("ModelReady", message("ModelReadyRequest", name=name, version=version)).ready is ready


def test_models_are_listed_loaded_and_unloaded():
    models = manager(failure=DataLossError("damaged"))
    index = called("RepositoryIndex", b"", methods=methods(models)).models
    assert [(line.name, line.version, line.state, line.reason) for line in index][:2] == [
        ("half", "1", "READY", ""),
        ("half", "2", "UNAVAILABLE", "damaged"),
    ]
    ready = called("RepositoryIndex", message("RepositoryIndexRequest", ready=True), methods=methods(models)).models
    assert {line.state for line in ready} == {"READY"}
    repository = Loading([ModelIndex("new")])
    served = methods(models, repository=repository)
    assert [line.name for line in called("RepositoryIndex", b"", methods=served).models] == ["new"]
    answered("RepositoryModelLoad", message("RepositoryModelLoadRequest", model_name="new"), served)
    answered("RepositoryModelUnload", message("RepositoryModelUnloadRequest", model_name="half"), served)
    assert repository.told == [("load", "new"), ("unload", "half")]


CONFIG = {"config": message("ModelRepositoryParameter", string_param="{}")}


@pytest.mark.parametrize(
    ("name", "fields", "repository", "error", "reason"),
    [
        ("Load", {"model_name": "m"}, None, UnimplementedError, "clients may not load and unload"),
        ("Unload", {"model_name": "m"}, None, UnimplementedError, "clients may not load and unload"),
        ("Load", {}, Loading(), InvalidArgumentError, "model name: must not be empty"),
        (
            "Load",
            {"model_name": "m", "parameters": CONFIG},
            Loading(),
            UnimplementedError,
            "received the parameter 'con",
        ),
        ("Unload", {"model_name": "m", "repository_name": "r"}, Loading(), UnimplementedError, "repository_name"),
        ("Unload", {"model_name": "m"}, Loading(error=NotFoundError("no m")), NotFoundError, "no m"),
    ],
)
def test_what_a_repository_cannot_do_is_refused(name, fields, repository, error, reason):
    request = message(f"RepositoryModel{name}Request", **fields)
    with pytest.raises(error, match=reason):
        answered(f"RepositoryModel{name}", request, methods(repository=repository))


@pytest.mark.parametrize(
    ("name", "request_", "request_seen"),
    [
        ("ModelInfer", infer_request(), ["Latest(half)"]),
        ("ModelMetadata", message("ModelMetadataRequest", name="half"), ["Latest(half)"]),
        ("ModelReady", message("ModelReadyRequest", name="half", version="1"), ["Specific(half, 1)"]),
        ("RepositoryIndex", b"", ["None"]),
        ("RepositoryModelLoad", message("RepositoryModelLoadRequest", model_name="a"), ["Latest(a)"]),
        ("RepositoryModelUnload", message("RepositoryModelUnloadRequest", model_name="a"), ["Latest(a)"]),
        ("ServerMetadata", b"", []),
    ],
)
def test_interceptors_see_everything_but_the_probes(name, request_, request_seen):
    watching = Watching()
    served = methods(interceptors=[watching], repository=Loading())
    answered(name, request_, served, {"k": "v"})
    assert watching.seen == [(name, "v"), *request_seen, None]
    answered("ServerReady", b"", served)
    assert len(watching.seen) == len(request_seen) + 2


@asynccontextmanager
async def channel_to(served):
    server = GrpcServer(served)
    port = await server.listen("127.0.0.1", 0)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(grace=1)


def streamed(requests, served=None):
    """Return the answers of one stream, and the code with which it ended."""

    async def main():
        got = []
        async with channel_to(served or methods()) as channel:
            call = channel.stream_stream(SERVICE + "ModelStreamInfer")(iter(requests))
            try:
                async for answer in call:
                    got += [StreamResponse.FromString(answer)]
            except grpc.aio.AioRpcError as error:
                return got, error.code().name
            return got, (await call.code()).name

    return asyncio.run(main())


def test_a_stream_answers_every_request_in_order_and_survives_errors():
    requests = [infer_request("half" if number % 3 else "none", id=str(number)) for number in range(200)]
    answers, code = streamed([request.SerializeToString() for request in requests])
    assert code == "OK"
    assert [answer.infer_response.id for answer in answers] == [str(number) for number in range(200)]
    for number, answer in enumerate(answers):
        if number % 3:
            assert answer.error_message == ""
            assert np.frombuffer(answer.infer_response.raw_output_contents[0], np.float32).tolist() == [3, 4]
            assert answer.infer_response.parameters["triton_final_response"].bool_param
        else:
            assert answer.error_message == "Servable not found for request: Latest(none)"


def test_bytes_that_are_no_message_are_an_error_of_the_stream():
    answers, code = streamed([b"\xff", infer_request().SerializeToString()])
    assert code == "OK"
    assert answers[0].error_message.startswith("The request is not a inference.ModelInferRequest")
    assert answers[1].infer_response.model_name == "half"


def test_a_stream_ends_where_nobody_may_ask():
    for error in (UnauthenticatedError("who?"), PermissionDeniedError("no")):
        answers, code = streamed([infer_request().SerializeToString()], methods(interceptors=[Watching(error)]))
        assert (answers, code) == ([], error.code.name)
    assert streamed([]) == ([], "OK")


def test_a_client_that_goes_away_in_a_stream_gives_its_versions_back():
    async def main():
        models = manager(gate=asyncio.Event())
        request = infer_request("many", parameters=parameters(signature_name="float32")).SerializeToString()
        async with channel_to(methods(models)) as channel:
            call = channel.stream_stream(SERVICE + "ModelStreamInfer")()
            for _ in range(3):
                await call.write(request)
            while sum(models.open_handles.values()) < 3:
                await asyncio.sleep(0.005)
            call.cancel()
            while sum(models.open_handles.values()):
                await asyncio.sleep(0.005)

    asyncio.run(main())


def test_what_is_not_served_is_unimplemented_and_failures_are_not_told(caplog):
    async def main():
        async with channel_to(methods()) as channel:

            async def code_of(name, request):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await channel.unary_unary(SERVICE + name)(request)
                return caught.value.code().name, caught.value.details()

            for name in ("ModelStatistics", "ModelConfig", "SystemSharedMemoryStatus", "TraceSetting", "LogSettings"):
                assert (await code_of(name, b""))[0] == "UNIMPLEMENTED"
            broken = infer_request("many", parameters=parameters(signature_name="broken")).SerializeToString()
            return await code_of("ModelInfer", broken)

    with caplog.at_level(logging.ERROR):
        code, details = asyncio.run(main())
    assert (code, "secret" in details) == ("INTERNAL", False)
    assert "a secret of the server" in caplog.text


def test_a_failure_in_a_stream_is_not_told(caplog):
    broken = infer_request("many", parameters=parameters(signature_name="broken")).SerializeToString()
    with caplog.at_level(logging.ERROR):
        assert streamed([broken]) == ([], "INTERNAL")
    assert "a secret of the server" in caplog.text
