"""Classify, Regress and MultiInference on a real server, asked through a real channel."""

import asyncio

import grpc
import pytest

from tenon.formats import message_class
from tests.serving.examples import BAD_FOR_CLASSIFY, BAD_FOR_REGRESS, CLASSIFY, REGRESS, example, manager
from tests.serving.servers import grpc_serving

PREDICTION = "/tensorflow.serving.PredictionService/"
ROWS = [example(x=0.25), example(x=1)]


def parsed(kind, data):
    return message_class(f"tensorflow.serving.{kind}").FromString(data)


def message(kind, **fields):
    return message_class(f"tensorflow.serving.{kind}")(**fields)


def spec(signature="", name="m"):
    return message("ModelSpec", name=name, signature_name=signature)


def examples(rows=ROWS, context=None):
    inputs = message("Input")
    target = inputs.example_list if context is None else inputs.example_list_with_context
    target.SetInParent()
    target.examples.extend([message_class("tensorflow.Example").FromString(row) for row in rows])
    if context is not None:
        target.context.ParseFromString(context)
    return inputs


@pytest.fixture(scope="module")
def ask():
    """Ask one server for all tests; errors come as their code and text."""
    with asyncio.Runner() as runner:
        stack = grpc_serving(manager())
        _, port = runner.run(stack.__aenter__())
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")

        async def call(method, request):
            try:
                return await channel.unary_unary(PREDICTION + method)(request.SerializeToString(), timeout=30)
            except grpc.aio.AioRpcError as error:
                return error.code().name, error.details()

        yield lambda method, request: runner.run(call(method, request))
        runner.run(channel.close())
        runner.run(stack.__aexit__(None, None, None))


def classify(ask, signature="", inputs=None):
    return ask("Classify", message("ClassificationRequest", model_spec=spec(signature), input=inputs or examples()))


def regress(ask, signature="regress", inputs=None):
    return ask("Regress", message("RegressionRequest", model_spec=spec(signature), input=inputs or examples()))


def rows_of(result):
    return [[(each.label, each.score) for each in one.classes] for one in result.classifications]


def test_classify_answers_labels_and_scores(ask):
    answer = parsed("ClassificationResponse", classify(ask))
    assert rows_of(answer.result) == [[("low", 0.75), ("high", 0.25)], [("low", 0.0), ("high", 1.0)]]
    assert (answer.model_spec.name, answer.model_spec.version.value) == ("m", 3)
    assert answer.model_spec.signature_name == "serving_default"


def test_regress_answers_numbers(ask):
    answer = parsed("RegressionResponse", regress(ask))
    assert [each.value for each in answer.result.regressions] == [0.5, 2.0]
    assert answer.model_spec.signature_name == "regress"


def test_a_context_is_part_of_every_example(ask):
    inputs = examples([example(), example(x=0.5)], example(x=3.0))
    answer = parsed("RegressionResponse", regress(ask, inputs=inputs))
    assert [each.value for each in answer.result.regressions] == [6.0, 1.0]


def test_multi_inference_answers_every_task(ask):
    request = message("MultiInferenceRequest", input=examples())
    request.tasks.add(model_spec=spec("regress"), method_name=REGRESS)
    request.tasks.add(model_spec=spec(), method_name=CLASSIFY)
    first, second = parsed("MultiInferenceResponse", ask("MultiInference", request)).results
    assert [each.value for each in first.regression_result.regressions] == [0.5, 2.0]
    assert rows_of(second.classification_result)[1] == [("low", 0.0), ("high", 1.0)]
    assert [first.model_spec.signature_name, second.model_spec.signature_name] == ["regress", "serving_default"]
    assert first.model_spec.version.value == 3


@pytest.mark.parametrize(("signature", "text"), BAD_FOR_CLASSIFY.items())
def test_a_bad_classification_has_tensorflow_serving_s_code_and_text(ask, signature, text):
    code, details = classify(ask, signature)
    assert (code, details[: len(text)]) == ("INVALID_ARGUMENT", text)


@pytest.mark.parametrize(("signature", "text"), BAD_FOR_REGRESS.items())
def test_a_bad_regression_has_tensorflow_serving_s_code_and_text(ask, signature, text):
    code, details = regress(ask, signature)
    assert (code, details[: len(text)]) == ("INVALID_ARGUMENT", text)


@pytest.mark.parametrize("inputs", [message("Input"), examples([]), examples([], example(x=1.0))])
def test_empty_input_is_refused(ask, inputs):
    for answer in (classify(ask, inputs=inputs), regress(ask, inputs=inputs)):
        assert answer == ("INVALID_ARGUMENT", "Input is empty. Send at least one example.")


MISSING = {
    "spec": (message("ClassificationRequest", input=examples()), "INVALID_ARGUMENT", "Missing ModelSpec"),
    "name": (
        message("ClassificationRequest", model_spec={}, input=examples()),
        "INVALID_ARGUMENT",
        "ModelSpec has no name specified.",
    ),
    "model": (
        message("ClassificationRequest", model_spec=spec(name="n"), input=examples()),
        "NOT_FOUND",
        "Servable not found for request: Latest(n)",
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_request_must_name_a_model(ask, case):
    request, code, text = MISSING[case]
    for method in ("Classify", "Regress"):
        found, details = ask(method, request)
        assert (found, details[: len(text)]) == (code, text)


def test_multi_inference_must_name_a_model(ask):
    assert ask("MultiInference", message("MultiInferenceRequest", input=examples()))[1].startswith("Missing ModelSpec")
    request = message("MultiInferenceRequest", input=examples(), tasks=[{"method_name": CLASSIFY}])
    assert ask("MultiInference", request) == ("INVALID_ARGUMENT", "Missing ModelSpec")


def test_labels_must_be_text(ask):
    code, details = classify(ask, "not_text")
    assert (code, details[:38]) == ("INVALID_ARGUMENT", "Expected classes Tensor of UTF-8 text,")


def test_bytes_that_are_no_request_are_refused(ask):
    class Garbage:
        def SerializeToString(self):
            return b"\xff\xff"

    for method in ("Classify", "Regress", "MultiInference"):
        code, details = ask(method, Garbage())
        assert code == "INVALID_ARGUMENT"
        assert "2 bytes do not parse" in details
