"""HandleReloadConfigRequest hands a list of models over, and tells what came of it."""

import asyncio

import grpc
import pytest

from tenon.base import FailedPreconditionError
from tenon.formats import message_class
from tenon.serving.answering import Pipeline
from tenon.serving.grpc import grpc_methods
from tenon.serving.http2 import GrpcServer
from tests.serving.doubles import manager

Request = message_class("tensorflow.serving.ReloadConfigRequest")
Response = message_class("tensorflow.serving.ReloadConfigResponse")
ONE = {"config": {"model_config_list": {"config": [{"name": "m", "base_path": "/m"}]}}}


class Server:
    """What reloads, and what it counts."""

    def __init__(self):
        self.names, self.counters, self.trouble = [], {"/tensorflow/serving/reloads": 7}, None

    async def reload(self, config):
        if self.trouble is not None:
            raise self.trouble
        self.names.append([model.name for model in config.model_config_list.config])
        self.counters["/tensorflow/serving/reloads"] += 2


def ask(server, data, **options):
    async def main():
        listening = GrpcServer(grpc_methods(Pipeline(manager()), **options))
        port = await listening.listen("127.0.0.1", 0)
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                call = channel.unary_unary("/tensorflow.serving.ModelService/HandleReloadConfigRequest")
                return Response.FromString(await call(data, timeout=10))
        finally:
            await listening.stop(grace=1)

    return asyncio.run(main())


def reload(server, data):
    return ask(server, data, reload=server.reload, metric_value=server.counters.get)


def test_models_are_handed_over_and_counters_are_told():
    server = Server()
    names = ["/tensorflow/serving/reloads", "/tensorflow/serving/unknown"]
    answer = reload(server, Request(**ONE, metric_names=names).SerializeToString())
    assert server.names == [["m"]]
    assert answer.status.error_code == 0
    assert [(metric.name, metric.int64_value_increase) for metric in answer.metric] == [(names[0], 2)]


def test_an_empty_list_of_models_is_one():
    server = Server()
    request = Request()
    request.config.model_config_list.SetInParent()
    assert reload(server, request.SerializeToString()).status.error_code == 0
    assert server.names == [[]]


CUSTOM = Request()
CUSTOM.config.custom_model_config.type_url = "type.googleapis.com/my.Config"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "Only ModelConfigList is currently supported; received None"),
        (CUSTOM.SerializeToString(), "Only ModelConfigList is currently supported; received custom_model_config"),
        (b"\xff\xff", "is not a tensorflow.serving.ReloadConfigRequest: 2 bytes do not parse"),
    ],
)
def test_what_lists_no_models_is_refused(data, text):
    server = Server()
    with pytest.raises(grpc.RpcError) as caught:
        reload(server, data)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert text in caught.value.details()
    assert server.names == []


def test_a_reload_that_fails_is_answered_with_its_reason():
    server = Server()
    server.trouble = FailedPreconditionError("Request to assign label to version 2 of model m")
    with pytest.raises(grpc.RpcError) as caught:
        reload(server, Request(**ONE).SerializeToString())
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert caught.value.details().startswith("Request to assign label to version 2")


def test_a_server_that_cannot_reload_says_so():
    with pytest.raises(grpc.RpcError) as caught:
        ask(Server(), Request(**ONE).SerializeToString())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
