"""``tenon serve --workers 2``: one server of several processes, some of which die."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import grpc
import httpx
import jax.numpy as jnp
import pytest

from tenon.formats import message_class
from tenon.saved_model import TensorSpec, save
from tests.server_process import command, environment, start_server
from tests.serving.servers import free_port

SECONDS = 60
CLIENTS = 8
PAUSE_SECONDS = 0.1
"""Clients wait before they connect again, as `tenon.serving.Client` does: the kernel closes the connections of a killed
process before the socket that it listens on."""


def save_scale(path, factor):
    save(lambda x: {"y": jnp.float32(factor) * x}, path, {"serving_default": {"x": TensorSpec((None,), "float32")}})


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    save_scale(root / "double" / "1", 2)
    save_scale(root / "triple" / "1", 3)
    return root


@pytest.fixture(scope="module")
def flags(models, tmp_path_factory):
    path = tmp_path_factory.mktemp("flags") / "monitoring.txt"
    path.write_text("prometheus_config { enable: true }")
    return ("--model", f"double={models / 'double'}", "--max-batch-size", 1, "--monitoring-config-file", path)


@pytest.fixture(scope="module")
def admin_port():
    return free_port()


@pytest.fixture(scope="module")
def server(flags, compile_cache, admin_port):
    server = start_server(compile_cache, *flags, "--workers", 2, "--admin-port", admin_port)
    yield server
    server.stop()


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(condition, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


def has_ended(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def said(server, text):
    return any(text in line for line in server.lines)


class Clients:
    """Clients that ask over connections that they keep, as long as the ``with`` block lasts."""

    def __init__(self, port):
        self._port, self._stop = port, threading.Event()
        self.answers, self.failures = [], []
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(SECONDS)

    def _ask(self, number):
        while not self._stop.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
                try:
                    while not self._stop.is_set():
                        connection.request("POST", "/v1/models/double:predict", '{"instances": [1.0]}')
                        answer = connection.getresponse()
                        self.answers.append((answer.status, answer.read()))
                except (OSError, http.client.HTTPException):
                    self.failures.append(number)
                    time.sleep(PAUSE_SECONDS)

    def count(self):
        return len(self.answers)


def reload(port, models, *names):
    request = message_class("tensorflow.serving.ReloadConfigRequest")()
    request.config.model_config_list.SetInParent()
    for name in names:
        request.config.model_config_list.config.add(name=name, base_path=str(models / name))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        channel.unary_unary(
            "/tensorflow.serving.ModelService/HandleReloadConfigRequest",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_class("tensorflow.serving.ReloadConfigResponse").FromString,
        )(request, timeout=SECONDS)


def statuses(server, model, times=24):
    """Return the status codes that connections get which the kernel divides among the workers."""
    return {server.predict(model, {"instances": [1.0]}).status_code for _ in range(times)}


def metric(server, name, label=""):
    """Return the values of a metric's cells that have a label."""
    text = httpx.get(f"{server.url}/monitoring/prometheus/metrics", timeout=SECONDS).text
    lines = [line for line in text.splitlines() if re.match(re.escape(name) + r"[ {]", line) and label in line]
    return [float(line.rpartition(" ")[2]) for line in lines]


def test_a_killed_worker_costs_only_what_it_was_doing_and_another_takes_its_place(server):
    before = children(server.process.pid)
    assert len(before) == 2
    assert statuses(server, "double", 20) == {200}
    counted = sum(metric(server, ":tensorflow:serving:request_count", 'model_name="double"'))
    with Clients(server.rest_port) as clients:
        until(lambda: clients.count() > 100)
        os.kill(before[0], signal.SIGKILL)
        until(lambda: said(server, f"(pid {before[0]}) ended: SIGKILL"))
        until(lambda: set(children(server.process.pid)) - set(before))
        count = clients.count()
        until(lambda: clients.count() > count + 100)
    assert {status for status, _ in clients.answers} == {200}
    assert len(clients.failures) == len(set(clients.failures))  # of one connection, one request at most
    assert metric(server, "tenon_serving_worker_restarts_total", 'reason="SIGKILL"') == [1]
    assert sum(metric(server, ":tensorflow:serving:request_count", 'model_name="double"')) > counted
    until(lambda: metric(server, "tenon_serving_workers") == [2])


def test_a_reload_that_one_worker_receives_reaches_all(server, models):
    with Clients(server.rest_port) as clients:
        reload(server.grpc_port, models, "double", "triple")
        assert statuses(server, "triple") == {200}
        reload(server.grpc_port, models, "double")
        assert statuses(server, "triple") == {404}
    assert clients.failures == []
    assert {status for status, _ in clients.answers} == {200}


def test_a_reload_that_fails_changes_no_worker(server, models):
    with pytest.raises(grpc.RpcError, match="nowhere"):
        reload(server.grpc_port, models, "triple", "nowhere")
    assert statuses(server, "double") == {200}
    assert statuses(server, "triple") == {404}


def test_metrics_are_those_of_all_workers(server):
    def requests():
        return sum(metric(server, ":tensorflow:serving:request_count", 'model_name="double"'))

    before = requests()
    statuses(server, "double", 20)
    assert requests() == before + 20


def test_operators_see_and_change_all_workers_at_one_port(server, models, admin_port):
    api = f"http://127.0.0.1:{admin_port}/api"
    pids = until(lambda: pids if len(pids := httpx.get(f"{api}/about").json()["pids"]) == 3 else None)
    assert set(pids) == {server.process.pid, *children(server.process.pid)}
    config = f'model_config_list {{ config {{ name: "triple" base_path: "{models / "triple"}" }} }}'
    answer = httpx.post(f"{api}/config:reload", content=config, headers={"X-Tenon-Admin": "1"}, timeout=SECONDS)
    assert answer.is_success, answer.text
    assert statuses(server, "triple") == {200}
    assert statuses(server, "double") == {404}


def test_sigterm_answers_what_is_under_way_and_ends_all(server):
    workers = children(server.process.pid)
    assert server.stop() == 0
    assert all(has_ended(pid) for pid in workers)


def test_workers_end_with_their_supervisor(flags, compile_cache):
    more = ("--port", 0, "--rest-api-port", 0, "--workers", 2)
    with subprocess.Popen(command(*flags, *more), env=environment(compile_cache), stderr=subprocess.DEVNULL) as process:
        workers = until(lambda: found if len(found := children(process.pid)) == 2 else None)
        process.kill()
    until(lambda: all(has_ended(pid) for pid in workers))


def test_a_model_that_cannot_be_served_is_told_once(models, compile_cache):
    (models / "bad" / "1").mkdir(parents=True)
    (models / "bad" / "1" / "saved_model.pb").write_bytes(b"no model")
    flags = ("--model", f"bad={models / 'bad'}", "--port", 0, "--rest-api-port", 0, "--workers", 2)
    done = subprocess.run(
        command(*flags), env=environment(compile_cache), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("tenon serve: 1 model(s) did not become available: bad: ") == 1
