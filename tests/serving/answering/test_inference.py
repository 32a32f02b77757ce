"""Examples are answered with labels and scores, or with numbers."""

import asyncio

import numpy as np
import pytest

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.serving.answering import AnsweringOptions, Call, Pipeline, Protocol, classify, regress
from tenon.serving.servables import ServableId, ServableRequest
from tests.serving.examples import BAD_FOR_CLASSIFY, BAD_FOR_REGRESS, example, manager

ROWS = [example(x=0.25), example(x=1)]


def ask(function, signature_name="", examples=ROWS, model="m", **options):
    call = Call(Protocol.GRPC, "Classify", {}.get, 0.0)
    pipeline = Pipeline(manager(), options=AnsweringOptions(**options))
    pipeline.admit(call, ServableRequest.latest(model))
    answer = asyncio.run(function(pipeline, call, signature_name, examples))
    return call, answer


def test_labels_come_with_their_scores():
    call, answer = ask(classify)
    assert (answer.id, answer.signature_name) == (ServableId("m", 3), "serving_default")
    assert answer.rows == [[(b"low", 0.75), (b"high", 0.25)], [(b"low", 0.0), (b"high", 1.0)]]
    assert (call.id, call.signature_name) == (answer.id, "serving_default")
    assert call.inputs["inputs"].tolist() == ROWS
    assert call.outputs.keys() == {"classes", "scores"}


@pytest.mark.parametrize(
    ("name", "row"),
    [("only_classes", [(b"low", 0.0), (b"high", 0.0)]), ("only_scores", [(b"", 0.75), (b"", 0.25)])],
)
def test_what_a_model_lacks_is_empty(name, row):
    assert ask(classify, name)[1].rows[0] == row


@pytest.mark.parametrize(("name", "numbers"), [("regress", [0.5, 2.0]), ("regress_column", [0.25, 1.0])])
def test_numbers_come_as_a_vector(name, numbers):
    found = ask(regress, name)[1].rows
    assert (found.tolist(), found.dtype) == (numbers, np.float32)


@pytest.mark.parametrize(("name", "reason"), BAD_FOR_CLASSIFY.items())
def test_a_signature_that_does_not_classify_is_refused(name, reason):
    with pytest.raises(InvalidArgumentError) as caught:
        ask(classify, name)
    assert caught.value.message.startswith(reason)


@pytest.mark.parametrize(("name", "reason"), BAD_FOR_REGRESS.items())
def test_a_signature_that_does_not_regress_is_refused(name, reason):
    with pytest.raises(InvalidArgumentError) as caught:
        ask(regress, name)
    assert caught.value.message.startswith(reason)


def test_names_of_methods_count_only_if_that_is_wanted():
    assert ask(classify, "named", check_method_name=True)[1].rows
    with pytest.raises(
        InvalidArgumentError, match=r"Expected classification .* to be tensorflow/serving/classify\. Was:"
    ):
        ask(classify, check_method_name=True)
    with pytest.raises(
        InvalidArgumentError, match=r"Expected regression .* tensorflow/serving/regress\. Was: .*predict"
    ):
        ask(regress, "regress", check_method_name=True)


def test_there_must_be_examples():
    with pytest.raises(InvalidArgumentError, match=r"^Input is empty\."):
        ask(classify, examples=[])


def test_the_model_must_be_there():
    with pytest.raises(NotFoundError, match="Servable not found for request: Latest"):
        ask(regress, model="nobody")
