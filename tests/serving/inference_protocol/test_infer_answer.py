"""Answers to infer requests: JSON, and raw tensors behind it."""

import json

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.serving.answering import Prediction
from tenon.serving.inference_protocol._datatypes import DTYPES
from tenon.serving.inference_protocol._infer_answer import infer_answer
from tenon.serving.inference_protocol._infer_body import InferBody
from tenon.serving.inference_protocol._raw import read_raw
from tenon.serving.servables import ServableId
from tests.serving.inference_protocol.asking import arrays, same


def answer(outputs, binary=None, binary_output=False, id_=""):
    body = InferBody(id_, {}, (), binary or {}, binary_output, dict)
    return infer_answer(body, Prediction(ServableId("m", 3), "serving_default", outputs))


def test_an_answer_names_who_answered_and_has_flat_data():
    data, header = answer({"y": np.float32([[1, 2], [3, 0.1]]), "n": np.array(5)}, id_="a")
    assert header is None
    assert data == (
        b'{"model_name":"m","model_version":"3","id":"a","outputs":['
        b'{"name":"y","datatype":"FP32","shape":[2,2],"data":[1.0,2.0,3.0,0.1]},'
        b'{"name":"n","datatype":"INT64","shape":[],"data":[5]}]}'
    )


def test_numbers_that_json_lacks_are_written_where_they_stand():
    half, bfloat = np.float16([np.nan, 1]), np.array([-np.inf, 2], ml_dtypes.bfloat16)
    strings = np.array(["null", b'"null'], object)
    outputs = {"s": strings, "h": half, "i": np.array([1]), "b": bfloat, "f": np.array([np.inf])}
    data, _ = answer(outputs, id_="null")
    assert [each["data"] for each in json.loads(data.replace(b"NaN", b'"NaN"'))["outputs"]] == [
        ["null", '"null'],
        ["NaN", 1.0],
        [1],
        [-np.inf, 2.0],
        [np.inf],
    ]


@settings(max_examples=30)
@given(st.data())
@pytest.mark.parametrize("datatype", DTYPES)
def test_every_tensor_travels_raw_and_numbers_in_json(datatype, data):
    array = data.draw(arrays(datatype))
    body, size = answer({"y": array}, binary_output=True)
    (tensor,) = json.loads(body[:size])["outputs"]
    assert (tensor["datatype"], tensor["shape"]) == (datatype, list(array.shape))
    assert tensor["parameters"] == {"binary_data_size": len(body) - size}
    assert same(read_raw("y", array.dtype, array.shape, body[size:]), array)
    if datatype != "BYTES":
        text, _ = answer({"y": array})
        (tensor,) = json.loads(text)["outputs"]
        assert same(np.array(tensor["data"], array.dtype).reshape(array.shape), array)


def test_each_output_is_raw_or_not_as_it_was_asked():
    outputs = {"a": np.int8([1]), "b": np.int8([2]), "c": np.int8([3])}
    body, size = answer(outputs, {"b": False}, binary_output=True)
    assert [("data" in each) for each in json.loads(body[:size])["outputs"]] == [False, True, False]
    assert body[size:] == b"\1\3"
    body, size = answer(outputs, {"b": True})
    assert [("data" in each) for each in json.loads(body[:size])["outputs"]] == [True, False, True]
    assert body[size:] == b"\2"
    assert answer({}, binary_output=True) == (b'{"model_name":"m","model_version":"3","outputs":[]}', None)


def test_strings_in_json_are_text():
    with pytest.raises(InvalidArgumentError, match=r"output 'y' must be UTF-8 .* Ask for it with the parameter 'bin"):
        answer({"y": np.array([b"\xff"], object)})


def test_a_dtype_without_a_datatype_is_refused():
    with pytest.raises(UnimplementedError, match="output 'y': the protocol has no datatype for complex64"):
        answer({"y": np.zeros(1, np.complex64)})
