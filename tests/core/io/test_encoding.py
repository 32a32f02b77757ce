import gzip
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenon as tf
from tenon.base import DataLossError, InvalidArgumentError

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64"]


@given(hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=1, max_dims=2)))
def test_raw_bytes_are_numpys(array):
    rows = [row.tobytes() for row in array]
    dtype = tf.as_dtype(array.dtype)
    swapped = [row.byteswap().tobytes() for row in array]
    expected = array.reshape(len(array), -1)
    np.testing.assert_array_equal(tf.io.decode_raw(rows, dtype).numpy(), expected)
    np.testing.assert_array_equal(tf.io.decode_raw(swapped, dtype, little_endian=False).numpy(), expected)


def test_raw_bytes_can_be_cut_and_filled_up():
    found = tf.io.decode_raw([b"\1\2\3", b"\4"], tf.uint8, fixed_length=2)
    assert found.numpy().tolist() == [[1, 2], [4, 0]]
    with pytest.raises(
        InvalidArgumentError, match=r"fixed_length \(3\) must be a multiple of the size of out_type \(2\)"
    ):
        tf.io.decode_raw([b"\1\2\3\4"], tf.int16, fixed_length=3)


def test_raw_bytes_must_fit():
    with pytest.raises(InvalidArgumentError, match="has length 3 that is not a multiple of 2"):
        tf.io.decode_raw(b"\1\2\3", tf.int16)
    with pytest.raises(InvalidArgumentError, match="element 1 has size 1 != 2"):
        tf.io.decode_raw([b"\1\2", b"\3"], tf.uint8)
    with pytest.raises(InvalidArgumentError, match="string is not in the list of allowed values"):
        tf.io.decode_raw(b"\1", tf.string)


@given(st.binary(max_size=20), st.booleans())
def test_base64_is_undone(data, pad):
    encoded = tf.io.encode_base64(data, pad=pad)
    assert tf.io.decode_base64(encoded).numpy() == data
    assert not set(encoded.numpy()) & set(b"+/")


@pytest.mark.parametrize("text", ["+/+7", "a", "aGVsbG8==", "aGVs bG8", "a=b="])
def test_what_is_no_base64_is_refused(text):
    with pytest.raises(InvalidArgumentError, match=r"(?i)base64"):
        tf.io.decode_base64([text])


def test_compressed_bytes_are_decompressed():
    assert tf.io.decode_compressed([zlib.compress(b"a")], "ZLIB").numpy().tolist() == [b"a"]
    assert tf.io.decode_compressed(gzip.compress(b"a"), "GZIP").numpy() == b"a"
    assert tf.io.decode_compressed(b"a").numpy() == b"a"
    with pytest.raises(DataLossError, match=r"inflate\(\) failed"):
        tf.io.decode_compressed(b"abc", "ZLIB")
    with pytest.raises(InvalidArgumentError, match="Only ZLIB, GZIP or NONE are supported compressions; received 'LZ'"):
        tf.io.decode_compressed(b"abc", "LZ")


@given(hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)))
def test_tensors_are_serialized_and_parsed(array):
    found = tf.io.parse_tensor(tf.io.serialize_tensor(array), tf.as_dtype(array.dtype))
    assert found.shape == array.shape
    np.testing.assert_array_equal(found.numpy(), array)


def test_tensors_of_strings_and_bfloat16_are_serialized_too():
    assert tf.io.parse_tensor(tf.io.serialize_tensor(["a", "b"]), tf.string).numpy().tolist() == [b"a", b"b"]
    half = tf.constant([1.5], tf.bfloat16)
    assert tf.io.parse_tensor(tf.io.serialize_tensor(half), tf.bfloat16).numpy() == 1.5


def test_what_is_no_tensor_is_refused():
    with pytest.raises(InvalidArgumentError, match="Cannot parse tensor from proto"):
        tf.io.parse_tensor(b"\xff\xff", tf.float32)
    with pytest.raises(
        InvalidArgumentError, match=r"Type mismatch between parsed tensor \(int32\) and dtype \(float32\)"
    ):
        tf.io.parse_tensor(tf.io.serialize_tensor([1]), tf.float32)
    with pytest.raises(InvalidArgumentError, match=r"Expected `serialized` to be a scalar, got shape: \[1\]"):
        tf.io.parse_tensor([b""], tf.float32)
