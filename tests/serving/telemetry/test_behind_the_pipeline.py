"""The observer behind the pipeline that all protocols pass, asked over REST and gRPC."""

import asyncio

import grpc
import numpy as np
import pytest

from tenon.formats import make_ndarray, make_tensor_proto, message_class, read_records
from tenon.serving.answering import ObserverInterceptor, Pipeline
from tenon.serving.grpc import grpc_methods
from tenon.serving.http import HttpRequest
from tenon.serving.http2 import GrpcServer
from tenon.serving.rest import RestApi
from tenon.serving.telemetry import (
    History,
    Observer,
    Registry,
    RequestLog,
    RequestLogOptions,
    TraceExporter,
    Tracer,
    current_trace_id,
)
from tests.serving.doubles import manager
from tests.serving.telemetry.test_requests import cells

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def observer():
    return Observer(Registry(), History())


class Keeping(TraceExporter):
    def __init__(self):
        self.traces = []

    def export(self, traces):
        self.traces += traces
        return True

    def close(self):
        pass


def post(pipeline: Pipeline, path: str, body: bytes, **headers: str):
    async def read():
        return body

    return RestApi(pipeline).respond(HttpRequest("POST", path, "", headers, read))


def requests_total(observer):
    counted = cells(observer, "tenon_serving_requests_total")
    return {(key[0], key[1], key[2], *key[4:]): count for key, count in counted.items()}


def test_requests_over_rest_are_counted_and_logged(observer, tmp_path):
    log = RequestLog(observer.registry, {"half": RequestLogOptions(str(tmp_path / "log"), 1.0)})
    pipeline = Pipeline(manager(), [ObserverInterceptor(observer, log)])

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
    (record,) = read_records(path)
    logged = message_class("tensorflow.serving.PredictionLog").FromString(record).predict_log
    assert make_ndarray(logged.request.inputs["x"]).tolist() == [1.0]
    assert make_ndarray(logged.response.outputs["y"]).tolist() == [2.5]


def test_requests_over_grpc_are_counted_and_traced():
    exporter = Keeping()
    observer = Observer(Registry(), History(), Tracer(exporter))
    pipeline = Pipeline(manager(), [ObserverInterceptor(observer)])
    request = message_class("tensorflow.serving.PredictRequest")()
    request.model_spec.name = "half"
    request.inputs["x"].CopyFrom(make_tensor_proto(np.float32([1])))

    async def ask():
        server = GrpcServer(grpc_methods(pipeline))
        port = await server.listen("127.0.0.1", 0)
        options = [("grpc.enable_http_proxy", 0)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            predict = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
            await predict(request.SerializeToString(), metadata=(("traceparent", TRACEPARENT),))
            await predict(request.SerializeToString())
        await server.stop(grace=1)

    asyncio.run(ask())
    assert requests_total(observer) == {("half", "3", "serving_default", "Predict", "GRPC", "OK"): 2}
    assert cells(observer, ":tensorflow:serving:request_latency").keys() == {("half", "Predict", "GRPC")}
    observer.tracer.close()
    assert [trace.trace_id for trace in exporter.traces] == [TRACE]


def test_the_trace_of_one_request_is_not_that_of_the_next():
    tracer = Tracer(Keeping())
    pipeline = Pipeline(manager(), [ObserverInterceptor(Observer(Registry(), History(), tracer))])
    seen = []

    async def ask(**headers):
        await post(pipeline, "/v1/models/half:predict", b'{"instances": [1.0]}', **headers)
        seen.append(current_trace_id.get())

    async def ask_all():
        await asyncio.create_task(ask(traceparent=TRACEPARENT))
        await asyncio.create_task(ask())

    asyncio.run(ask_all())
    tracer.close()
    assert seen == [TRACE, ""]
