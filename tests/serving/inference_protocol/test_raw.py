"""Tensors as bytes."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.serving.inference_protocol._datatypes import DTYPES
from tenon.serving.inference_protocol._raw import read_raw, write_raw
from tests.serving.inference_protocol.asking import arrays, same


@settings(max_examples=30)
@given(st.data())
@pytest.mark.parametrize("datatype", DTYPES)
def test_every_tensor_survives(datatype, data):
    array = data.draw(arrays(datatype))
    raw = write_raw(array)
    assert same(read_raw("x", array.dtype, array.shape, raw), array)
    shifted = memoryview(b"?" + raw)[1:]
    read = read_raw("x", array.dtype, array.shape, shifted)
    assert same(read, array)
    assert read.flags.aligned


def test_the_bytes_are_little_endian_and_row_major():
    assert write_raw(np.int16([[1, 2], [3, 4]]).T) == struct.pack("<4h", 1, 3, 2, 4)
    assert write_raw(np.array([True, False])) == b"\1\0"
    assert write_raw(np.array([b"a", "é", b""], object)) == b"\1\0\0\0a\2\0\0\0\xc3\xa9\0\0\0\0"


def test_numbers_are_not_copied():
    raw = bytes(8)
    assert np.shares_memory(read_raw("x", np.dtype("int64"), (1,), raw), np.frombuffer(raw, np.uint8))


def test_any_byte_but_0_is_true():
    array = read_raw("x", DTYPES["BOOL"], (3,), b"\0\1\xff")
    assert array.view(np.uint8).tolist() == [0, 1, 1]
    assert read_raw("x", DTYPES["BOOL"], (), b"\2").shape == ()


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "reason"),
    [
        ("FP32", (2,), bytes(7), r"the shape \[2\] of float32 takes 8 bytes; received 7"),
        ("FP32", (2**40, 2**40), b"", "bytes; received 0"),
        ("INT8", (-1,), b"", "must lie in 0"),
        ("INT8", (1,) * 65, b"a", "at most 64 dimensions"),
        ("INT8", (0, 2**62, 2**62), b"", "no tensor has the shape"),
        ("BYTES", (1,), b"", "must be 1 strings"),
        ("BYTES", (1,), b"\2\0\0\0a", "received 5 bytes that are not"),
        ("BYTES", (1,), b"\xff\xff\xff\xffa", "received 5 bytes that are not"),
        ("BYTES", (1,), b"\0\0\0\0a", "received 5 bytes that are not"),
        ("BYTES", (2,), b"\3\0\0\0\0\0\0\0", "received 8 bytes that are not"),
        ("BYTES", (2**50,), b"\0\0\0\0", "must be 1125899906842624 strings"),
        ("BYTES", (0, 2**62, 2**62), b"", "does not fit its data"),
    ],
)
def test_bytes_that_do_not_fit_are_refused_before_anything_is_made(datatype, shape, data, reason):
    with pytest.raises(InvalidArgumentError, match=f"input 'x': .*{reason}"):
        read_raw("x", DTYPES[datatype], shape, data)


@given(st.binary(max_size=40), st.lists(st.integers(0, 5), max_size=3), st.sampled_from(sorted(DTYPES)))
def test_arbitrary_bytes_are_a_tensor_or_refused(data, shape, datatype):
    try:
        array = read_raw("x", DTYPES[datatype], tuple(shape), data)
    except InvalidArgumentError:
        return
    assert array.shape == tuple(shape)
    if datatype != "BOOL":
        assert write_raw(array) == data
