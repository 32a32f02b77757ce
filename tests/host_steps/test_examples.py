"""Serialized examples become arrays, as TensorFlow's ParseExampleV2 reads them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.formats import message_class
from tenon.host_steps import ExampleParser

Example = message_class("tensorflow.Example")
FLOATS, INTEGERS, STRINGS = np.dtype("float32"), np.dtype("int64"), np.dtype(object)
REQUIRED = {dtype: np.empty(0, dtype) for dtype in (FLOATS, INTEGERS, STRINGS)}
KINDS = {FLOATS: "float_list", INTEGERS: "int64_list", STRINGS: "bytes_list"}


def example(**features):
    message = Example()
    for name, (dtype, values) in features.items():
        getattr(message.features.feature[name], KINDS[dtype]).value.extend(values)
        getattr(message.features.feature[name], KINDS[dtype]).SetInParent()
    return message.SerializeToString()


def strings(*rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def parse(rows, dtype, shape=(), default=None, key="x"):
    parser = ExampleParser([key], [dtype], [shape], [REQUIRED[dtype] if default is None else np.array(default, dtype)])
    return parser(strings(*rows))[0]


VALUES = {
    FLOATS: st.floats(width=32, allow_nan=False),
    INTEGERS: st.integers(-(2**63), 2**63 - 1),
    STRINGS: st.binary(max_size=200),
}


@pytest.mark.parametrize("dtype", VALUES, ids=str)
@given(data=st.data())
def test_any_values_are_read(dtype, data):
    size = data.draw(st.integers(0, 40))
    rows = data.draw(st.lists(st.lists(VALUES[dtype], min_size=size, max_size=size), min_size=1, max_size=3))
    found = parse([example(x=(dtype, row)) for row in rows], dtype, (size,), None if size else ())
    if size:
        assert found.tolist() == rows
        assert found.dtype == dtype


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False), max_size=12).map(lambda row: row[: len(row) // 2 * 2])))
def test_rows_of_any_number_of_parts_are_padded_to_the_longest(rows):
    found = parse([example(x=(FLOATS, row)) for row in rows], FLOATS, (-1, 2), -1.0)
    longest = max(map(len, rows), default=0)
    assert found.shape == (len(rows), longest // 2, 2)
    assert found.reshape(len(rows), longest).tolist() == [row + [-1.0] * (longest - len(row)) for row in rows]


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused_or_read(data):
    for dtype in KINDS:
        try:
            parse([data], dtype)
        except InvalidArgumentError:
            continue
        assert Example.FromString(data).features.feature["x"].WhichOneof("kind") == KINDS[dtype]


@given(st.binary(max_size=12), st.sampled_from(list(KINDS)))
def test_arbitrary_bytes_in_the_place_of_a_list_are_refused_or_read(data, dtype):
    raw = message_class("tenon.RawExample")()
    setattr(raw.features.feature["x"], KINDS[dtype], data)
    serialized = raw.SerializeToString()
    for shape in ((), (2,), (-1,)):
        try:
            found = parse([serialized], dtype, shape, b"" if dtype == STRINGS and shape == (-1,) else None)
        except (InvalidArgumentError, ValueError):
            continue
        values = getattr(Example.FromString(serialized).features.feature["x"], KINDS[dtype]).value
        np.testing.assert_array_equal(found.ravel(), np.array(list(values) or [], dtype))


def test_a_row_by_itself_has_no_batch():
    parser = ExampleParser(["x"], [FLOATS], [(2,)], [REQUIRED[FLOATS]])
    assert parser(np.array(example(x=(FLOATS, [1, 2])), object))[0].tolist() == [1, 2]


def test_numbers_that_are_not_packed_are_read():
    floats = b"\x0d\x00\x00\x80\x3f" * 2
    assert parse([b"\n\x13\n\x11\n\x01x\x12\x0c\x12\x0a" + floats], FLOATS, (2,)).tolist() == [[1.0, 1.0]]


def test_the_last_of_two_features_with_one_name_counts():
    context, row = example(x=(INTEGERS, [1]), y=(INTEGERS, [5])), example(x=(INTEGERS, [2]))
    assert parse([context + row], INTEGERS).tolist() == [2]
    assert parse([context + row], INTEGERS, key="y").tolist() == [5]


def test_defaults_stand_for_what_is_missing():
    rows = [example(), example(x=(FLOATS, [1, 2])), b"\n\x07\n\x05\n\x01x\x12\x00"]
    assert parse(rows, FLOATS, (2,), [[8, 9]]).tolist() == [[8, 9], [1, 2], [8, 9]]
    assert parse([example()], STRINGS, (), b"none").tolist() == [b"none"]


REFUSED = {
    "missing": ([example()], FLOATS, (), "Feature: x .data type: float32. is required but could not be found"),
    "other type": ([example(x=(INTEGERS, [1]))], FLOATS, (), "Data type: int64 but expected type: float32"),
    "too many": ([example(x=(FLOATS, [1, 2]))], FLOATS, (), "Number of float32 values != expected.*size: 2"),
    "too few": ([example(x=(STRINGS, [b"a"]))], STRINGS, (2,), r"Values size: 1 but output shape: \[2\]"),
    "none": ([example(x=(INTEGERS, []))], INTEGERS, (), "Values size: 0"),
    "uneven parts": ([example(x=(FLOATS, [1]))], FLOATS, (-1, 2), "not a multiple of stride length. Saw 1 values"),
    "no message": ([b"\xff"], FLOATS, (), "Could not parse example input, value: b'.xff'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_row_that_does_not_fit_is_refused(case):
    rows, dtype, shape, reason = REFUSED[case]
    with pytest.raises(InvalidArgumentError, match=reason):
        parse(rows, dtype, shape, 0 if shape[:1] == (-1,) else None)


def test_examples_must_be_a_vector():
    with pytest.raises(InvalidArgumentError, match="Expected serialized to be a scalar or vector"):
        ExampleParser(["x"], [FLOATS], [()], [REQUIRED[FLOATS]])(np.empty((1, 1), object))
