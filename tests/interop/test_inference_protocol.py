"""Triton's clients talk to Tenon's Open Inference Protocol, over gRPC and over REST."""

import asyncio
import json
from pathlib import Path

import pytest

from tenon.base import DataLossError, NotFoundError
from tenon.serving.inference_protocol import served_models
from tests.serving.doubles import manager
from tests.serving.inference_protocol.asking import Loading
from tests.serving.inference_protocol.servers import serving

CLIENT = Path(__file__).with_name("inference_protocol_client.py")
PYTHON = Path(__file__).resolve().parents[2] / ".venv-interop/bin/python"
OF_BOTH = (
    "the_server_is_live_ready_and_described",
    "models_are_ready_or_not",
    "metadata_is_readable",
    "models_answer",
    "versions_answer",
    "every_datatype_travels",
    "strings_travel",
    "outputs_are_chosen",
    "priority_and_timeout_are_taken",
    "errors_are_readable",
    "the_index_is_readable",
    "models_are_loaded_and_unloaded",
    "what_is_not_served_is_an_error",
)
CHECKS = (
    *(f"{check}_over_{protocol}" for protocol in ("grpc", "http") for check in OF_BOTH),
    "streams_answer_in_order",
    "compressed_calls_are_answered",
    "asynchronous_calls_are_answered",
    "json_is_answered_as_json",
    "compressed_bodies_are_answered",
)

pytestmark = pytest.mark.interop


class Repository(Loading):
    """Loads what it is told, but for one model."""

    async def load(self, name):
        if name == "none":
            raise NotFoundError("model 'none' is not there")
        await super().load(name)


@pytest.fixture(scope="module")
def report():
    async def main():
        models = manager(failure=DataLossError("damaged"))
        repository = Repository(served_models(models))
        async with serving(models, repository) as ports:
            client = await asyncio.create_subprocess_exec(
                PYTHON, CLIENT, *map(str, ports), stdout=asyncio.subprocess.PIPE
            )
            output, _ = await client.communicate()
            assert client.returncode == 0
            assert repository.told == [("load", "new"), ("unload", "half")] * 2
            return json.loads(output)

    return asyncio.run(main())


def test_every_check_was_made(report):
    assert tuple(report) == CHECKS


@pytest.mark.parametrize("check", CHECKS)
def test_the_client_finds_what_it_expects(report, check):
    assert report[check] is None, report[check]
