"""Several signatures of one version answer the same examples."""

import asyncio

import pytest

from tenon.base import InvalidArgumentError, TenonError, UnimplementedError
from tenon.serving.answering import AnsweringOptions, Call, InferenceTask, Pipeline, Protocol, multi_inference
from tenon.serving.servables import ServableRequest
from tests.serving.examples import CLASSIFY, REGRESS, example, manager

ROWS = [example(x=0.25), example(x=1)]


def ask(*tasks, examples=ROWS, **options):
    call = Call(Protocol.GRPC, "MultiInference", {}.get, 0.0)
    pipeline = Pipeline(manager(), options=AnsweringOptions(**options))
    pipeline.admit(call, ServableRequest.latest("m"))
    tasks = [InferenceTask(*task) for task in tasks]
    return asyncio.run(multi_inference(pipeline, call, tasks, examples))


def test_every_task_is_answered_in_order():
    first, second = ask(("m", "regress", REGRESS), ("m", "", CLASSIFY))
    assert (first.signature_name, first.rows.tolist()) == ("regress", [0.5, 2.0])
    assert (second.signature_name, second.rows[1]) == ("serving_default", [(b"low", 0.0), (b"high", 1.0)])
    assert first.id == second.id


REFUSED = {
    "no task": ([], InvalidArgumentError, "Missing ModelSpec"),
    "no name": ([("", "", CLASSIFY)], InvalidArgumentError, "Found ModelSpec with an empty model name."),
    "two models": (
        [("m", "", CLASSIFY), ("n", "regress", REGRESS)],
        InvalidArgumentError,
        "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
    ),
    "twice": (
        [("m", "", CLASSIFY), ("m", "serving_default", CLASSIFY)],
        InvalidArgumentError,
        "Duplicate evaluation of signature: serving_default",
    ),
    "unknown": ([("m", "s", CLASSIFY)], InvalidArgumentError, "Requested signature not found in model graph: s"),
    "method": (
        [("m", "", "tensorflow/serving/predict")],
        UnimplementedError,
        "Unsupported signature method_name: tensorflow/serving/predict",
    ),
    "signature": ([("m", "", REGRESS)], InvalidArgumentError, "Expected one output Tensor."),
    "answer": (
        [("m", "", CLASSIFY), ("m", "regress_table", REGRESS)],
        InvalidArgumentError,
        "Expected output Tensor shape to be either",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_tasks_are_refused(case):
    tasks, kind, reason = REFUSED[case]
    with pytest.raises(TenonError) as caught:
        ask(*tasks)
    assert type(caught.value) is kind
    assert caught.value.message.startswith(reason)


def test_there_must_be_examples():
    with pytest.raises(InvalidArgumentError, match=r"^Input is empty\."):
        ask(("m", "", CLASSIFY), examples=[])


def test_names_of_methods_count_only_if_that_is_wanted():
    with pytest.raises(InvalidArgumentError, match=r"Expected regression signature method_name"):
        ask(("m", "regress", REGRESS), check_method_name=True)
