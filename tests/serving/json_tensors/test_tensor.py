"""One value to one tensor: every dtype's rule, both the fast way and the strict way."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tenon.base import InvalidArgumentError, TenonError, UnimplementedError
from tenon.serving.json_tensors._tensor import dense_array, is_base64

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint32", "uint64")
SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def dense(value, dtype, only_numbers=False):
    return dense_array(value, np.dtype(dtype), only_numbers)


@pytest.mark.parametrize("only_numbers", [False, True])
@given(data=st.data())
def test_numbers_come_back_as_numpy_wrote_them(only_numbers, data):
    dtype = np.dtype(data.draw(st.sampled_from(("float32", "float64", *INTEGERS))))
    array = data.draw(npst.arrays(dtype, SHAPES, elements={"allow_nan": False} if dtype.kind == "f" else None))
    value = json.loads(json.dumps(array.tolist()))
    made = dense(value, dtype, only_numbers)
    assert made.dtype == dtype
    if array.size:  # an empty list hides the dimensions behind it
        assert made.shape == array.shape
        assert np.array_equal(made, array)


@given(npst.arrays(bool, SHAPES))
def test_booleans_come_back(array):
    assert dense(array.tolist(), bool).tolist() == array.tolist()


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=1))
def test_text_becomes_utf_8_bytes(texts):
    assert dense(texts, object).tolist() == [[text.encode() for text in row] for row in texts]


@given(st.lists(st.integers(-(2**70), 2**70) | st.floats(), min_size=1))
def test_the_fast_way_gives_what_the_strict_way_gives(values):
    for dtype in ("float32", "float64", "int32", "int64", "uint8", "uint64"):
        answers = [_outcome(values, dtype, only_numbers) for only_numbers in (False, True)]
        assert answers[0] == answers[1]


def _outcome(values, dtype, only_numbers):
    try:
        return dense(values, dtype, only_numbers).tobytes()
    except TenonError as error:
        return error.message


@pytest.mark.parametrize("only_numbers", [False, True])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_reach_their_limits_and_no_further(dtype, only_numbers):
    limits = np.iinfo(dtype)
    assert dense([limits.min, limits.max], dtype, only_numbers).tolist() == [limits.min, limits.max]
    for beyond in (limits.min - 1, limits.max + 1):
        with pytest.raises(InvalidArgumentError, match=f"JSON Value: {beyond} Type: Number is not of expected type: "):
            dense([0, beyond], dtype, only_numbers)


@pytest.mark.parametrize("only_numbers", [False, True])
def test_a_float_too_large_becomes_infinity_in_silence(only_numbers):
    assert dense([1e39, -1e39, 1], "float32", only_numbers).tolist() == [np.inf, -np.inf, 1]
    assert dense([10**400, 1], "float64", only_numbers).tolist() == [np.inf, 1]


@pytest.mark.parametrize(
    ("value", "dtype", "type_name", "expected"),
    [
        (True, "float32", "True", "float"),
        (False, "int64", "False", "int64"),
        (None, "float64", "Null", "double"),
        ("1", "float32", "String", "float"),
        ("1", "int32", "String", "int32"),
        (1.0, "int32", "Number", "int32"),
        ({"b64": "AA=="}, "float32", "Object", "float"),
        (1, "bool", "Number", "bool"),
        (0.0, "bool", "Number", "bool"),
        ("true", "bool", "String", "bool"),
        (1, "object", "Number", "string"),
        (True, "object", "True", "string"),
        (None, "object", "Null", "string"),
    ],
)
def test_a_value_of_another_type_is_refused_wherever_it_stands(value, dtype, type_name, expected):
    good = {"bool": True, "object": "a"}.get(dtype, 1)
    for nested in (value, [value], [[good, good], [good, value]]):
        with pytest.raises(InvalidArgumentError, match=f"Type: {type_name} is not of expected type: {expected}"):
            dense(nested, dtype)


@pytest.mark.parametrize("only_numbers", [False, True])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2], [3]], "unexpected size: 1 at level: 1 expected size: 2"),
        ([[1], 2], "JSON Value: 2 found at incorrect level: 1"),
        ([1, [2]], r"list at unexpected level: 1: \[2\]"),
        ([[], [1]], "unexpected size: 1 at level: 1 expected size: 0"),
        ([[[1]], [[1, 2]]], "unexpected size: 2 at level: 2"),
    ],
)
def test_a_ragged_list_is_refused(value, message, only_numbers):
    with pytest.raises(InvalidArgumentError, match=message):
        dense(value, "float32", only_numbers)


def test_a_list_deeper_than_numpy_can_hold_is_refused():
    value = 1
    for _ in range(900):
        value = [value]
    for only_numbers in (False, True):
        with pytest.raises(InvalidArgumentError, match="at most 64 dimensions"):
            dense(value, "float32", only_numbers)


@pytest.mark.parametrize("dtype", ["float16", "uint16", "complex64", "bfloat16"])
def test_a_dtype_without_json_form_is_unimplemented(dtype):
    import ml_dtypes

    with pytest.raises(UnimplementedError, match=r"Conversion of JSON Value: \[1\] to type: " + dtype):
        dense([1], ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype, only_numbers=True)


@given(st.binary())
def test_base64_gives_the_bytes_with_or_without_padding(data):
    import base64

    text = base64.b64encode(data).decode()
    for sent in (text, text.rstrip("=")):
        assert dense([{"b64": sent}], object).tolist() == [data]


@pytest.mark.parametrize("value", [{"b64": 1}, {"b64": "AA==", "x": 1}, {"a": "AA=="}, {}])
def test_an_object_that_is_not_base64_is_refused(value):
    assert not is_base64(value)
    with pytest.raises(InvalidArgumentError, match="not formatted correctly for base64 data"):
        dense([value], object)


@pytest.mark.parametrize("text", ["A", "!!!!", "é", "AA==AA==", "AA AA"])
def test_text_that_is_not_base64_is_refused(text):
    with pytest.raises(InvalidArgumentError, match="Unable to base64 decode"):
        dense({"b64": text}, object)
