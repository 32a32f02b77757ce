"""Tensors in and out of protocol messages."""

import contextlib

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, TensorSpec, UnimplementedError
from tenon.formats import message_class
from tenon.serving.answering import Prediction
from tenon.serving.inference_protocol._datatypes import DTYPES, datatype_name
from tenon.serving.inference_protocol._messages import (
    _FIELDS,
    plain_parameters,
    read_message,
    requested_outputs,
    response_message,
)
from tenon.serving.inference_protocol._raw import read_raw, write_raw
from tenon.serving.servables import ServableId
from tests.serving.inference_protocol.asking import arrays, message, same

Request = message_class("inference.ModelInferRequest")


def typed(array, name="x", **more):
    contents = {_FIELDS[array.dtype]: array.ravel().tolist()}
    return {"name": name, "datatype": datatype_name(array.dtype), "shape": array.shape, "contents": contents, **more}


def untyped(array, name="x"):
    return {"name": name, "datatype": datatype_name(array.dtype), "shape": array.shape}


def specs_of(**given_arrays):
    return {name: TensorSpec(array.shape, array.dtype) for name, array in given_arrays.items()}


def answer(request, **outputs):
    return response_message(request, Prediction(ServableId("m", 3), "serving_default", outputs))


@settings(max_examples=30)
@given(st.data())
@pytest.mark.parametrize("datatype", DTYPES)
def test_every_tensor_goes_in_and_out_raw_and_typed(datatype, data):
    array = data.draw(arrays(datatype))
    request = Request(inputs=[untyped(array)], raw_input_contents=[write_raw(array)])
    assert same(read_message(request, specs_of(x=array))["x"], array)
    response = answer(request, y=array)
    (output,) = response.outputs
    assert (output.datatype, tuple(output.shape), output.HasField("contents")) == (datatype, array.shape, False)
    assert same(read_raw("y", array.dtype, array.shape, response.raw_output_contents[0]), array)
    if array.dtype in _FIELDS:
        request = Request(inputs=[typed(array)])
        assert same(read_message(request, specs_of(x=array))["x"], array)
        response = answer(request, y=array)
        assert not response.raw_output_contents
        back = Request(inputs=[typed(array, contents=response.outputs[0].contents)])
        assert same(read_message(back, specs_of(x=array))["x"], array)


def test_an_answer_is_raw_where_the_request_was_or_where_it_must_be():
    one, half, text = np.int8([1]), np.float16([1]), np.array(["é", b"\xff"], object)
    raw, asked_typed = Request(inputs=[untyped(one)], raw_input_contents=[b"\1"]), Request(inputs=[typed(one)])
    assert len(answer(raw, a=one, b=one).raw_output_contents) == 2
    assert len(answer(Request(), a=one).raw_output_contents) == 1
    assert len(answer(asked_typed, a=one, b=half).raw_output_contents) == 2
    strings = answer(asked_typed, a=text).outputs[0].contents
    assert list(strings.bytes_contents) == ["é".encode(), b"\xff"]
    assert answer(Request(id="7"), a=one).id == "7"
    with pytest.raises(UnimplementedError, match="output 'y': the protocol has no datatype for complex64"):
        answer(asked_typed, y=np.zeros(1, np.complex64))


X = np.float32([1, 2])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"inputs": [typed(X)], "raw_input_contents": [bytes(8)]}, "input 'x': has contents of its own beside raw"),
        ({"inputs": [untyped(X)], "raw_input_contents": [bytes(8)] * 2}, "an entry for each of 1 inputs; received 2"),
        ({"raw_input_contents": [bytes(8)]}, "an entry for each of 0 inputs; received 1"),
        ({"inputs": [untyped(X)], "raw_input_contents": [bytes(9)]}, "takes 8 bytes; received 9"),
        ({"inputs": [untyped(X)]}, r"the shape \[2\] takes 2 elements in fp32_contents; received 0"),
        ({"inputs": [typed(X, contents={"fp64_contents": [1, 2]})]}, "elements in fp32_contents; received 0"),
        ({"inputs": [typed(X, shape=[3])]}, "takes 3 elements in fp32_contents; received 2"),
        ({"inputs": [typed(X, shape=[-2])]}, "must lie in 0"),
        ({"inputs": [typed(X, shape=[1] * 65)]}, "at most 64 dimensions"),
        ({"inputs": [typed(X, shape=[0, 2**62, 2**62], contents={})]}, "does not fit its data"),
        ({"inputs": [typed(X, datatype="FP64")]}, "must have the datatype FP32; received 'FP64'"),
        ({"inputs": [typed(X, name="z")]}, "the signature has no such input"),
        ({"inputs": [typed(X), typed(X)]}, "input 'x': must be sent once"),
    ],
)
def test_a_message_that_breaks_a_rule_is_refused(fields, reason):
    with pytest.raises(InvalidArgumentError, match=reason):
        read_message(Request(**fields), specs_of(x=X))


def test_halves_travel_only_raw_and_small_integers_in_their_range():
    half = np.float16([1])
    with pytest.raises(InvalidArgumentError, match="input 'x': float16 travels only in raw_input_contents"):
        read_message(Request(inputs=[untyped(half)]), specs_of(x=half))
    for dtype, value, field in (("int8", 128, "int_contents"), ("uint16", 65536, "uint_contents")):
        array = np.zeros(1, dtype)
        request = Request(inputs=[typed(array, contents={field: [value]})])
        with pytest.raises(InvalidArgumentError, match=f"every element must fit {dtype.upper()}; received {value}"):
            read_message(request, specs_of(x=array))


def test_parameters_are_values_whatever_their_type():
    request = Request()
    for number, (field, value) in enumerate(
        {
            "bool_param": True,
            "int64_param": -1,
            "string_param": "s",
            "double_param": 0.5,
            "uint64_param": 2**64 - 1,
        }.items()
    ):
        setattr(request.parameters[str(number)], field, value)
    assert request.parameters["5"].WhichOneof("parameter_choice") is None
    assert plain_parameters(request.parameters) == {"0": True, "1": -1, "2": "s", "3": 0.5, "4": 2**64 - 1, "5": None}


def test_shared_memory_and_classifications_are_refused():
    region = {"shared_memory_region": message("InferParameter", string_param="r")}
    with pytest.raises(UnimplementedError, match="input 'x': shared memory is not served"):
        read_message(Request(inputs=[{**untyped(X), "parameters": region}]), specs_of(x=X))
    with pytest.raises(UnimplementedError, match="output 'y': shared memory is not served"):
        requested_outputs(Request(outputs=[{"name": "y", "parameters": region}]))
    classes = {"classification": message("InferParameter", int64_param=3)}
    with pytest.raises(UnimplementedError, match="output 'y': the parameter 'classification' is not served"):
        requested_outputs(Request(outputs=[{"name": "y", "parameters": classes}]))


@given(st.binary(max_size=80))
def test_arbitrary_messages_are_arrays_of_the_signature_or_refused(tail):
    data = Request(inputs=[typed(X)]).SerializeToString() + tail
    with contextlib.suppress(InvalidArgumentError, UnimplementedError, DecodeError):
        found = read_message(Request.FromString(data), specs_of(x=X))
        assert all(array.dtype == X.dtype for array in found.values())
