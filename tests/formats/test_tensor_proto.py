import contextlib

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.strategies import arrays, identical

from tenon.base import InvalidArgumentError
from tenon.formats import make_ndarray, make_tensor_proto, message_class

TensorProto = message_class("tensorflow.TensorProto")


def proto(dtype, *sizes, **fields):
    message = TensorProto(dtype=dtype, **fields)
    for size in sizes:
        message.tensor_shape.dim.add(size=size)
    return message


@given(arrays(), st.booleans())
def test_every_array_survives_the_round_trip_over_the_wire(array, as_tensor_content):
    wire = make_tensor_proto(array, as_tensor_content=as_tensor_content).SerializeToString()
    back = make_ndarray(TensorProto.FromString(wire))
    assert identical(back, array)
    assert back.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "field", "values"),
    [
        (np.float32([1, 2]), "float_val", [1, 2]),
        (np.float64([1, 2]), "double_val", [1, 2]),
        (np.int8([-1, 2]), "int_val", [-1, 2]),
        (np.uint16([1, 65535]), "int_val", [1, 65535]),
        (np.int64([-1]), "int64_val", [-1]),
        (np.uint32([2**32 - 1]), "uint32_val", [2**32 - 1]),
        (np.uint64([2**64 - 1]), "uint64_val", [2**64 - 1]),
        (np.float16([1]), "half_val", [0x3C00]),
        (np.array([True, False]), "bool_val", [True, False]),
        (np.complex64([1 + 2j]), "scomplex_val", [1, 2]),
        (np.complex128([1 + 2j]), "dcomplex_val", [1, 2]),
        (np.array(["é", b"\xff"], object), "string_val", ["é".encode(), b"\xff"]),
        (np.array(["ab", "c"]), "string_val", [b"ab", b"c"]),
    ],
)
def test_values_are_in_the_list_of_their_type(array, field, values):
    message = make_tensor_proto(array)
    assert list(getattr(message, field)) == values
    assert not message.tensor_content


def test_tensor_content_is_little_endian_and_row_major():
    array = np.arange(6, dtype=">i4").reshape(2, 3).T
    message = make_tensor_proto(array, as_tensor_content=True)
    assert np.frombuffer(message.tensor_content, "<i4").tolist() == [0, 3, 1, 4, 2, 5]
    assert make_ndarray(message).tolist() == array.tolist()


@pytest.mark.parametrize("dtype", [">f2", ">f4", ">f8", ">i2", ">i8", ">c8"])
def test_byte_order_and_strides_of_the_array_do_not_matter(dtype):
    array = np.arange(12).astype(dtype).reshape(3, 4)[::-1, ::2]
    assert np.array_equal(make_ndarray(make_tensor_proto(array)), array)


def test_strings_stay_in_string_val_when_content_is_asked_for():
    assert make_tensor_proto(["a"], as_tensor_content=True).string_val == [b"a"]


def test_a_string_with_a_trailing_zero_byte_is_kept_in_an_object_array():
    assert make_ndarray(make_tensor_proto(np.array(b"a\0", object))).item() == b"a\0"


@pytest.mark.parametrize("value", [None, 1.5, object()])
def test_an_object_array_of_other_things_is_refused(value):
    with pytest.raises(InvalidArgumentError, match=rf"holds str or bytes; received {type(value).__name__}"):
        make_tensor_proto(np.array([value], object))


def test_a_dtype_without_tensors_is_refused():
    with pytest.raises(InvalidArgumentError, match="TensorFlow has no tensors of datetime64"):
        make_tensor_proto(np.array(["2026-11-01"], "datetime64[D]"))


def test_an_array_beyond_two_gigabytes_is_refused():
    with pytest.raises(InvalidArgumentError, match=r"a message holds at most .* bytes; received 4294967296"):
        make_tensor_proto(np.broadcast_to(np.float32(0), (2**30,)))


@pytest.mark.parametrize("count", [1, 3, 100])
def test_the_last_value_fills_the_rest(count):
    back = make_ndarray(proto(1, 200, float_val=range(1, count + 1)))
    assert back.tolist() == [*range(1, count + 1), *[count] * (200 - count)]


def test_a_negative_zero_fills_as_a_negative_zero():
    assert np.signbit(make_ndarray(proto(1, 3, float_val=[-0.0]))).all()


@pytest.mark.parametrize(("dtype", "filler"), [(1, 0), (10, False), (14, 0), (8, 0), (24, 0), (29, 0), (7, b"")])
def test_no_values_mean_zeros_or_empty_strings(dtype, filler):
    back = make_ndarray(proto(dtype, 2, 2))
    assert back.tolist() == [[filler] * 2] * 2


def test_the_last_string_fills_the_rest():
    assert make_ndarray(proto(7, 3, string_val=[b"a", b"b"])).tolist() == [b"a", b"b", b"b"]


def test_a_reference_type_is_read_as_its_base():
    assert make_ndarray(proto(101, 2, float_val=[1, 2])).dtype == np.float32


def test_quantized_types_are_read_as_integers():
    assert make_ndarray(proto(11, 2, int_val=[-128, 127])).tolist() == [-128, 127]


@pytest.mark.parametrize("dtype", [26, 27, 28])
def test_all_float8_types_are_read_from_their_list_too(dtype):
    assert make_ndarray(proto(dtype, 2, float8_val=b"\0\0")).tolist() == [0, 0]


HOSTILE = {
    "unknown rank": (TensorProto(dtype=1, tensor_shape={"unknown_rank": True}), "the rank must be known|unknown_rank"),
    "negative size": (proto(1, 2, -1), r"every size must be at least 0; received \[2, -1\]"),
    "2**40 elements of one value": (proto(1, 2**40, float_val=[1]), r"would grow to 4398046511104 bytes; at most"),
    "2**40 elements of nothing": (proto(2, 2**40), "would grow to"),
    "2**40 strings": (proto(7, 2**40), "would grow to"),
    "product past 64 bits": (proto(1, 2**62, 2**62, 2**62), "would grow to"),
    "empty, but past NumPy": (proto(1, 0, 2**62, 2**62), r"NumPy cannot index"),
    "empty content, but past NumPy": (proto(4, 2**62, 0, 2**62), r"NumPy cannot index"),
    "rank 65": (proto(1, *[1] * 65), "the rank must be at most 64; received 65"),
    "rank 100000": (proto(1, *[2**62] * 100_000), "the rank must be at most 64"),
    "too many values": (proto(1, 2, float_val=[1, 2, 3]), r"shape \[2\] has 2 elements; received 3 values"),
    "too many strings": (proto(7, 0, string_val=[b"a"]), "has 0 elements; received 1 values"),
    "values for a scalar": (proto(3, int_val=[1, 2]), "has 1 elements; received 2 values"),
    "short content": (proto(1, 2, tensor_content=b"1234567"), "needs 8 bytes; received 7"),
    "long content": (proto(1, 2, tensor_content=b"123456789"), "needs 8 bytes; received 9"),
    "content for a huge shape": (proto(1, 2**40, tensor_content=b"1234"), "needs 4398046511104 bytes"),
    "content for strings": (proto(7, 1, tensor_content=b"a"), "a string tensor has its elements in string_val"),
    "resource": (proto(20), r"DT_RESOURCE \(20\) has no array form"),
    "variant": (proto(21), r"DT_VARIANT \(21\) has no array form"),
    "no dtype": (TensorProto(), r"DT_INVALID \(0\) has no array form"),
    "unknown dtype": (proto(77), "77 is not a number"),
    "odd complex": (proto(8, 1, scomplex_val=[1]), "pairs of a real and an imaginary part; received 1"),
    "uint8 of 256": (proto(4, 1, int_val=[256]), "every value must fit uint8; received up to 256"),
    "int8 of -129": (proto(6, 2, int_val=[0, -129]), "every value must fit int8"),
    "uint16 of -1": (proto(17, 1, int_val=[-1]), "every value must fit uint16"),
    "int4 of 8": (proto(29, 1, int_val=[8]), "every value must fit int4"),
    "half pattern of 17 bits": (proto(19, 1, half_val=[1 << 16]), "every value must fit uint16"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_refused(name):
    message, reason = HOSTILE[name]
    with pytest.raises(InvalidArgumentError, match=reason):
        make_ndarray(message)


def test_the_limit_of_growth_is_the_callers():
    message = proto(1, 100, float_val=[1])
    with pytest.raises(InvalidArgumentError, match="would grow to 400 bytes; at most 399"):
        make_ndarray(message, max_bytes=399)
    assert make_ndarray(message, max_bytes=400).sum() == 100


def test_a_message_that_spells_everything_out_is_not_limited():
    assert make_ndarray(make_tensor_proto(np.ones(9, np.float32)), max_bytes=0).sum() == 9


@given(st.binary(max_size=60))
def test_any_message_is_an_array_or_a_clear_refusal(data):
    message = TensorProto()
    with contextlib.suppress(DecodeError):
        message.MergeFromString(data)
    with contextlib.suppress(InvalidArgumentError):
        assert make_ndarray(message, max_bytes=2**16).flags.c_contiguous
