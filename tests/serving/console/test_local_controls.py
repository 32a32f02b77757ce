"""What operators see of one process, and reports of models and signatures."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tenon.base import NotFoundError, TensorSpec, UnavailableError
from tenon.serving.configuration import ModelConfig, ServedModel
from tenon.serving.console import model_report, signature_report
from tenon.serving.servables import ServableId, ServableRequest, ServableState, State
from tenon.serving.testing import fake_signature
from tests.serving.console.doubles import FAR, World


@pytest.fixture
def world():
    return World()


def test_a_model_is_reported_with_all_that_is_known_of_it():
    states = (
        ServableState(ServableId("m", 2), State.END, UnavailableError("no")),
        ServableState(ServableId("m", 1), State.AVAILABLE, since=5.0),
    )
    served = ServedModel("m", ModelConfig("m", Path("/models/m")), states, {"stable": 1})
    report = model_report(served, aliases={"canary": 2}, engines={1: {"s": "xla"}})
    assert report["base_path"] == "/models/m"
    assert (report["labels"], report["aliases"]) == ({"stable": 1}, {"canary": 2})
    assert report["versions"] == [
        {"version": 2, "state": "END", "error": {"code": "UNAVAILABLE", "message": "no"}, "since": None, "engines": {}},
        {"version": 1, "state": "AVAILABLE", "error": None, "since": 5.0, "engines": {"s": "xla"}},
    ]
    gone = model_report(ServedModel("m", None, (), {}))
    assert (gone["base_path"], gone["policy"], gone["versions"]) == (None, None, [])


def test_a_signature_is_reported_with_its_tensors():
    x, t = TensorSpec((None, 3), np.float32), TensorSpec((), object)
    signature = fake_signature({"x": x}, {"t": t}, dict).signature
    report = signature_report(replace(signature, engine="xla", engine_report={"reason": "measured"}))
    assert report["inputs"] == {"x": {"dtype": "float32", "shape": [None, 3]}}
    assert report["outputs"] == {"t": {"dtype": "string", "shape": []}}
    assert report["method"] == "tensorflow/serving/predict"
    assert (report["engine"], report["engine_report"]) == ("xla", {"reason": "measured"})
    assert signature_report(signature)["engine_report"] is None


def test_handles_are_given_back(world):
    async def main():
        await world.controls.models()
        await world.controls.signatures("half", FAR)
        with pytest.raises(NotFoundError, match="Servable not found for request: Specific\\(half, 2\\)"):
            await world.controls.signatures("half", 2)
        assert sum(world.manager.open_handles.values()) == 0

    asyncio.run(main())


def test_requests_of_the_form_take_the_way_of_all_others(world):
    async def main():
        for _ in range(20):
            status, _ = await world.controls.try_request(ServableRequest.latest("half"), b'{"instances": [1.0]}')
            assert status == 200
        split = (await world.controls.traffic())["status"]["models"]["half"]
        arms = [arm for experiment in split["experiments"] for arm in experiment["arms"]]
        assert sum(part["routed"] for part in [*split["split"], *arms]) == 20
        await world.shadows.close()

    asyncio.run(main())


def test_thousands_of_models_leave_turns_to_others(world):
    async def main():
        world.controls._models = lambda: world.models() * 1000
        turns = 0

        async def count():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        assert len(await world.controls.models()) == 3000
        counting.cancel()
        assert turns > 100

    asyncio.run(main())


def test_only_what_failed_is_tried_again(world):
    async def main():
        with pytest.raises(NotFoundError, match=r"version 3 has not failed; these have: \[2\]"):
            await world.controls.retry("half", 3)

    asyncio.run(main())
