"""Outputs to the text of an answer."""

import base64
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tenon.base import InvalidArgumentError
from tenon.serving.json_tensors._decode import PredictForm
from tenon.serving.json_tensors._encode import encode_outputs

ROW, COLUMNAR = PredictForm.ROW, PredictForm.COLUMNAR
DTYPES = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "bool")


def objects(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("form", "outputs", "text"),
    [
        (ROW, {"y": np.float32([0.1, 2])}, b'{"predictions":[0.1,2.0]}'),
        (ROW, {"y": np.int64([[1], [-2]])}, b'{"predictions":[[1],[-2]]}'),
        (ROW, {"y": np.array([True, False])}, b'{"predictions":[true,false]}'),
        (ROW, {"y": np.float32([0, 1]), "z": np.int8([3, 4])}, b'{"predictions":[{"y":0.0,"z":3},{"y":1.0,"z":4}]}'),
        (COLUMNAR, {"y": np.float32([0.1, 2])}, b'{"outputs":[0.1,2.0]}'),
        (COLUMNAR, {"y": np.float32(1), "z": np.array([True])}, b'{"outputs":{"y":1.0,"z":[true]}}'),
        (COLUMNAR, {"y": np.array(True)}, b'{"outputs":true}'),
        (COLUMNAR, {"y": np.array(b"a", object)}, b'{"outputs":"a"}'),
        (COLUMNAR, {"y": np.arange(6, dtype=np.int32).reshape(2, 3).T}, b'{"outputs":[[0,3],[1,4],[2,5]]}'),
        (ROW, {"y": objects(b"a", "\u00e9".encode(), "b")}, '{"predictions":["a","\u00e9","b"]}'.encode()),
        (ROW, {"y_bytes": objects(b"\xff", "b")}, b'{"predictions":[{"b64":"/w=="},{"b64":"Yg=="}]}'),
        (ROW, {"y": np.zeros((2, 0), np.float32)}, b'{"predictions":[[],[]]}'),
        (ROW, {"y": np.zeros(0, np.float32), "z": np.zeros((0, 2))}, b'{"predictions":[]}'),
        (ROW, {"y": np.float32([np.nan, np.inf, -np.inf])}, b'{"predictions":[NaN,Infinity,-Infinity]}'),
        (COLUMNAR, {"y": np.float64(np.nan)}, b'{"outputs":NaN}'),
        (ROW, {"y": np.float32([1e16, 1e-7, 16777216])}, b'{"predictions":[1e+16,1e-7,16777216.0]}'),
    ],
)
def test_every_form_is_written(form, outputs, text):
    assert encode_outputs(form, outputs) == text


def test_constants_find_their_places_among_strings_and_several_outputs():
    outputs = {
        "null": objects(b"null", b'"null\\'),
        "a": np.float32([np.nan, 1]),
        "n": np.int32([1, 2]),
        "b": np.array([[np.inf, 1.0], [np.nan, -np.inf]]),
    }
    rows = json.loads(encode_outputs(ROW, outputs))["predictions"]
    assert repr(rows) == repr(
        [
            {"null": "null", "a": math.nan, "n": 1, "b": [math.inf, 1.0]},
            {"null": '"null\\', "a": 1.0, "n": 2, "b": [math.nan, -math.inf]},
        ]
    )
    columns = json.loads(encode_outputs(COLUMNAR, outputs))["outputs"]
    assert repr(columns["b"]) == repr([[math.inf, 1.0], [math.nan, -math.inf]])


@given(st.data(), st.sampled_from(DTYPES), st.sampled_from([ROW, COLUMNAR]))
def test_every_value_comes_back_exactly(data, dtype, form):
    array = data.draw(npst.arrays(dtype, npst.array_shapes(max_dims=3, max_side=4)))
    answer = json.loads(encode_outputs(form, {"y": array}))[form.response_key]
    assert np.array_equal(np.array(answer, dtype), array, equal_nan=array.dtype.kind == "f")


@given(
    npst.arrays(np.float32, 3), npst.arrays(np.float64, (3, 2)), npst.arrays(bool, 3), st.lists(st.text(), min_size=3)
)
def test_rows_of_several_outputs_come_back_exactly(a, b, c, texts):
    outputs = {"a": a, "b": b, "c": c, "d": objects(*[text.encode() for text in texts[:3]])}
    rows = json.loads(encode_outputs(ROW, outputs))["predictions"]
    assert [row["d"] for row in rows] == texts[:3]
    for name in "abc":
        back = np.array([row[name] for row in rows], outputs[name].dtype)
        assert np.array_equal(back, outputs[name], equal_nan=name != "c")


@given(st.lists(st.binary(), min_size=1))
def test_bytes_come_back_through_base64(items):
    rows = json.loads(encode_outputs(ROW, {"y_bytes": objects(*items)}))["predictions"]
    assert [base64.b64decode(row["b64"]) for row in rows] == items


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"y": np.float32(1)}, "Tensor name: y has no shape information"),
        ({"y": np.zeros(2), "z": np.zeros(3)}, "Tensor name: z has inconsistent batch size: 3 expecting: 2"),
        ({"y": np.zeros(2, np.float16)}, "Failed to write JSON value for tensor type: float16"),
        ({"y": np.zeros(2, np.uint16)}, "Failed to write JSON value for tensor type: uint16"),
        ({"y": np.zeros(2, np.complex64)}, "Failed to write JSON value for tensor type: complex64"),
        ({"y": objects(b"\xff")}, "output 'y' must be UTF-8 text.*'y_bytes'"),
    ],
)
def test_what_no_row_can_hold_is_refused(outputs, message):
    with pytest.raises(InvalidArgumentError, match=message):
        encode_outputs(ROW, outputs)
