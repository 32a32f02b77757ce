"""While a server starts, a version that loads sooner does not answer in the place of the one that the rules name."""

from __future__ import annotations

import json
import socket
import threading

import httpx
import jax.numpy as jnp

from tests.end_to_end.load import save_answering
from tests.server_process import start_server


def compiled_slowly(value, x):
    """Take a second to compile."""
    heat = jnp.outer(x[:8], x[:8])
    for number in range(60):
        heat = jnp.sort(jnp.tanh(heat @ heat + number), axis=number % 2)
    return {"y": value + 0 * x + 0 * heat.sum()}


class Asking(threading.Thread):
    """Ask until told to stop, also before anybody listens."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.answers, self.is_over = url, [], threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.005):
            try:
                answer = httpx.post(self.url, json={"instances": [1.0]})
            except httpx.TransportError:
                continue
            self.answers.append(answer.json())


def test_what_the_split_names_answers_from_the_first_request_on(tmp_path, compile_cache):
    save_answering(tmp_path / "m" / "1", 1, compiled_slowly)
    save_answering(tmp_path / "m" / "3", 3)
    traffic, config = tmp_path / "traffic.json", tmp_path / "models.config"
    traffic.write_text(json.dumps({"models": {"m": {"split": [{"version": 1, "weight": 1}]}}}))
    path = f"name: 'm' base_path: '{tmp_path / 'm'}' model_platform: 'tensorflow'"
    config.write_text(f"model_config_list {{ config {{ {path} model_version_policy {{ all {{}} }} }} }}")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    asking = Asking(f"http://127.0.0.1:{port}/v1/models/m:predict")
    asking.start()
    flags = (f"--model_config_file={config}", f"--traffic_config_file={traffic}", "--rest_api_port", port)
    server = start_server(compile_cache, *flags, "--engine", "xla", "--max_batch_size", 1)
    try:
        ready = httpx.post(asking.url, json={"instances": [1.0]})
        asking.is_over.set()
        asking.join()
    finally:
        assert server.stop() == 0, "".join(server.lines[-20:])
    assert ready.json() == {"predictions": [1.0]}
    answered = [each["predictions"] for each in asking.answers if "predictions" in each]
    assert all(each == [1.0] for each in answered)
    refused = {each["error"] for each in asking.answers if "error" in each}
    assert any("of the versions that its split names, [1], none is loaded yet" in each for each in refused), refused
