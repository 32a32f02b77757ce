"""The gRPC services on a real server, asked through a real channel."""

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2

from tenon.base import InvalidArgumentError
from tenon.formats import make_ndarray, make_tensor_proto, message_class
from tests.serving.doubles import manager
from tests.serving.servers import ANY_SIZE, grpc_serving

PREDICTION = "/tensorflow.serving.PredictionService/"
HEALTH = "/grpc.health.v1.Health/"
PREDICT_RESPONSE = "tensorflow.serving.PredictResponse"
STATUS = "/tensorflow.serving.ModelService/GetModelStatus"
X = np.float32([2, 4])


def message(kind, /, **fields):
    return message_class(f"tensorflow.serving.{kind}")(**fields)


def spec(name="half", signature="", version=None, label=None):
    fields = {"name": name, "signature_name": signature}
    if version is not None:
        fields["version"] = {"value": version}
    if label is not None:
        fields["version_label"] = label
    return message("ModelSpec", **fields)


def predict_request(model_spec, inputs, output_filter=(), as_tensor_content=False):
    request = message("PredictRequest", output_filter=output_filter)
    if model_spec is not None:
        request.model_spec.CopyFrom(model_spec)
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            value = make_tensor_proto(value, as_tensor_content=as_tensor_content)
        request.inputs[name].CopyFrom(value)
    return request


@asynccontextmanager
async def serving(models):
    async with (
        grpc_serving(models) as (health, port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=ANY_SIZE) as channel,
    ):
        yield health, channel


async def call(channel, path, request, response_class=None, timeout=30):
    data = request if isinstance(request, bytes) else request.SerializeToString()
    answer = await channel.unary_unary(path)(data, timeout=timeout)
    return response_class.FromString(answer) if response_class else answer


def ask(path, request, response="PredictResponse", models=None):
    answers = []  # asyncio.run would write out what it returns, which takes seconds for a large message

    async def main():
        async with serving(models or manager()) as (_, channel):
            answers.append(await call(channel, path, request, message_class(f"tensorflow.serving.{response}")))

    asyncio.run(main())
    return answers[0]


def predict(*args, **fields):
    return ask(PREDICTION + "Predict", predict_request(*args, **fields))


def failure(path, request, models=None):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        ask(path, request, models=models)
    return caught.value.code().name, caught.value.details()


def test_predict_answers_with_the_version_and_signature_that_ran():
    response = predict(spec(), {"x": X})
    assert make_ndarray(response.outputs["y"]).tolist() == [3, 4]
    assert list(response.outputs["y"].float_val) == [3, 4]
    assert response.model_spec == spec("half", "serving_default", version=3)
    assert predict(spec(version=1), {"x": X}).model_spec.version.value == 1


def test_tensor_content_strings_and_scalars_travel():
    assert make_ndarray(predict(spec(), {"x": X}, as_tensor_content=True).outputs["y"]).tolist() == [3, 4]
    texts = np.array([b"a", b"\xff\x00"], object)
    answer = predict(spec("many", "text"), {"x": texts}).outputs
    assert list(answer["text"].string_val) == [b"a", b"\xff\x00"]
    scalar = predict(spec("many", "scalar"), {"x": X}).outputs["total"]
    assert (list(scalar.float_val), len(scalar.tensor_shape.dim)) == ([6.0], 0)
    half = np.float16([1.5])
    assert make_ndarray(predict(spec("many", "float16"), {"x": half}).outputs["x"]).tolist() == [1.5]


def test_an_output_filter_and_default_values_are_honoured():
    inputs = {"a": np.ones((2, 2), np.float32), "b": np.int32([1, 2])}
    assert set(predict(spec("many"), inputs).outputs) == {"sum", "b"}
    assert set(predict(spec("many"), inputs, ["b"]).outputs) == {"b"}
    assert make_ndarray(predict(spec("many", "default"), {"x": X}).outputs["y"]).tolist() == [12, 14]


TensorProto = message_class("tensorflow.TensorProto")
BAD_SHAPE = TensorProto(dtype=1, tensor_shape={"dim": [{"size": 3}]}, float_val=[1, 2, 3, 4])


@pytest.mark.parametrize(
    ("request_", "code", "details"),
    [
        (predict_request(None, {"x": X}), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (predict_request(spec(""), {"x": X}), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (predict_request(spec("nope"), {}), "NOT_FOUND", "Servable not found for request: Latest(nope)"),
        (predict_request(spec(version=2), {}), "NOT_FOUND", "Servable not found for request: Specific(half, 2)"),
        (predict_request(spec(label="L"), {}), "INVALID_ARGUMENT", "Unrecognized servable version label: L"),
        (predict_request(spec(signature="S"), {}), "FAILED_PRECONDITION", 'Serving signature key "S" not found.'),
        (
            predict_request(spec(), {}),
            "INVALID_ARGUMENT",
            "input size does not match signature: 0!=1 len({}) != len({x",
        ),
        (
            predict_request(spec(), {"z": X}),
            "INVALID_ARGUMENT",
            "Signature input alias: x(feed name: serving_default_x:0)",
        ),
        (predict_request(spec(), {"x": BAD_SHAPE}), "INVALID_ARGUMENT", "tensor parsing error: x"),
        (predict_request(spec(), {"x": X[None]}), "INVALID_ARGUMENT", "input 'x': the shape must fit (None,)"),
        (predict_request(spec(), {"x": np.int32([1])}), "INVALID_ARGUMENT", "input 'x' must be a tensor of float32"),
        (predict_request(spec(), {"x": X}, ["q"]), "INVALID_ARGUMENT", "output tensor alias not found in signature: q"),
        (predict_request(spec(), {"x": X}, ["y", "y"]), "INVALID_ARGUMENT", "duplicate output tensor alias: y"),
        (predict_request(spec("many", "full"), {"x": X}), "RESOURCE_EXHAUSTED", "the queue is full"),
        (predict_request(spec("many", "away"), {"x": X}), "UNAVAILABLE", "not now"),
        (b"\xff\xff\xff", "INVALID_ARGUMENT", "The request is not a tensorflow.serving.PredictRequest: 3 bytes"),
    ],
)
def test_a_bad_prediction_request_has_tensorflow_serving_s_code_and_text(request_, code, details):
    have, text = failure(PREDICTION + "Predict", request_)
    assert have == code
    assert text.startswith(details)


def test_a_tensor_that_claims_to_be_enormous_is_refused_before_it_is_made():
    huge = TensorProto(dtype=1, tensor_shape={"dim": [{"size": 2**28}]}, float_val=[1])
    code, text = failure(PREDICTION + "Predict", predict_request(spec(), {"x": huge}))
    assert (code, text[:23]) == ("INVALID_ARGUMENT", "tensor parsing error: x")


def test_a_long_error_text_is_cut():
    code, text = failure(PREDICTION + "Predict", predict_request(spec("many", "long"), {"x": X}))
    assert (code, text) == ("UNAVAILABLE", "y" * 1024 + "...TRUNCATED")


def test_an_unexpected_failure_is_logged_and_not_told(caplog):
    with caplog.at_level(logging.ERROR):
        code, text = failure(PREDICTION + "Predict", predict_request(spec("many", "broken"), {"x": X}))
    assert code == "INTERNAL"
    assert "secret" not in text
    assert "a secret of the server" in caplog.text


def metadata_request(model_spec, *fields):
    request = message("GetModelMetadataRequest", metadata_field=fields)
    if model_spec is not None:
        request.model_spec.CopyFrom(model_spec)
    return request


def test_metadata_comes_back():
    response = ask(
        PREDICTION + "GetModelMetadata", metadata_request(spec(), "signature_def"), "GetModelMetadataResponse"
    )
    packed = message("SignatureDefMap")
    assert response.metadata["signature_def"].Unpack(packed)
    assert packed.signature_def["serving_default"].inputs["x"].name == "serving_default_x:0"
    assert response.model_spec == spec("half", version=3)


@pytest.mark.parametrize(
    ("request_", "code", "details"),
    [
        (metadata_request(None, "signature_def"), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (
            metadata_request(spec()),
            "INVALID_ARGUMENT",
            "GetModelMetadataRequest must specify at least one metadata_f",
        ),
        (metadata_request(spec(), "signature_def", "X"), "INVALID_ARGUMENT", "Metadata field X is not supported"),
        (metadata_request(spec("no"), "signature_def"), "NOT_FOUND", "Servable not found for request: Latest(no)"),
    ],
)
def test_a_bad_metadata_request_has_tensorflow_serving_s_code_and_text(request_, code, details):
    have, text = failure(PREDICTION + "GetModelMetadata", request_)
    assert have == code
    assert text.startswith(details)


def status_request(*args, **fields):
    return message("GetModelStatusRequest", model_spec=spec(*args, **fields))


def test_the_status_of_every_version_comes_back():
    models = manager(failure=InvalidArgumentError("no model"))
    response = ask(STATUS, status_request(), "GetModelStatusResponse", models)
    states = [(each.version, each.state, each.status.error_code) for each in response.model_version_status]
    assert states == [(3, 30, 0), (2, 50, 3), (1, 30, 0)]
    one = ask(STATUS, status_request(version=1), "GetModelStatusResponse", models)
    assert [each.version for each in one.model_version_status] == [1]


@pytest.mark.parametrize(
    ("request_", "code", "details"),
    [
        (b"", "INVALID_ARGUMENT", "Missing ModelSpec"),
        (status_request(""), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (status_request("no"), "NOT_FOUND", "Could not find any versions of model no"),
        (status_request(version=9), "NOT_FOUND", "Could not find version 9 of model half"),
    ],
)
def test_a_bad_status_request_has_tensorflow_serving_s_code_and_text(request_, code, details):
    assert failure(STATUS, request_) == (code, details)


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/tensorflow.serving.ModelService/HandleReloadConfigRequest", "Restart the server"),
    ],
)
def test_a_method_that_is_not_served_names_the_alternative(path, advice):
    code, text = failure(path, b"anything")
    assert code == "UNIMPLEMENTED"
    assert advice in text


def test_the_health_service_tells_what_it_is_told():
    async def main():
        async with serving(manager()) as (health, channel):

            async def check(name):
                request = health_pb2.HealthCheckRequest(service=name)
                return (
                    await call(channel, "/grpc.health.v1.Health/Check", request, health_pb2.HealthCheckResponse)
                ).status

            names = ("", "ModelService", "PredictionService")
            seen = []
            for serving_now in (None, True, False):
                if serving_now is not None:
                    health.set_serving(serving_now)
                seen.append({await check(name) for name in names})
            assert seen == [{2}, {1}, {2}]
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await check("nope")
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND

            request = health_pb2.HealthCheckRequest(service="").SerializeToString()
            watch = channel.unary_stream(HEALTH + "Watch")(request)
            assert health_pb2.HealthCheckResponse.FromString(await watch.read()).status == 2
            health.set_serving(True)
            assert health_pb2.HealthCheckResponse.FromString(await watch.read()).status == 1
            watch.cancel()

    asyncio.run(main())


def test_large_requests_on_several_connections_are_answered_with_their_own_numbers():
    arrays = [np.arange(size, dtype=np.float32) + start for start in range(12) for size in (1_000, 30_000, 200_000)]

    async def ask_for(channel, array, as_tensor_content):
        request = predict_request(spec(), {"x": array}, as_tensor_content=as_tensor_content)
        answer = await call(channel, PREDICTION + "Predict", request, message_class(PREDICT_RESPONSE))
        np.testing.assert_array_equal(make_ndarray(answer.outputs["y"]), array / 2 + 2)

    async def main():
        async with grpc_serving(manager()) as (_, port), AsyncExitStack() as stack:
            options = [*ANY_SIZE, ("grpc.use_local_subchannel_pool", 1)]  # a connection for each channel
            channels = [
                await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options))
                for _ in range(3)
            ]
            for as_tensor_content in (True, True, False):
                await asyncio.gather(
                    *(ask_for(channels[place % 3], array, as_tensor_content) for place, array in enumerate(arrays))
                )

    asyncio.run(main())


def test_a_call_whose_deadline_passes_lets_its_version_go():
    async def main():
        models = manager(gate=asyncio.Event())
        async with serving(models) as (_, channel):
            request = predict_request(spec("many", "float32"), {"x": X})
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(channel, PREDICTION + "Predict", request, timeout=0.2)
            assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            while any(models.open_handles.values()):
                await asyncio.sleep(0.01)
        assert sum(models.open_handles.values()) == 0
        assert len(models.open_handles) == 1

    asyncio.run(main())


def test_a_message_above_grpc_s_own_limit_of_4_mebibytes_passes():
    x = np.zeros(2**21, np.float32)
    assert make_ndarray(predict(spec(), {"x": x}).outputs["y"]).shape == x.shape
