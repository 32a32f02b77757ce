import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.strings import length, lower, strip, substr, to_number, upper
from tenon.core.tensors import constant


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_lengths_are_those_of_bytes_and_of_characters(text):
    assert length(text).numpy() == len(text.encode())
    assert length(text, unit="UTF8_CHAR").numpy() == len(text)


def test_lengths_are_of_32_bits():
    assert length(["a", ""]).dtype == "int32"
    with pytest.raises(InvalidArgumentError, match="unit: must be one of 'BYTE', 'UTF8_CHAR'; received 'CHAR'"):
        length("a", unit="CHAR")


@given(st.binary())
def test_case_without_encoding_is_that_of_ascii(data):
    assert lower(data).numpy() == data.lower()
    assert upper(data).numpy() == data.upper()


def test_case_with_an_encoding_is_that_of_unicode():
    assert lower("ÉΣ", encoding="utf-8").numpy().decode() == "éς"
    assert upper("éß", encoding="utf-8").numpy().decode() == "ÉSS"
    with pytest.raises(InvalidArgumentError, match="encoding: must be one of '', 'utf-8'; received 'latin1'"):
        upper("a", encoding="latin1")


def test_shapes_are_kept():
    assert strip([[" a "], ["b\n"]]).numpy().tolist() == [[b"a"], [b"b"]]


@given(st.text(alphabet="aéж😀", max_size=8), st.integers(-8, 8), st.integers(0, 9))
def test_parts_are_pythons_slices(text, position, count):
    if not -len(text) <= position <= len(text):
        with pytest.raises(InvalidArgumentError, match=f"pos {position} out of range for string at index 0"):
            substr(text, position, count, unit="UTF8_CHAR")
        return
    start = position % len(text) if position < 0 else position
    assert substr(text, position, count, unit="UTF8_CHAR").numpy().decode() == text[start : start + count]


def test_parts_broadcast():
    assert substr(["hello", "abc"], [1, 2], [2, 1]).numpy().tolist() == [b"el", b"c"]
    assert substr("hello", [[1], [2]], [[1], [1]]).numpy().tolist() == [[b"e"], [b"l"]]
    with pytest.raises(InvalidArgumentError, match=r"pos and len should have the same shape, got: \[\] vs. \[2\]"):
        substr(["hello", "abc"], 1, [2, 1])
    with pytest.raises(InvalidArgumentError, match="Incompatible shapes"):
        substr(["a", "b"], [1, 1, 0], [1, 1, 1])


@given(st.floats(width=32))
def test_floats_are_read_as_python_writes_them(number):
    np.testing.assert_array_equal(to_number(repr(number)).numpy(), np.float32(number))


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_read_exactly(number):
    assert to_number(f" {number}\n", "int64").numpy() == number


@pytest.mark.parametrize("text", ["", "1_0", "1e", "0x", "a", "1 2", "--1", "1\0"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InvalidArgumentError, match="StringToNumberOp could not correctly convert string"):
        to_number([text])
    with pytest.raises(InvalidArgumentError, match="StringToNumberOp could not correctly convert string"):
        to_number([text], "int32")


def test_numbers_stay_within_their_dtype():
    with pytest.raises(InvalidArgumentError, match="could not correctly convert string: 3000000000"):
        to_number("3000000000", "int32")
    assert to_number("3000000000", "uint32").numpy() == 3000000000
    assert to_number(["1e39"]).numpy() == np.inf
    with pytest.raises(InvalidArgumentError, match="out_type: must be one of float32, float64"):
        to_number("1", "uint8")


def test_numbers_are_no_strings():
    with pytest.raises(TypeError, match="Cannot convert 5 to EagerTensor of dtype string"):
        length(5)
    with pytest.raises(ValueError, match="expected to be a string tensor but is a int32 tensor"):
        length(constant(5))
