"""The official client of TensorFlow Serving talks to Tenon's gRPC services."""

import asyncio
import json
from pathlib import Path

import pytest

from tenon.base import DataLossError
from tenon.serving import ModelServerConfig
from tenon.serving.testing import FakeServable
from tests.serving.doubles import manager
from tests.serving.examples import SIGNATURES as EXAMPLE_SIGNATURES
from tests.serving.servers import grpc_serving

CLIENT = Path(__file__).with_name("serving_client.py")
CHECKS = (
    "predict_with_tensor_content",
    "predict_with_typed_values",
    "predict_names_what_ran",
    "predict_with_several_inputs_and_a_filter",
    "predict_with_every_dtype",
    "predict_with_strings",
    "predict_with_a_scalar_answer",
    "predict_fills_in_defaults",
    "metadata_is_readable",
    "status_is_readable",
    "errors_have_their_codes_and_texts",
    "classify_answers_labels_and_scores",
    "regress_answers_numbers",
    "a_context_is_part_of_every_example",
    "multi_inference_answers_every_task",
    "models_are_reloaded",
    "health_says_serving",
)

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def report(tensorflow):
    configs = []

    async def reload(message):
        configs.append(ModelServerConfig.from_proto(message))

    async def main():
        options = {"reload": reload, "metric_value": lambda name: len(configs)}
        models = manager(failure=DataLossError("damaged"), m={3: FakeServable(EXAMPLE_SIGNATURES)})
        async with grpc_serving(models, **options) as (health, port):
            health.set_serving(True)
            output = await asyncio.to_thread(tensorflow.run, CLIENT, port)
            assert [config.labels for config in configs] == [{"m": {"stable": 3}}]
            return json.loads(output)

    return asyncio.run(main())


def test_every_check_was_made(report):
    assert tuple(report) == CHECKS


@pytest.mark.parametrize("check", CHECKS)
def test_the_official_client_finds_what_it_expects(report, check):
    assert report[check] is None, report[check]
