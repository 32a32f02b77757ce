"""What both protocols do between parsing and rendering."""

import asyncio

import numpy as np
import pytest

from tenon.base import FailedPreconditionError, InvalidArgumentError, NotFoundError
from tenon.serving import ServableId, ServableRequest
from tenon.serving.answering import Call, Pipeline, Protocol
from tenon.serving.answering._predict import complete_inputs, predict
from tests.serving.doubles import SIGNATURES, manager

HALF = ServableRequest.latest("half")
MANY = ServableRequest.latest("many")
X = np.float32([2, 4])


def ask(request, inputs, signature="", outputs=(), models=None):
    def read(specs):
        return inputs

    call = Call(Protocol.REST, "predict", {}.get, 0.0, request=request)
    return asyncio.run(predict(Pipeline(models or manager()), call, signature, read, FailedPreconditionError, outputs))


def test_the_newest_version_and_the_default_signature_answer_unless_others_are_named():
    answer = ask(HALF, {"x": X})
    assert (answer.id, answer.signature_name) == (ServableId("half", 3), "serving_default")
    assert answer.outputs["y"].tolist() == [3, 4]
    assert ask(ServableRequest.specific("half", 1), {"x": X}).id.version == 1
    assert ask(MANY, {"x": X}, "float32").signature_name == "float32"


def test_the_reader_of_inputs_sees_the_signature():
    seen = []

    def read(specs):
        seen.append(sorted(specs))
        return {"a": np.ones((2, 2), np.float32), "b": np.int32([1, 2])}

    call = Call(Protocol.REST, "predict", {}.get, 0.0, request=MANY)
    asyncio.run(predict(Pipeline(manager()), call, "", read, FailedPreconditionError))
    assert seen == [["a", "b"]]


def test_only_the_outputs_asked_for_come_back_in_that_order():
    inputs = {"a": np.ones((2, 2), np.float32), "b": np.int32([1, 2])}
    assert list(ask(MANY, inputs).outputs) == ["sum", "b"]
    assert list(ask(MANY, inputs, outputs=("b", "sum")).outputs) == ["b", "sum"]
    assert list(ask(MANY, inputs, outputs=("b",)).outputs) == ["b"]


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (("nope",), r"output tensor alias not found in signature: nope\. .*\{b,sum\}"),
        (("b", "b"), "duplicate output tensor alias: b"),
    ],
)
def test_an_output_filter_must_name_outputs_once(outputs, message):
    with pytest.raises(InvalidArgumentError, match=message):
        ask(MANY, {}, outputs=outputs)


def test_a_missing_model_version_or_signature_is_told():
    with pytest.raises(NotFoundError, match=r"Servable not found for request: Latest\(nope\)"):
        ask(ServableRequest.latest("nope"), {})
    with pytest.raises(NotFoundError, match=r"Servable not found for request: Specific\(half, 9\)"):
        ask(ServableRequest.specific("half", 9), {})
    with pytest.raises(InvalidArgumentError, match="Unrecognized servable version label: stable"):
        ask(ServableRequest("half", label="stable"), {})
    with pytest.raises(FailedPreconditionError, match=r"^nope$"):
        ask(HALF, {"x": X}, "nope")


def test_the_handle_is_released_whatever_happens():
    models = manager()
    ask(HALF, {"x": X}, models=models)
    with pytest.raises(ValueError, match="secret"):
        ask(MANY, {"x": X}, "broken", models=models)
    with pytest.raises(InvalidArgumentError, match="input size"):
        ask(MANY, {}, "float32", models=models)
    assert set(models.open_handles.values()) == {0}


@pytest.mark.parametrize(
    ("signature", "inputs", "message"),
    [
        (
            "serving_default",
            {"a": X},
            r"^input size does not match signature: 1!=2 len\(\{a\}\) != len\(\{a,b\}\)\. Sent extra: \{\}\. ",
        ),
        ("float32", {"x": X, "y": X}, r"2!=1 .*Sent extra: \{y\}\. Missing but required: \{\}\."),
        ("float32", {}, r"0!=1 len\(\{\}\) != len\(\{x\}\)"),
        (
            "float32",
            {"z": X},
            r"Signature input alias: x\(feed name: serving_default_x:0\) not found in request",
        ),
        ("default", {"shift": X}, r"Signature input alias: x\("),
        ("float32", {"x": X.astype(np.float64)}, "input 'x' must be a tensor of float32; received float64"),
        ("float32", {"x": X.astype(object)}, "must be a tensor of float32; received string. Convert it."),
        ("object", {"x": X}, "input 'x' must be a tensor of string; received float32"),
    ],
)
def test_inputs_that_do_not_fit_the_signature_are_refused(signature, inputs, message):
    with pytest.raises(InvalidArgumentError, match=message):
        complete_inputs(inputs, SIGNATURES[signature].signature)


def test_a_default_value_stands_in_for_a_missing_input():
    signature = SIGNATURES["default"].signature
    assert complete_inputs({"x": X}, signature)["shift"].tolist() == 10
    assert complete_inputs({"x": X, "shift": X}, signature)["shift"].tolist() == [2, 4]


def test_looking_at_a_definition_does_not_change_it():
    signature = SIGNATURES["float32"].signature
    before = signature.definition.SerializeToString(deterministic=True)
    with pytest.raises(InvalidArgumentError):
        complete_inputs({"z": X}, signature)
    assert signature.definition.SerializeToString(deterministic=True) == before
