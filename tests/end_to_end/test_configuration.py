"""``tenon serve`` with the files that TensorFlow Serving's operators write, changed while it answers."""

from __future__ import annotations

import threading
from pathlib import Path

import grpc
import httpx
import jax.numpy as jnp
import numpy as np
import pytest
from google.protobuf import text_format

from tenon.formats import descriptor_pool, make_ndarray, make_tensor_proto, message_class
from tenon.saved_model import TensorSpec, save
from tests.server_process import start_server

QUICK = ("--file-system-poll-wait-seconds", 0.1, "--max-batch-size", 1)


def save_version(path: Path, factor: float) -> None:
    """Save a model that multiplies by ``factor``, so that an answer tells which version gave it."""
    save(lambda x: {"y": jnp.float32(factor) * x}, path, {"serving_default": {"x": TensorSpec((None,), "float32")}})


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    for version in ("a/1", "a/2", "b/3"):
        save_version(root / version, int(version[-1]))
    (root / "bad" / "1").mkdir(parents=True)
    (root / "bad" / "1" / "saved_model.pb").write_bytes(b"no model")
    return root


def one(name, base, more=""):
    return f"config {{ name: '{name}' base_path: '{base / name}' model_platform: 'tensorflow' {more} }}"


def both(base, stable, canary):
    policy = "model_version_policy { specific { versions: 1 versions: 2 } }"
    labels = f"version_labels {{ key: 'stable' value: {stable} }} version_labels {{ key: 'canary' value: {canary} }}"
    return one("a", base, f"{policy} {labels}")


def write(file, *configs):
    file.write_text(f"model_config_list {{ {' '.join(configs)} }}")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("config") / "models.config"


@pytest.fixture(scope="module")
def server(models, file, compile_cache):
    write(file, both(models, 1, 2), one("bad", models))
    socket = file.with_name("grpc.socket")
    words = (
        f"--model_config_file={file}",
        "--model_config_file_poll_wait_seconds=0.05",
        f"--grpc_socket_path={socket}",
    )
    server = start_server(compile_cache, *words, "--rest_api_enable_cors_support", "--enable_batching=true", *QUICK)
    yield server
    assert server.stop() == 0


def rest(server, model, suffix=""):
    answer = server.predict(model, {"instances": [1.0]}, suffix)
    return answer.json()["predictions"][0] if answer.status_code == 200 else answer.status_code


def call(server, method, request, answer, address=None):
    with grpc.insecure_channel(address or f"127.0.0.1:{server.grpc_port}") as channel:
        method = channel.unary_unary(
            f"/tensorflow.serving.{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_class(f"tensorflow.serving.{answer}").FromString,
        )
        return method(request, timeout=30)


def predict(server, model, label="", address=None):
    request = message_class("tensorflow.serving.PredictRequest")()
    request.model_spec.name = model
    if label:
        request.model_spec.version_label = label
    request.inputs["x"].CopyFrom(make_tensor_proto(np.ones(1, "f4")))
    answer = call(server, "PredictionService/Predict", request, "PredictResponse", address)
    return make_ndarray(answer.outputs["y"])[0]


def wait_for(predicate):
    done = threading.Event()
    for _ in range(600):
        if predicate():
            return
        done.wait(0.05)
    raise AssertionError("it never comes true")


def reload(server, file):
    request = message_class("tensorflow.serving.ReloadConfigRequest")()
    text_format.Parse(file.read_text(), request.config, descriptor_pool=descriptor_pool())
    return call(server, "ModelService/HandleReloadConfigRequest", request, "ReloadConfigResponse")


def test_a_server_is_configured_and_changed_while_it_answers(server, models, file):
    assert (rest(server, "a"), rest(server, "a", "/labels/stable"), rest(server, "a", "/labels/canary")) == (2, 1, 2)
    assert (predict(server, "a", "stable"), predict(server, "a", "canary")) == (1, 2)
    assert rest(server, "a", "/labels/none") == 400
    assert rest(server, "bad") == 404
    assert any("1 model(s) did not become available: bad: " in line for line in server.lines)
    assert any("--enable_batching has no effect" in line for line in server.lines)

    write(file, both(models, 2, 1), one("b", models))
    wait_for(lambda: rest(server, "b") == 3)
    assert rest(server, "a", "/labels/stable") == 2
    wait_for(lambda: rest(server, "bad") == 404)

    file.write_text("model_config_list {")
    wait_for(lambda: any("the models stay as they are" in line for line in server.lines))
    assert rest(server, "b") == 3


def test_a_call_reloads_and_a_bad_one_changes_nothing(server, models, file, tmp_path):
    wanted = tmp_path / "wanted"
    write(wanted, both(models, 1, 2))
    assert reload(server, wanted).status.error_code == 0
    assert (rest(server, "a", "/labels/canary"), rest(server, "b")) == (2, 404)
    for configs, code in (
        ([one("a", models), one("bad", models)], grpc.StatusCode.UNKNOWN),
        ([both(models, 1, 9)], grpc.StatusCode.FAILED_PRECONDITION),
        ([one("a", models), one("a", models)], grpc.StatusCode.INVALID_ARGUMENT),
    ):
        write(wanted, *configs)
        with pytest.raises(grpc.RpcError) as caught:
            reload(server, wanted)
        assert caught.value.code() is code
        assert rest(server, "a", "/labels/canary") == 2


def test_grpc_is_served_on_a_unix_socket_too(server, file):
    assert predict(server, "a", address=f"unix:{file.with_name('grpc.socket')}") == 2


def test_any_web_page_may_call_if_so_wished(server):
    answer = httpx.get(f"{server.url}/v1/models/a")
    assert answer.headers["access-control-allow-origin"] == "*"
