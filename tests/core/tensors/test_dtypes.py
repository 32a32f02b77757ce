"""Dtypes: what equals what, and what each says of itself."""

from __future__ import annotations

import pickle

import ml_dtypes
import numpy as np
import pytest

from tenon.core.tensors import DTYPES, as_dtype, bool_, float32, int32, string, uint8


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("float32", "float32"),
        (np.float64, "float64"),
        (np.dtype("int8"), "int8"),
        (float, "float32"),
        (int, "int32"),
        (bool, "bool"),
        (str, "string"),
        (object, "string"),
        ("half", "float16"),
        ("double", "float64"),
        (1, "float32"),
        (101, "float32"),
        (ml_dtypes.bfloat16, "bfloat16"),
        (np.dtype(">f4"), "float32"),
        (np.dtype("U3"), "string"),
    ],
)
def test_everything_that_means_a_dtype_is_it(value, name):
    assert as_dtype(value) is DTYPES[name]


@pytest.mark.parametrize("value", ["float31", object(), np.dtype("M8[s]"), None])
def test_what_is_no_dtype_is_a_type_error(value):
    with pytest.raises(TypeError, match="dtype"):
        as_dtype(value)


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
def test_a_dtype_equals_its_name_and_numpys_and_survives_pickling(dtype):
    assert dtype == dtype.name
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert {dtype: 1}[dtype] == 1
    assert as_dtype(dtype.as_datatype_enum) is dtype
    if dtype.dtype.kind != "O":
        assert dtype == dtype.dtype == dtype.as_numpy_dtype
        assert np.dtype(dtype) == dtype.dtype
        assert np.zeros(2, dtype).dtype == dtype.dtype


def test_kinds_and_limits():
    assert [float32.is_floating, int32.is_integer, uint8.is_unsigned, bool_.is_bool] == [True] * 4
    assert [float32.is_integer, int32.is_floating, bool_.is_integer, string.is_floating] == [False] * 4
    assert int32.limits == (-(2**31), 2**31 - 1)
    assert bool_.max is True
    assert float32.max == np.finfo(np.float32).max
    assert DTYPES["complex64"].real_dtype is float32
    with pytest.raises(TypeError, match="only real numbers have limits"):
        _ = string.max


def test_dtypes_print_as_tensorflows():
    assert (repr(float32), str(float32)) == ("tf.float32", "<dtype: 'float32'>")
    assert float32 != "no dtype"
    assert float32 != None  # noqa: E711  # the comparison is what is tested
