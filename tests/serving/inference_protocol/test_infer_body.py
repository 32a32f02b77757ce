"""Bodies of infer requests: JSON, raw tensors behind it, and neither."""

import base64
import contextlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, TensorSpec, UnimplementedError
from tenon.serving.inference_protocol._datatypes import DTYPES
from tenon.serving.inference_protocol._infer_body import parse_infer_body
from tenon.serving.inference_protocol._raw import write_raw
from tests.serving.inference_protocol.asking import arrays, same


def entry(datatype="FP32", shape=(2,), name="x", **more):
    return {"name": name, "datatype": datatype, "shape": list(shape), **more}


def body(*inputs, **more):
    return json.dumps({"inputs": inputs, **more}).encode()


def read(data, specs=None, header=None):
    return parse_infer_body(data, header).read_inputs(specs or {"x": TensorSpec((None,), np.float32)})


def read_x(tensor, tail=b"", dtype="FP32"):
    text = body(tensor)
    specs = {"x": TensorSpec((None,), DTYPES[dtype])}
    return read(text + tail, specs, str(len(text)) if tail else None)["x"]


def in_json(array):
    if array.dtype == object:
        texts = [{"b64": base64.b64encode(item).decode()} for item in array.ravel().tolist()]
        return np.array(texts, object).reshape(array.shape).tolist()
    return array.astype(np.float64).tolist() if array.dtype == DTYPES["BF16"] else array.tolist()


@settings(max_examples=30)
@given(st.data(), st.sampled_from(["nested", "flat", "raw"]))
@pytest.mark.parametrize("datatype", DTYPES)
def test_every_tensor_arrives(datatype, data, form):
    array = data.draw(arrays(datatype))
    tensor, tail = entry(datatype, array.shape), b""
    if form == "raw":
        tail = write_raw(array)
        tensor["parameters"] = {"binary_data_size": len(tail)}
        text = body(tensor)
        read_back = read(text + tail, {"x": TensorSpec(array.shape, array.dtype)}, str(len(text)))["x"]
    else:
        tensor["data"] = in_json(array if form == "nested" else array.ravel())
        read_back = read(body(tensor), {"x": TensorSpec(array.shape, array.dtype)})["x"]
    assert same(read_back, array)


def test_a_number_stays_exact_to_the_last_bit():
    for datatype, values in (("INT64", [-(2**63), 2**63 - 1]), ("UINT64", [0, 2**64 - 1]), ("UINT16", [0, 65535])):
        assert read_x(entry(datatype, data=values), dtype=datatype).tolist() == values


def test_strings_are_text_or_base64():
    assert read_x(entry("BYTES", data=["é", {"b64": "/w"}]), dtype="BYTES").tolist() == ["é".encode(), b"\xff"]


def test_numbers_that_json_lacks_and_the_rest_behind_the_object_are_read():
    text = b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [3], "data": [NaN, Infinity, -Infinity]}]} more'
    assert read(text)["x"].tolist()[1:] == [np.inf, -np.inf]


def test_a_scalar_may_stand_alone_or_in_a_list():
    for data in (5, [5]):
        assert read_x(entry(shape=(), data=data)).shape == ()


def test_inputs_take_their_bytes_in_order_beside_those_in_json():
    one, two, three = np.int16([1, 2]), np.array([b"ab"], object), np.float64([[0.5]])
    specs = {"a": TensorSpec((2,), "int16"), "b": TensorSpec((1,), object), "c": TensorSpec((1, 1), "float64")}
    specs["d"] = TensorSpec((1,), bool)
    text = body(
        entry("INT16", (2,), "a", parameters={"binary_data_size": 4}),
        entry("BOOL", (1,), "d", data=[True]),
        entry("BYTES", (1,), "b", parameters={"binary_data_size": 6}),
        entry("FP64", (1, 1), "c", parameters={"binary_data_size": 8}),
    )
    found = read(text + b"".join(map(write_raw, (one, two, three))), specs, str(len(text)))
    assert [found[name].tolist() for name in "abcd"] == [[1, 2], [b"ab"], [[0.5]], [True]]


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        (entry(data=[1]), r"nested as the shape \[2\] says, or a flat list of 2 elements; received the shape \[1\]"),
        (entry(shape=(2, 1), data=[[1, 2]]), r"received the shape \[1, 2\]"),
        (entry(shape=(-1,), data=[]), "every dimension of its shape must lie in 0"),
        (entry(shape=(1,) * 65, data=[1]), "at most 64 dimensions"),
        (entry(shape=(2**63, 0), data=[]), "every dimension of its shape must lie in 0"),
        (entry(shape=(2**62, 2**62, 0), data=[]), "does not fit its data"),
        (entry(shape=(1.0,), data=[1]), "'shape' must be a list of integers"),
        (entry(shape=(True,), data=[1]), "'shape' must be a list of integers"),
        ({"name": "x", "datatype": "FP32", "shape": "2", "data": [1]}, "'shape' must be of type list"),
        ({"name": "x", "shape": [1], "data": [1]}, "'datatype' must be of type str; received null"),
        ({"name": 5}, "inputs: 'name' must be of type str; received 5"),
        (entry(), "must have 'data' or the parameter 'binary_data_size'"),
        (entry(data=None), "not of expected type: float"),
        (entry(data=["1", "2"]), 'JSON Value: "1" Type: String'),
        (entry(data=[1, True]), "JSON Value: true Type: True"),
        (entry(data=[[1], 2]), "found at incorrect level"),
        (entry(data=[1e39, 1]), r"every element must fit FP32; received 1e\+39"),
        (entry("INT32", data=[1, 2]), "must have the datatype FP32; received 'INT32'"),
        (entry(name="z", data=[1, 2]), "the signature has no such input"),
        (entry(data=[1, 2], parameters={"binary_data_size": 0}), "has both 'data' and 'binary_data_size'"),
        (entry(parameters={"binary_data_size": 8}), "at most the 0 bytes that are left behind the JSON; received 8"),
        (entry(parameters={"binary_data_size": -1}), "at most the 0 bytes"),
        (entry(parameters={"binary_data_size": "8"}), "'binary_data_size' must be of type int"),
        (entry(parameters={"binary_data_size": True}), "'binary_data_size' must be of type int"),
        (entry(parameters={"binary_data_size": 0}), "takes 8 bytes; received 0"),
        (entry(parameters=[]), "'parameters' must be of type dict"),
    ],
)
def test_an_input_that_breaks_a_rule_is_refused(tensor, reason):
    with pytest.raises(InvalidArgumentError, match=reason):
        read_x(tensor)


@pytest.mark.parametrize(
    ("datatype", "data"), [("UINT8", [256]), ("INT8", [-129]), ("UINT16", [65536]), ("INT64", [2**63])]
)
def test_an_integer_out_of_range_is_refused(datatype, data):
    with pytest.raises(InvalidArgumentError, match=f"input 'x': .*{data[0]}"):
        read_x(entry(datatype, (1,), data=data), dtype=datatype)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"[]", "must be a JSON object; received"),
        (b"{}", "'inputs' must be of type list; received null"),
        (b'{"inputs": {}}', "'inputs' must be of type list"),
        (b'{"inputs": [1]}', "inputs: must be a list of objects; received 1 in it"),
        (body(id=5), "'id' must be of type str; received 5"),
        (body(parameters=5), "the request: 'parameters' must be of type dict"),
        (body(parameters={"binary_data_output": 1}), "'binary_data_output' must be of type bool"),
        (body(outputs=["y"]), "outputs: must be a list of objects"),
        (body(outputs=[{"name": "y", "parameters": {"binary_data": 1}}]), "'binary_data' must be of type bool"),
        (body(outputs=[{"name": "y"}, {"name": "y"}]), "output 'y': must be asked for once"),
        (b'{"inputs": ' + b"[" * 100_000, "JSON Parse error"),
    ],
)
def test_a_body_that_breaks_a_rule_is_refused(text, reason):
    with pytest.raises(InvalidArgumentError, match=reason):
        parse_infer_body(text, None)


def test_an_input_is_sent_once():
    with pytest.raises(InvalidArgumentError, match="input 'x': must be sent once"):
        read(body(entry(data=[1, 2]), entry(data=[1, 2])))


def test_shared_memory_is_refused():
    with pytest.raises(UnimplementedError, match="input 'x': shared memory is not served"):
        read_x(entry(parameters={"shared_memory_region": "r", "shared_memory_byte_size": 8}))


def test_bytes_that_belong_to_no_input_are_refused():
    text = body(entry(parameters={"binary_data_size": 8}))
    with pytest.raises(InvalidArgumentError, match="The inputs take 8 bytes behind the JSON; received 9"):
        parse_infer_body(text + bytes(9), str(len(text)))


@pytest.mark.parametrize("length", ["", "-1", "x", "1.0", "+1", "٣", "1000", "9" * 5000, " 5"])
def test_a_header_length_is_a_number_of_bytes_that_are_there(length):
    with pytest.raises(InvalidArgumentError, match="Inference-Header-Content-Length: must be a number of bytes"):
        parse_infer_body(body(), length)


def test_what_is_asked_of_outputs_is_noted():
    outputs = [{"name": "y", "parameters": {"binary_data": False}}, {"name": "z"}, {"name": "b", "parameters": None}]
    parsed = parse_infer_body(body(id="7", parameters={"binary_data_output": True}, outputs=outputs), None)
    assert (parsed.id, parsed.outputs, parsed.binary, parsed.binary_output) == (
        "7",
        ("y", "z", "b"),
        {"y": False},
        True,
    )
    null = parse_infer_body(b'{"id": null, "parameters": null, "inputs": [], "outputs": null}', None)
    assert (null.id, null.parameters, null.outputs, null.binary_output) == ("", {}, (), False)


@pytest.mark.parametrize(
    ("shape", "dtype", "data", "found"),
    [
        ((None,), "float32", bytes(8), (2,)),
        ((None, 2), "float32", bytes(16), (2, 2)),
        ((None, None, 2), "int8", bytes(6), (1, 3, 2)),
        ((2, None), "int8", bytes(6), (2, 3)),
        ((), "int64", bytes(8), ()),
        ((2, 2), "bool", bytes(4), (2, 2)),
        ((None,), "float32", b"", (0,)),
        ((None, 0), "float32", b"", (0, 0)),
        ((None,), object, b"\xff any bytes", (1,)),
        ((), object, b"", ()),
        ((None, None), object, b"a", (1, 1)),
    ],
)
def test_a_body_may_be_the_only_input(shape, dtype, data, found):
    array = read(data, {"x": TensorSpec(shape, dtype)}, "0")["x"]
    assert (array.shape, array.dtype) == (found, np.dtype(dtype))
    if dtype is object:
        assert array.ravel().tolist() == [data]


@pytest.mark.parametrize(
    ("specs", "reason"),
    [
        ({"x": TensorSpec((None,), "float32")}, "takes 4 bytes; received 7"),
        ({"x": TensorSpec((2,), "float32")}, "takes 8 bytes; received 7"),
        ({"x": TensorSpec((None, 0), "float32")}, "takes 0 bytes; received 7"),
        ({"x": TensorSpec((None, None, None), "int8")}, "leaves its shape open"),
        ({"x": TensorSpec((7, None, None), "int8")}, "leaves its shape open"),
        ({"x": TensorSpec((), "int8"), "y": TensorSpec((), "int8")}, r"signatures with one input; .* \['x', 'y'\]"),
    ],
)
def test_a_body_that_cannot_be_the_only_input_is_refused(specs, reason):
    with pytest.raises(InvalidArgumentError, match=reason):
        read(bytes(7), specs, "0")


TENSORS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["x", "y", "", 1]),
        "datatype": st.sampled_from([*DTYPES, "", 1]),
        "shape": st.lists(st.integers(-1, 3) | st.sampled_from([2**64, 1.5, True, None]), max_size=3) | st.integers(),
        "data": st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
            max_leaves=6,
        ),
        "parameters": st.dictionaries(
            st.sampled_from(["binary_data_size", "binary_data", "classification", "shared_memory_region"]),
            st.integers(-1, 12) | st.booleans() | st.text(max_size=2),
            max_size=2,
        ),
    },
)


@given(
    st.lists(TENSORS, max_size=3), st.binary(max_size=24), st.none() | st.integers(-2, 2), st.sampled_from([*DTYPES])
)
def test_whatever_is_sent_is_an_array_of_the_signature_or_refused(tensors, tail, shift, datatype):
    text = json.dumps({"inputs": tensors, "outputs": tensors}).encode()
    header = None if shift is None else str(len(text) + shift)
    specs = {name: TensorSpec((None,), DTYPES[datatype]) for name in "xy"}
    with contextlib.suppress(InvalidArgumentError, UnimplementedError):
        for name, array in read(text + tail, specs, header).items():
            assert array.dtype == specs[name].dtype


@given(st.binary(max_size=60), st.none() | st.integers(0, 60).map(str))
def test_arbitrary_bytes_are_refused(data, header):
    with contextlib.suppress(InvalidArgumentError):
        read(data, header=header)
