"""The observer behind the pipeline that all protocols pass, asked over REST and gRPC."""

import asyncio

import grpc
import numpy as np
import pytest

from tenon.base import TenonError
from tenon.formats import make_tensor_proto, message_class, read_records
from tenon.serving.answering import Call, Interceptor, Pipeline
from tenon.serving.grpc import SERVER_OPTIONS, grpc_services
from tenon.serving.http import HttpRequest
from tenon.serving.rest import RestApi
from tenon.serving.telemetry import (
    History,
    LoggedRequest,
    LogKind,
    Observer,
    Registry,
    RequestLog,
    RequestLogOptions,
    RequestObservation,
)
from tests.serving.doubles import manager
from tests.serving.telemetry.test_requests import cells


class Watching(Interceptor):
    """All that stands between the pipeline and the observer."""

    def __init__(self, observer: Observer, log: RequestLog | None = None):
        self.observer, self.log = observer, log
        self.open: dict[Call, RequestObservation] = {}

    def begin(self, call: Call) -> None:
        traceparent = None if self.observer.tracer is None else call.header("traceparent")
        self.open[call] = self.observer.endpoint(call.api, call.protocol.value).start(traceparent)

    def admit(self, call: Call) -> None:
        self.open[call].admitted(call.request.name)

    def finish(self, call: Call, error: TenonError | None) -> None:
        request = self.open.pop(call)
        request.times = call.times
        if call.id is not None:
            request.chose(call.id, call.signature_name, call.engine)
        if error is not None:
            request.finish(error.code, error.message, call.request.name if call.request else "")
            return
        request.finish()
        if self.log is not None and call.outputs and self.log.samples(call.id.name):
            self.log.offer(LoggedRequest(call.id, call.signature_name, LogKind.PREDICT, call.inputs, call.outputs))


@pytest.fixture
def observer():
    return Observer(Registry(), History())


def post(pipeline: Pipeline, path: str, body: bytes):
    async def read():
        return body

    return RestApi(pipeline).respond(HttpRequest("POST", path, "", {}, read))


def requests_total(observer):
    counted = cells(observer, "tenon_serving_requests_total")
    return {(key[0], key[1], key[2], *key[4:]): count for key, count in counted.items()}


def test_requests_over_rest_are_counted_and_logged(observer, tmp_path):
    log = RequestLog(observer.registry, {"half": RequestLogOptions(str(tmp_path / "log"), 1.0)})
    pipeline = Pipeline(manager(), [Watching(observer, log)])

    async def ask():
        good = await post(pipeline, "/v1/models/half:predict", b'{"instances": [1.0]}')
        bad = await post(pipeline, "/v1/models/half:predict", b'{"instances": ["one"]}')
        nobody = await post(pipeline, "/v1/models/nobody:predict", b'{"instances": [1.0]}')
        return [good.status, bad.status, nobody.status]

    assert asyncio.run(ask()) == [200, 400, 404]
    log.close()
    assert requests_total(observer) == {
        ("half", "3", "serving_default", "predict", "REST", "OK"): 1,
        ("half", "3", "serving_default", "predict", "REST", "INVALID_ARGUMENT"): 1,
        ("nobody", "", "", "predict", "REST", "NOT_FOUND"): 1,
    }
    assert cells(observer, "tenon_serving_requests_in_flight") == {("half",): 0, ("nobody",): 0}
    (path,) = tmp_path.iterdir()
    assert len(list(read_records(path))) == 1


def test_requests_over_grpc_are_counted(observer):
    request = message_class("tensorflow.serving.PredictRequest")()
    request.model_spec.name = "half"
    request.inputs["x"].CopyFrom(make_tensor_proto(np.float32([1])))

    async def ask():
        services = await grpc_services(Pipeline(manager(), [Watching(observer)]))
        server = grpc.aio.server(options=SERVER_OPTIONS)
        server.add_generic_rpc_handlers(services.handlers)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        options = [("grpc.enable_http_proxy", 0)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            predict = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
            await predict(request.SerializeToString())
        await server.stop(None)

    asyncio.run(ask())
    assert requests_total(observer) == {("half", "3", "serving_default", "Predict", "GRPC", "OK"): 1}
    assert cells(observer, ":tensorflow:serving:request_latency").keys() == {("half", "Predict", "GRPC")}
