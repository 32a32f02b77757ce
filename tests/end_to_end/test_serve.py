"""``tenon serve`` as a process: it starts, answers both protocols, swaps versions, drains and refuses."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import grpc
import httpx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tenon.formats import make_ndarray, make_tensor_proto, message_class
from tenon.saved_model import TensorSpec, save
from tests.server_process import command, environment, start_server

KERNEL = np.random.default_rng(2).standard_normal((4, 3)).astype("f4")


def save_dense(path, factor=1.0):
    save(
        lambda w, x: {"y": x @ w * factor},
        path,
        {"serving_default": {"x": TensorSpec((None, 4), "float32")}},
        variables=KERNEL,
    )


def save_slow(path):
    """Save a model that computes for about a second."""

    def slow(x):
        return {"y": jax.lax.fori_loop(0, 6000, lambda _, m: jnp.tanh(m @ m), x).sum((1, 2))}

    save(slow, path, {"serving_default": {"x": TensorSpec((None, 128, 128), "float32")}})


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    save_dense(root / "dense" / "1")
    save_slow(root / "slow" / "7")
    return root


@pytest.fixture(scope="module")
def server(models, compile_cache):
    flags = ("--model", f"dense={models / 'dense'}", "--model", f"slow={models / 'slow'}", "--max-batch-size", 4)
    server = start_server(compile_cache, *flags)
    yield server
    assert server.stop() == 0


def grpc_predict(port, request, timeout=30):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(
            "/tensorflow.serving.PredictionService/Predict",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_class("tensorflow.serving.PredictResponse").FromString,
        )
        return call(request, timeout=timeout)


def dense_request(rows):
    request = message_class("tensorflow.serving.PredictRequest")()
    request.model_spec.name = "dense"
    request.inputs["x"].CopyFrom(make_tensor_proto(rows))
    return request


def test_rest_and_grpc_give_the_same_numbers(server):
    rows = np.random.default_rng(3).standard_normal((3, 4)).astype("f4")
    rest = server.predict("dense", {"instances": rows.tolist()}).json()["predictions"]
    response = grpc_predict(server.grpc_port, dense_request(rows))
    np.testing.assert_allclose(rest, rows @ KERNEL, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(make_ndarray(response.outputs["y"]), rest, rtol=1e-6)
    assert response.model_spec.version.value == 1


def test_columns_are_answered_with_columns(server):
    answer = server.predict("dense", {"inputs": {"x": [[1, 0, 0, 0]]}}).json()
    np.testing.assert_allclose(answer["outputs"], KERNEL[:1], rtol=1e-6)


def test_status_and_metadata_describe_the_model(server):
    status = httpx.get(f"{server.url}/v1/models/slow").json()["model_version_status"]
    assert status == [{"version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]
    metadata = httpx.get(f"{server.url}/v1/models/dense/metadata").json()
    definition = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert definition["inputs"]["x"]["tensor_shape"]["dim"][0]["size"] == "-1"
    assert definition["method_name"] == "tensorflow/serving/predict"


def test_the_health_service_says_serving(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


BAD = {
    "unknown model": ("nope", {"instances": [1]}, 404, "Servable not found for request: Latest(nope)"),
    "unknown version": (
        "dense/versions/9",
        {"instances": [1]},
        404,
        "Servable not found for request: Specific(dense, 9)",
    ),
    "unknown signature": (
        "dense",
        {"signature_name": "s", "instances": [1]},
        400,
        'Serving signature name: "s" not found',
    ),
    "wrong name": ("dense", {"instances": [{"z": [1, 2, 3, 4]}]}, 400, "z"),
    "wrong shape": ("dense", {"instances": [[1, 2]]}, 400, "must have the shape [?,4]; received [1,2]"),
    "wrong type": ("dense", {"instances": [["a", "b", "c", "d"]]}, 400, "is not of expected type: float"),
    "empty batch": ("dense", {"instances": []}, 400, ""),
    "ragged": ("dense", {"instances": [[1, 2, 3, 4], [1]]}, 400, ""),
    "no rows": ("dense", {"nothing": 1}, 400, "Missing 'inputs' or 'instances' key"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_requests_are_answered_with_the_reason(server, case):
    model, body, status, text = BAD[case]
    answer = server.predict(model, body)
    assert answer.status_code == status
    assert text in answer.json()["error"]


def test_bytes_that_are_no_json_are_answered(server):
    for body in (b"", b"{", b"\xff\xfe", b"[" * 500_000, b'{"instances": [[NaN, 1, 2, 3]]} trailing'):
        answer = httpx.post(f"{server.url}/v1/models/dense:predict", content=body, timeout=30)
        assert answer.status_code == (200 if b"trailing" in body else 400)


def test_nan_travels_both_ways_as_a_bare_token(server):
    answer = httpx.post(f"{server.url}/v1/models/dense:predict", content=b'{"instances": [[NaN, 0, 0, 0]]}')
    assert answer.text.count("NaN") == 3
    assert np.isnan(json.loads(answer.text)["predictions"]).all()


def test_a_body_over_the_limit_is_refused_before_it_is_read(server):
    with socket.create_connection(("127.0.0.1", server.rest_port)) as connection:
        connection.sendall(b"POST /v1/models/dense:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_thousand_idle_connections_keep_nobody_out(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    with ExitStack() as idle:
        for _ in range(1100):
            idle.enter_context(socket.create_connection(("127.0.0.1", server.rest_port)))
        assert server.predict("dense", {"instances": [[1, 0, 0, 0]]}, timeout=10).status_code == 200


def test_a_gzip_bomb_is_refused(server):
    bomb = gzip.compress(bytes(200 * 2**20), 9)
    answer = httpx.post(
        f"{server.url}/v1/models/dense:predict", content=bomb, headers={"Content-Encoding": "gzip"}, timeout=60
    )
    assert answer.status_code == 400


def test_many_clients_at_once_each_get_their_own_rows(server):
    async def ask(client, number):
        row = [float(number), 0, 0, 0]
        answer = await client.post(f"{server.url}/v1/models/dense:predict", json={"instances": [row]})
        return np.abs(np.array(answer.json()["predictions"][0]) - number * KERNEL[0]).max()

    async def ask_all():
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=32)) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(300)))

    assert max(asyncio.run(ask_all())) < 1e-3


def test_a_grpc_deadline_is_honoured(server):
    request = message_class("tensorflow.serving.PredictRequest")()
    request.model_spec.name = "slow"
    request.inputs["x"].CopyFrom(make_tensor_proto(np.zeros((1, 128, 128), "f4")))
    with pytest.raises(grpc.RpcError) as caught:
        grpc_predict(server.grpc_port, request, timeout=0.05)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_new_version_replaces_the_old_without_a_failed_request(serve, tmp_path):
    save_dense(tmp_path / "m" / "1")
    server = serve("--model", f"m={tmp_path / 'm'}", "--file-system-poll-wait-seconds", 0.1, "--max-batch-size", 1)
    save_dense(tmp_path / "m" / "2", factor=2.0)
    deadline, seen = time.monotonic() + 60, set()
    while 2 not in seen and time.monotonic() < deadline:
        answer = server.predict("m", {"instances": [[1, 0, 0, 0]]})
        assert answer.status_code == 200
        seen.add(round(answer.json()["predictions"][0][0] / KERNEL[0, 0]))
    assert 2 in seen
    shutil.rmtree(tmp_path / "m" / "1")
    states = {
        entry["version"]: entry["state"]
        for entry in httpx.get(f"{server.url}/v1/models/m").json()["model_version_status"]
    }
    assert states["2"] == "AVAILABLE"


def wait_for_state(server, version, state):
    """Return the status of a version of the model ``m`` once it is in ``state``."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for entry in httpx.get(f"{server.url}/v1/models/m").json()["model_version_status"]:
            if (entry["version"], entry["state"]) == (version, state):
                return entry["status"]
        time.sleep(0.05)
    raise AssertionError(f"version {version} does not become {state}")


def wait_for_line(server, text):
    deadline = time.monotonic() + 60
    while not any(text in line for line in server.lines):
        assert time.monotonic() < deadline, f"the server never says {text!r}"
        time.sleep(0.02)


def test_a_damaged_new_version_is_reported_and_the_old_one_goes_on(serve, tmp_path):
    save_dense(tmp_path / "m" / "1")
    server = serve("--model", f"m={tmp_path / 'm'}", "--file-system-poll-wait-seconds", 0.1, "--max-batch-size", 1)
    save_dense(tmp_path / "2")
    data = tmp_path / "2" / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[::-1])
    (tmp_path / "2").rename(tmp_path / "m" / "2")
    status = wait_for_state(server, "2", "END")
    assert "variables.data-00000-of-00001" in status["error_message"]
    assert status["error_code"] == "DATA_LOSS"
    assert server.predict("m", {"instances": [[1, 0, 0, 0]]}).status_code == 200


def test_a_version_that_is_copied_slowly_is_served_once_it_is_whole(serve, tmp_path):
    save_dense(tmp_path / "m" / "1")
    server = serve("--model", f"m={tmp_path / 'm'}", "--file-system-poll-wait-seconds", 0.1, "--max-batch-size", 1)
    save_dense(tmp_path / "2", factor=2.0)
    data = tmp_path / "2" / "variables" / "variables.data-00000-of-00001"
    shutil.copytree(tmp_path / "2", tmp_path / "m" / "2", ignore=shutil.ignore_patterns(data.name))
    wait_for_line(server, f"2 is ignored until it is whole: variables/{data.name} is missing")
    assert server.predict("m", {"instances": [[1, 0, 0, 0]]}).status_code == 200
    shutil.copy(data, tmp_path / "m" / "2" / "variables")
    wait_for_state(server, "2", "AVAILABLE")
    assert server.predict("m", {"instances": [[1, 0, 0, 0]]}, "/versions/2").status_code == 200


@pytest.mark.usefixtures("heeding_hangups")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_answers_what_is_in_flight_and_exits_0(serve, models, tmp_path, number):
    (tmp_path / "metrics").write_text("prometheus_config { enable: true }")
    flags = ("--max-batch-size", 1, "--monitoring-config-file", tmp_path / "metrics")
    server = serve("--model", f"slow={models / 'slow'}", *flags)
    answers = []

    def ask_rest():
        answers.append(server.predict("slow", {"instances": np.zeros((1, 128, 128)).tolist()}).status_code)

    def ask_grpc():
        request = message_class("tensorflow.serving.PredictRequest")()
        request.model_spec.name = "slow"
        request.inputs["x"].CopyFrom(make_tensor_proto(np.zeros((1, 128, 128), "f4")))
        answers.append(grpc_predict(server.grpc_port, request).model_spec.version.value)

    clients = [threading.Thread(target=ask) for ask in (ask_rest, ask_grpc)]
    for client in clients:
        client.start()
    metrics = f"{server.url}/monitoring/prometheus/metrics"
    while 'tenon_serving_requests_in_flight{model="slow"} 2' not in httpx.get(metrics, timeout=60).text:
        time.sleep(0.01)
    stopped = server.stop(number)
    for client in clients:
        client.join()
    assert sorted(answers) == [7, 200]
    assert stopped == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.rest_port), timeout=1)


def test_a_stop_answers_calls_that_no_handler_has_seen_yet(serve, models):
    """Two hundred calls arrive at once, and the stop with the first answer."""
    server = serve("--model", f"dense={models / 'dense'}", "--max-batch-size", 4)
    request = dense_request(np.ones((1, 4), "f4")).SerializeToString()
    first = threading.Event()
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        assert call(request)
        calls = [call.future(request) for _ in range(200)]
        for each in calls:
            each.add_done_callback(lambda _: first.set())
        assert first.wait(10)
        assert server.stop() == 0
        assert [each.code() for each in calls] == [grpc.StatusCode.OK] * 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_does_not_wait_for_a_load(models, tmp_path, number):
    """The slow model runs for minutes while it is loaded, for it is tried at every batch size."""
    flags = ("--model", f"slow={models / 'slow'}", "--port", 0, "--rest-api-port", 0)
    with subprocess.Popen(
        command(*flags), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(tmp_path)
    ) as process:
        assert any("loading servable version" in line for line in process.stdout)
        process.send_signal(number)
        rest = process.stdout.read()
    assert process.returncode == 0
    assert "successfully loaded" not in rest
    assert "Traceback" not in rest


def test_a_second_ctrl_c_does_not_wait_for_requests(serve, models):
    server = serve("--model", f"slow={models / 'slow'}", "--max-batch-size", 1)
    body = json.dumps({"instances": np.zeros((30, 128, 128)).tolist()}).encode()
    head = b"POST /v1/models/slow:predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", server.rest_port)) as client:
        client.sendall(head + body)
        time.sleep(0.3)
        server.process.send_signal(signal.SIGINT)
        while not any("stopping" in line for line in server.lines):
            time.sleep(0.01)
        assert server.stop(signal.SIGINT) == -signal.SIGINT


def test_a_log_that_nobody_reads_stops_no_server(models, compile_cache):
    flags = ("--model", f"dense={models / 'dense'}", "--port", 0, "--rest-api-port", 0, "--max-batch-size", 1)
    with (
        Path("/dev/full").open("w") as full,
        subprocess.Popen(
            command(*flags), stdout=full, stderr=subprocess.PIPE, text=True, env=environment(compile_cache)
        ) as process,
    ):
        assert any("successfully loaded" in line for line in process.stderr)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.terminate()
        rest = process.stderr.read()
    assert process.returncode == 0
    assert "Traceback" not in rest


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_a_host_may_be_a_name_or_an_ipv6_address(serve, models, host):
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    server = serve("--model", f"dense={models / 'dense'}", "--max-batch-size", 1, "--host", host)
    assert server.predict("dense", {"instances": [[1, 0, 0, 0]]}).status_code == 200


def test_a_host_that_is_none_is_refused(models, compile_cache):
    flags = ("--model", f"dense={models / 'dense'}", "--host", "a..b")
    done = subprocess.run(command(*flags), capture_output=True, text=True, env=environment(compile_cache), timeout=60)
    assert done.returncode == 1
    assert "cannot listen on a..b:8500" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_start_compiles_nothing(serve, models, tmp_path, compile_cache):
    serve("--model", f"dense={models / 'dense'}", "--max-batch-size", 2).stop()
    before = {path.name for path in (compile_cache / "xla").glob("*-cache")}
    serve("--model", f"dense={models / 'dense'}", "--max-batch-size", 2).stop()
    assert before
    assert {path.name for path in (compile_cache / "xla").glob("*-cache")} == before


def broken(kind, root):
    if kind == "missing":
        return root / "nowhere"
    if kind == "empty":
        (root / "m").mkdir()
        return root / "m"
    save_dense(root / "m" / "1")
    target = root / "m" / "1" / "saved_model.pb"
    target.write_bytes(target.read_bytes()[:-3])
    return root / "m"


@pytest.mark.parametrize(
    ("kind", "text"),
    [("missing", "base path cannot be listed"), ("empty", "no version found under"), ("damaged", "saved_model.pb")],
)
def test_a_model_that_cannot_be_read_at_start_ends_the_server_with_the_reason(tmp_path, compile_cache, kind, text):
    flags = ("--model", f"m={broken(kind, tmp_path)}", "--port", 0, "--rest-api-port", 0)
    done = subprocess.run(command(*flags), capture_output=True, text=True, env=environment(compile_cache), timeout=60)
    assert done.returncode == 1
    assert text in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("flag", ["--port", "--rest-api-port"])
def test_a_port_in_use_ends_the_server_with_its_number(models, compile_cache, flag):
    other = "--rest-api-port" if flag == "--port" else "--port"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        flags = ("--model", f"dense={models / 'dense'}", flag, port, other, 0)
        done = subprocess.run(
            command(*flags), capture_output=True, text=True, env=environment(compile_cache), timeout=60
        )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_crash_below_python_says_where_every_thread_was(serve, models):
    server = serve("--model", f"dense={models / 'dense'}")
    assert server.stop(signal.SIGSEGV) == -signal.SIGSEGV
    printed = "".join(server.lines)
    assert "Fatal Python error: Segmentation fault" in printed
    assert "most recent call first" in printed
