"""A fleet of real workers, and what operators see and change of it."""

import asyncio
import json
import os
import signal
import socket
from dataclasses import replace

import jax.numpy as jnp
import pytest

from tenon.base import FailedPreconditionError, NotFoundError, UnavailableError
from tenon.saved_model import TensorSpec, save
from tenon.serving import ModelConfig, ModelServerConfig, ServableRequest, ServerOptions
from tenon.serving.traffic import Rollback, TrafficTable, read_model_rules
from tenon.serving.workers import Fleet, FleetControls, RestartPolicy

SECONDS = 60
RULES = b'{"aliases": {"champion": 1}, "split": [{"version": "champion", "weight": 1}]}'


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    save(
        lambda x: {"y": jnp.float32(2) * x},
        root / "double" / "1",
        {"serving_default": {"x": TensorSpec((None,), "float32")}},
    )
    return root


@pytest.fixture(scope="module")
def options(base, compile_cache):
    return ServerOptions(
        {"double": base / "double"},
        port=0,
        rest_api_port=0,
        max_batch_size=1,
        workers=2,
        compile_cache=compile_cache,
        drain_seconds=5,
    )


@pytest.fixture(scope="module")
def running(options):
    """A fleet that serves, and a function that runs coroutines in its event loop."""
    with asyncio.Runner() as runner:
        fleet = runner.run(_started(options))
        yield fleet, lambda coroutine: runner.run(asyncio.wait_for(coroutine, SECONDS))
        runner.run(fleet.stop())


async def _started(options):
    fleet = Fleet(options)
    try:
        await asyncio.wait_for(fleet.start(), SECONDS)
    except BaseException:
        await fleet.stop()
        raise
    return fleet


async def until(condition):
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


def test_the_controls_tell_what_all_workers_say(running):
    fleet, run = running
    controls = FleetControls(fleet)
    about = run(controls.about())
    assert about["pids"] == [os.getpid(), *(worker.pid for worker in fleet.members)]
    assert len(about["pids"]) == 3
    assert about["ports"] == {"grpc": fleet.port, "rest": fleet.rest_api_port, "admin": None}
    [model] = run(controls.models())
    assert [(version["version"], version["state"]) for version in model["versions"]] == [(1, "AVAILABLE")]
    assert list(run(controls.signatures("double", 1))) == ["serving_default"]
    assert run(controls.history(10))["models"] is not None
    assert run(controls.errors()) == []
    with pytest.raises(NotFoundError, match="double"):
        run(controls.signatures("double", 7))
    with pytest.raises(NotFoundError, match="has not failed"):
        run(controls.retry("double", 1))


def test_one_worker_answers_the_form(running):
    fleet, run = running
    status, body = run(FleetControls(fleet).try_request(ServableRequest.latest("double"), b'{"instances": [4.0]}'))
    assert (status, json.loads(body)) == (200, {"predictions": [8.0]})


def test_metrics_are_added_up(running):
    fleet, run = running
    snapshot = run(FleetControls(fleet).metrics())
    [[_, added]] = snapshot["tenon_serving_process_resident_memory_bytes"]["cells"]
    each = run(fleet.ask_all("metrics"))
    [[_, largest]] = max(one["tenon_serving_process_resident_memory_bytes"]["cells"] for one in each)
    assert added > 1.5 * largest


def test_rules_and_rollbacks_are_those_of_all_workers_and_of_their_successors(running):
    fleet, run = running
    controls = FleetControls(fleet)
    run(controls.set_model_traffic("double", read_model_rules(RULES)))
    run(fleet.roll_back(Rollback("double", 1, 5.0, "an operator said so")))
    killed = fleet.members[1]
    killed.send_signal(signal.SIGKILL)
    run(until(lambda: killed not in fleet.members and len(fleet.members) == 2))
    for report in run(fleet.ask_all("traffic")):
        assert report["table"]["models"]["double"]["aliases"] == {"champion": 1}
        assert [event["version"] for event in report["status"]["rollbacks"]] == [1]
    run(controls.reset_rollback("double", 1))
    assert run(controls.traffic())["status"]["rollbacks"] == []
    with pytest.raises(NotFoundError, match="not rolled back"):
        run(controls.reset_rollback("double", 1))
    run(controls.set_traffic(TrafficTable()))
    assert run(controls.traffic())["table"].get("models", {}) == {}


def test_a_canary_that_one_worker_takes_down_is_down_in_all(running):
    fleet, run = running
    rules = b"""{"split": [{"version": 1, "weight": 1}],
                "rollback": {"canary": 1, "max_latency_seconds": 1e-6, "minimum_requests": 2}}"""
    run(fleet.set_traffic(TrafficTable({"double": read_model_rules(rules)})))
    ask = {"request": ServableRequest.latest("double"), "body": b'{"instances": [1.0]}'}

    async def all_know():
        while True:
            await fleet.ask_one("try_request", **ask)
            reports = await fleet.ask_all("traffic")
            if all(report["status"]["rollbacks"] for report in reports):
                return

    run(all_know())
    run(fleet.reset_rollback("double", 1))
    run(fleet.set_traffic(TrafficTable()))


def test_a_successor_that_began_before_a_reload_serves_what_came_with_it(running, base):
    fleet, run = running
    config = ModelServerConfig((ModelConfig("double", base / "double"), ModelConfig("twin", base / "double")))
    killed = fleet.members[0]
    killed.send_signal(signal.SIGKILL)
    run(until(lambda: len(fleet.members) == 1 and len(fleet._processes) == 2))
    run(fleet.reload(config))
    run(until(lambda: len(fleet.members) == 2))
    for models in run(fleet.ask_all("models")):
        assert {model["name"]: model["versions"][0]["state"] for model in models}["twin"] == "AVAILABLE"


def test_a_reload_is_made_to_its_end_when_its_caller_gives_up(running, base):
    fleet, run = running
    text = f'model_config_list {{ config {{ name: "other" base_path: "{base / "double"}" }} }}'

    async def give_up():
        reload = asyncio.create_task(FleetControls(fleet).reload(text.encode()))
        await asyncio.sleep(0)
        reload.cancel()
        await asyncio.gather(reload, return_exceptions=True)
        await until(lambda: list(fleet.config.servables) == ["other"])
        return await FleetControls(fleet).models()

    assert {model["name"] for model in run(give_up()) if model["base_path"]} == {"other"}


def test_a_worker_that_hangs_is_replaced(running):
    fleet, run = running
    fleet._answer_seconds = 0.5
    hanging = fleet.members[0]
    hanging.send_signal(signal.SIGSTOP)
    assert len(run(fleet.ask_all("models"))) == 1
    run(until(lambda: hanging not in fleet.members))


def test_a_server_whose_workers_die_at_once_gives_up(options, caplog):
    async def main():
        fleet = Fleet(options, RestartPolicy(first_seconds=0.01))
        starting = asyncio.create_task(fleet.start())
        killed = set()
        try:
            while not starting.done():
                for worker in fleet._processes - killed:
                    worker.send_signal(signal.SIGKILL)
                    killed.add(worker)
                await asyncio.sleep(0.01)
            await starting
        finally:
            await fleet.stop()

    with pytest.raises(UnavailableError, match="ended 3 times before it served, the last time with SIGKILL"):
        asyncio.run(asyncio.wait_for(main(), SECONDS))
    assert "another follows in 0.01 s" in caplog.text


def test_a_taken_port_is_told_before_any_worker_begins(options):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = replace(options, port=other.getsockname()[1])
        with pytest.raises(FailedPreconditionError, match="port: cannot listen"):
            asyncio.run(_started(taken))
