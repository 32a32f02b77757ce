"""32 connections ask all the time while everything that may change does: no request fails, none is misdirected."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import jax
import jax.numpy as jnp
import pytest
from google.protobuf import text_format

from tenon.formats import descriptor_pool, message_class
from tests.end_to_end.load import Allowed, Load, publish, save_answering
from tests.server_process import ServerProcess, start_server

SWAPS = 200
TEMPLATES = 8
MOVES = 20
TARGETS = ("swapped", "labelled/labels/stable", "canaried")


def slowly(value, x):
    """Take some ten milliseconds."""
    heat = jax.lax.fori_loop(0, 200, lambda _, m: jnp.tanh(m @ m), jnp.ones((96, 96)) * x[0])
    return {"y": value + 0 * x + 0 * heat.sum()}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    for number in range(TEMPLATES):
        save_answering(root / "templates" / str(number), number)
    for path, template in (("swapped/1", 1), ("labelled/1", 1), ("labelled/2", 2), ("canaried/1", 1), ("added/1", 3)):
        (root / path).parent.mkdir(exist_ok=True)
        publish(root / "templates" / str(template), root / path)
    save_answering(root / "canary", 2, slowly)
    shutil.copytree(root / "templates" / "0", root / "broken")
    graph = root / "broken" / "saved_model.pb"
    graph.write_bytes(b"x" * graph.stat().st_size)  # its size is right, so it is no half-copied one
    return root


@dataclass
class Operator:
    """Changes what is served, and writes down when."""

    server: ServerProcess
    models: Path
    file: Path
    client: httpx.AsyncClient
    allowed: dict[str, Allowed]

    async def swap_versions(self) -> None:
        """Publish the next version, wait until it answers, delete the one before; broken ones come in between."""
        swapped, allowed = self.models / "swapped", self.allowed["swapped"]
        for version in range(2, SWAPS + 2):
            if version % 20 == 0:
                await asyncio.to_thread(publish, self.models / "broken", swapped / "9999")
            allowed.begin(float(version % TEMPLATES))
            template = self.models / "templates" / str(version % TEMPLATES)
            await asyncio.to_thread(publish, template, swapped / str(version))
            await self._until(f"swapped/versions/{version}", "AVAILABLE")
            await self._until(f"swapped/versions/{version - 1}", "END")
            allowed.finish()
            await asyncio.to_thread(shutil.rmtree, swapped / str(version - 1))
            if version % 20 == 10:
                await asyncio.to_thread(shutil.rmtree, swapped / "9999", ignore_errors=True)

    async def move_labels(self) -> None:
        """Move a label to and fro, by the file and by calls, and add and drop a model on the way."""
        allowed = self.allowed["labelled/labels/stable"]
        for move in range(MOVES):
            stable = 2 - move % 2
            text = f"# move {move}\n{self.config(stable, added=move % 3 == 0)}"  # other content, so that it counts
            allowed.begin(float(stable))
            if move % 2:
                await asyncio.to_thread(self._reload, text)
            else:
                self.file.write_text(text)
                await self._until_answered("labelled/labels/stable", stable)
            allowed.finish()

    async def roll_back_canary(self) -> None:
        """Give half of the requests a version that is too slow, and wait until the rules of traffic take them away."""
        allowed = self.allowed["canaried"]
        await asyncio.to_thread(publish, self.models / "canary", self.models / "canaried" / "2")
        while not any("is rolled back" in line for line in self.server.lines):
            await asyncio.sleep(0.02)
        allowed.begin(1.0)
        allowed.finish()

    def config(self, stable: int, added: bool) -> str:
        both = "model_version_policy { specific { versions: 1 versions: 2 } }"
        more = {
            "swapped": "",
            "labelled": f"{both} version_labels {{ key: 'stable' value: {stable} }}",
            "canaried": "model_version_policy { all {} }",
            **({"added": ""} if added else {}),
        }
        configs = (
            f"config {{ name: '{name}' base_path: '{self.models / name}' model_platform: 'tensorflow' {text} }}"
            for name, text in more.items()
        )
        return f"model_config_list {{ {' '.join(configs)} }}"

    def _reload(self, text: str) -> None:
        request = message_class("tensorflow.serving.ReloadConfigRequest")()
        text_format.Parse(text, request.config, descriptor_pool=descriptor_pool())
        with grpc.insecure_channel(f"127.0.0.1:{self.server.grpc_port}") as channel:
            call = channel.unary_unary("/tensorflow.serving.ModelService/HandleReloadConfigRequest")
            call(request.SerializeToString(), timeout=30)

    async def _until(self, target: str, state: str) -> None:
        """Wait for a state; a version that is not listed yet has none."""
        while True:
            answer = await self.client.get(f"{self.server.url}/v1/models/{target}")
            if answer.status_code == 200 and answer.json()["model_version_status"][0]["state"] == state:
                return
            await asyncio.sleep(0.01)

    async def _until_answered(self, target: str, value: int) -> None:
        while True:
            url = f"{self.server.url}/v1/models/{target}:predict"
            answer = await self.client.post(url, json={"instances": [1.0]})
            if answer.json()["predictions"] == [value]:
                return
            await asyncio.sleep(0.01)


def start(models, folder, compile_cache):
    file, traffic = folder / "models.config", folder / "traffic.json"
    split = [{"version": 1, "weight": 1}, {"version": "canary", "weight": 1}]
    rollback = {"canary": "canary", "champion": 1, "max_latency_ratio": 1.5, "latency_quantile": 0.5}
    rules = {"aliases": {"canary": 2}, "split": split, "rollback": rollback}
    traffic.write_text(json.dumps({"models": {"canaried": rules}}))
    operator = Operator(None, models, file, None, {})
    file.write_text(operator.config(1, added=False))
    operator.server = start_server(
        compile_cache,
        f"--model_config_file={file}",
        "--model_config_file_poll_wait_seconds=0.05",
        f"--traffic_config_file={traffic}",
        *("--file_system_poll_wait_seconds", 0.02, "--max_batch_size", 1, "--engine", "xla"),
    )
    return operator


async def storm(operator: Operator) -> Load:
    load = Load(operator.server.rest_port, operator.server.grpc_port)
    operator.allowed = {
        "swapped": Allowed([1.0]),
        "labelled/labels/stable": Allowed([1.0]),
        "canaried": Allowed([1.0, 2.0], [0.0, 0.0], []),  # either, until the rollback
    }
    address = f"127.0.0.1:{operator.server.grpc_port}"
    async with httpx.AsyncClient(timeout=30) as operator.client, grpc.aio.insecure_channel(address) as channel:
        clients = [load.over_rest(TARGETS[number % 3]) for number in range(24)]
        clients += [load.over_grpc(channel, TARGETS[number % 3]) for number in range(8)]
        asking = [asyncio.create_task(client) for client in clients]
        changes = (operator.swap_versions(), operator.move_labels(), operator.roll_back_canary())
        try:
            await asyncio.wait_for(asyncio.gather(*changes), 120)
        finally:
            load.is_over = True
            await asyncio.gather(*asking)
    return load


def test_no_request_fails_or_is_misdirected_while_everything_changes(models, tmp_path, compile_cache):
    operator = start(models, tmp_path, compile_cache)
    try:
        load = asyncio.run(storm(operator))
    finally:
        code = operator.server.stop()
        assert code == 0, "".join(operator.server.lines[-40:])
    assert load.failures == []
    assert load.wrong(operator.allowed) == []
    assert {value for target, _, _, value in load.answers if target == "canaried"} == {1.0, 2.0}
