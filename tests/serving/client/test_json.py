"""Arrays and JSON, there and back."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tenon.base import InvalidArgumentError, UnimplementedError, UnknownError
from tenon.serving.client import TensorInfo, from_json, to_json
from tenon.serving.client._errors import StaleMetadataError
from tenon.serving.client._json import array_of

DTYPES = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", ">f4", ">i8"]
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3))
)


@given(arrays)
def test_numbers_come_back_as_they_went(array):
    native = array.astype(array.dtype.newbyteorder("="))
    info = TensorInfo(native.dtype, (None,) * array.ndim)
    back = array_of("x", from_json(to_json({"x": array}))["x"], info)
    assert back.dtype == native.dtype
    assert np.array_equal(back, native, equal_nan=native.dtype.kind == "f")


texts = st.text(max_size=5) | st.binary(max_size=5)


@given(st.lists(texts, min_size=1, max_size=4))
def test_strings_come_back_as_bytes(items):
    array = np.empty(len(items), object)
    array[:] = items
    back = array_of("x", from_json(to_json(array)), TensorInfo(np.dtype(object), (None,)))
    assert back.tolist() == [item if isinstance(item, bytes) else item.encode() for item in items]


@given(st.recursive(st.none() | st.booleans() | st.floats() | texts, lambda inner: st.lists(inner, max_size=3)))
def test_whatever_is_written_can_be_read(value):
    assert json.dumps(from_json(to_json(value)), default=repr) == json.dumps(value, default=repr)


def test_strided_and_read_only_arrays_are_written():
    array = np.arange(6, dtype="i4").reshape(2, 3).T
    array.flags.writeable = False
    assert to_json(array) == b"[[0,3],[1,4],[2,5]]"
    assert to_json(np.float32(0.1)) == b"0.1"
    assert to_json({"y": np.float32([0.1, -np.inf]), "n": (1, None)}) == b'{"y":[0.1,-Infinity],"n":[1,null]}'


@pytest.mark.parametrize("array", [np.zeros(1, ml_dtypes.bfloat16), np.zeros(1, "c8"), np.zeros(1, "f2")])
def test_types_without_a_json_form_are_refused(array):
    with pytest.raises(UnimplementedError, match="JSON has no form for"):
        to_json({"x": array})


def test_objects_that_are_no_text_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"holds str or bytes; received float 1\.5"):
        to_json(np.array(["a", 1.5], object))


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 10**5, b'{"b64": "?"}', b'{"b64": "a"}'])
def test_text_that_is_no_json_is_refused(text):
    with pytest.raises(InvalidArgumentError, match="JSON"):
        from_json(text)


def test_an_object_that_only_looks_like_bytes_is_one():
    assert from_json(b'{"b64": 1, "x": [{"b64": "YQ=="}]}') == {"b64": 1, "x": [b"a"]}


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        ([1.5], "i8", (None,)),
        ([True], "i8", (None,)),
        (["a"], "f4", (None,)),
        ([None], "f4", (None,)),
        ([300], "u1", (None,)),
        ([2**70], "i8", (None,)),
        ([[1], [2, 3]], "i8", (None, None)),
        ([1], "i8", (None, None)),
        (1, "i8", (None,)),
        ({"a": 1}, "i8", ()),
        ([1], object, (None,)),
    ],
)
def test_an_answer_of_another_kind_is_never_bent_to_fit(value, dtype, shape):
    with pytest.raises(StaleMetadataError, match="output 'x'"):
        array_of("x", value, TensorInfo(np.dtype(dtype), shape))


def test_an_answer_without_elements_gets_the_rank_of_its_signature():
    assert array_of("x", [], TensorInfo(np.dtype("f4"), (None, 2, None))).shape == (0, 2, 0)
    assert array_of("x", [[], []], TensorInfo(np.dtype(object), (None, None, 3))).shape == (2, 0, 3)


def test_an_output_of_a_dtype_that_numpy_lacks_is_told():
    with pytest.raises(UnknownError, match="do not tell its dtype"):
        array_of("x", [1], TensorInfo(None, None))


def test_any_rank_is_taken_where_the_signature_fixes_none():
    assert array_of("x", [[1]], TensorInfo(np.dtype("i8"), None)).shape == (1, 1)
