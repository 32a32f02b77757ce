"""A server in the event loop of its test: what it starts with, where it listens, when it gives up."""

import asyncio
import json
import shutil
import socket

import grpc
import httpx
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.base import FailedPreconditionError, InvalidArgumentError, NotFoundError
from tenon.formats import RecordWriter, make_tensor_proto, message_class
from tenon.saved_model import TensorSpec, save
from tenon.serving import ModelConfig, ModelServer, ModelServerConfig, ServableRequest, ServerOptions
from tenon.serving.configuration import MonitoringConfig


def save_version(path, factor):
    save(lambda x: {"y": jnp.float32(factor) * x}, path, {"serving_default": {"x": TensorSpec((None,), "float32")}})


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    save_version(root / "good" / "1", 1)
    save_version(root / "other" / "1", 5)
    (root / "bad" / "1").mkdir(parents=True)
    (root / "bad" / "1" / "saved_model.pb").write_bytes(b"no model")
    return root


def options(base, *names, **more):
    models = {"config": ModelServerConfig(tuple(ModelConfig(name, base / name) for name in names))}
    return ServerOptions(**{"port": 0, "rest_api_port": 0, "max_batch_size": 1, **models, **more})


def run(options, body=None):
    """Start, load, call ``body(server)``, stop."""

    async def main():
        server = ModelServer(options)
        try:
            await server.start()
            await server.load()
            if body is not None:
                await body(server)
        finally:
            await server.stop()

    asyncio.run(main())


def test_a_warm_up_is_counted(base, tmp_path):
    shutil.copytree(base / "good", tmp_path / "good")
    record = message_class("tensorflow.serving.PredictionLog")()
    record.predict_log.request.inputs["x"].CopyFrom(make_tensor_proto(np.ones(1, "f4")))
    extra = tmp_path / "good" / "1" / "assets.extra"
    with (extra / "tf_serving_warmup_requests").open("wb") as file:
        RecordWriter(file).write(record.SerializeToString())

    async def body(server):
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{server.rest_api_port}/monitoring/prometheus/metrics")
        labels = f'{{model_path="{extra.parent}",status="OK"}} 1'
        assert f":tensorflow:serving:model_warmup_records_read{labels}" in answer.text
        assert f":tensorflow:serving:model_warmup_latency_count{labels}" in answer.text

    run(options(tmp_path, "good", monitoring=MonitoringConfig(enable=True)), body)


def test_a_name_with_a_slash_is_a_name(base):
    """TensorFlow Serving serves such models: over gRPC as they are called, over REST percent-encoded."""
    name = "team/good:1%"
    config = ModelServerConfig((ModelConfig(name, base / "good", labels={"a/b": 1}),))

    async def body(server):
        root = f"http://127.0.0.1:{server.rest_api_port}"
        async with httpx.AsyncClient() as client:
            for path in ("", "/labels/a%2Fb"):
                url = f"{root}/v1/models/team%2Fgood%3A1%25{path}:predict"
                answer = await client.post(url, json={"instances": [3]})
                assert answer.json() == {"predictions": [3.0]}
            assert (await client.get(f"{root}/v2/models/team%2Fgood%3A1%25/ready")).json()["name"] == name
            assert (await client.get(f"{root}/v1/models/team/good")).status_code == 400

    run(options(base, config=config), body)


async def ask(server):
    """Return what the model ``good`` multiplies by."""
    with server._manager.servable_handle(ServableRequest.latest("good")) as handle:
        return (await handle.servable.run("serving_default", {"x": np.ones(1, "f4")}))["y"][0]


def test_one_bad_model_is_told_and_the_others_are_served(base, caplog):
    async def body(server):
        assert [(model.name, model.is_available) for model in server.models()] == [("bad", False), ("good", True)]

    run(options(base, "good", "bad"), body)
    assert "1 model(s) did not become available: bad: " in caplog.text


@pytest.mark.parametrize(
    ("names", "more"), [(("bad",), {}), (("bad", "nowhere"), {}), (("good", "bad"), {"exit_on_failed_load": True})]
)
def test_a_server_that_serves_nothing_or_must_serve_all_gives_up(base, names, more):
    with pytest.raises(FailedPreconditionError, match=r"\d model\(s\) did not become available: .*bad: "):
        run(options(base, *names, **more))


def test_a_server_may_begin_with_nothing_and_be_told_later(base):
    async def body(server):
        assert server.models() == ()
        await server.reload(ModelServerConfig((ModelConfig("good", base / "good"),)))
        assert await ask(server) == 1

    run(options(base), body)


def test_replaced_files_are_served_anew_without_a_gap(base, tmp_path):
    shutil.copytree(base / "good", tmp_path / "good")

    async def body(server):
        assert await ask(server) == 1
        shutil.copytree(base / "other" / "1", tmp_path / "good" / "1", dirs_exist_ok=True)
        while (answer := await ask(server)) != 5:
            assert answer == 1
            await asyncio.sleep(0.01)

    run(options(tmp_path, "good", file_system_poll_wait_seconds=0.02), body)


def test_a_config_file_is_watched(base, tmp_path):
    file = tmp_path / "models.config"
    file.write_text("model_config_list {}")

    async def body(server):
        file.write_text(f"model_config_list {{ config {{ name: 'good' base_path: '{base / 'good'}' }} }}")
        while not any(model.is_available for model in server.models()):
            await asyncio.sleep(0.01)

    more = {"config": None, "model_config_file": file, "model_config_file_poll_wait_seconds": 0.02}
    run(options(base, **more), body)


def test_a_config_file_that_is_missing_or_wrong_is_told_before_anything_listens(base, tmp_path):
    with pytest.raises(NotFoundError, match="there is no such file"):
        run(options(base, config=None, model_config_file=tmp_path / "none"))
    (tmp_path / "wrong").write_text("model_config_list {")
    with pytest.raises(InvalidArgumentError, match="wrong, line 1"):
        run(options(base, config=None, model_config_file=tmp_path / "wrong"))


@pytest.mark.parametrize("is_left_over", [False, True])
def test_a_unix_socket_answers_even_if_a_dead_server_left_one(base, tmp_path, is_left_over):
    path = tmp_path / "socket"
    if is_left_over:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))

    async def body(server):
        del server
        async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
            call = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert await call(b"", timeout=10) == b"\x08\x01"

    run(options(base, "good", grpc_socket_path=str(path)), body)


def test_a_unix_socket_that_is_taken_or_no_socket_is_refused(base, tmp_path):
    (tmp_path / "precious").write_text("data")
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(tmp_path / "taken"))
        living.listen()
        for name in ("precious", "taken", "no/folder", "x" * 200):
            with pytest.raises(FailedPreconditionError, match="grpc_socket_path: cannot listen on"):
                run(options(base, "good", grpc_socket_path=str(tmp_path / name)))
    assert (tmp_path / "precious").read_text() == "data"


async def get(client, url):
    answer = await client.get(url)
    return answer.status_code, answer.text


def test_probes_metrics_protocols_and_operators_are_served(base):
    async def look(server):
        rest, admin = (f"http://127.0.0.1:{port}" for port in (server.rest_api_port, server.admin_port))
        async with httpx.AsyncClient(trust_env=False) as client:
            for path in ("/livez", "/startupz", "/readyz", "/v2/health/ready", "/v1/models/good"):
                assert (await get(client, rest + path))[0] == 200
            tensor = {"name": "x", "datatype": "FP32", "shape": [1], "data": [2.0]}
            answer = await client.post(f"{rest}/v2/models/good/infer", json={"inputs": [tensor]})
            assert answer.json()["outputs"][0]["data"] == [2.0]
            status, text = await get(client, f"{rest}/monitoring/prometheus/metrics")
            assert status == 200
            assert 'tenon_serving_requests_total{model="good",version="1",' in text
            assert 'tenon_serving_load_seconds_count{model="good",code="OK"} 1' in text.replace("outcome=", "code=")
            status, text = await get(client, f"{admin}/api/models")
            assert [(model["name"], model["versions"][0]["state"]) for model in json.loads(text)] == [
                ("good", "AVAILABLE")
            ]
            assert "<html" in (await get(client, f"{admin}/"))[1]
            assert (await client.post(f"{rest}/v2/repository/models/good/unload")).status_code == 200
            assert (await get(client, f"{rest}/v2/models/good/ready"))[0] != 200
            assert (await client.post(f"{rest}/v2/repository/models/good/load")).status_code == 200
            assert (await get(client, f"{rest}/v2/models/good/ready"))[0] == 200

    run(options(base, "good", admin_port=0, monitoring=MonitoringConfig(enable=True)), look)


def test_a_model_without_parameters_of_its_own_is_not_batched_where_models_have_them(base, caplog):
    caplog.set_level("INFO")
    shutil.copytree(base / "good", base / "own" / "good")
    (base / "own" / "good" / "1" / "batching_params.pbtxt").write_text("max_batch_size { value: 2 }")
    config = ModelServerConfig((ModelConfig("own", base / "own" / "good"), ModelConfig("other", base / "other")))
    run(ServerOptions(config=config, port=0, rest_api_port=0, enable_per_model_batching_parameters=True))
    assert "model 'own' version 1: ready for batch sizes (1, 2)" in caplog.text
    assert "model 'other' version 1: ready for batch sizes (1,)" in caplog.text
