import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.strings import as_string, format_strings, tensor_text
from tenon.core.tensors import constant


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_written_whole(number):
    assert as_string(np.int64(number)).numpy() == str(number).encode()


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        (3.14159, {}, b"3.141590"),
        (3.14159, {"precision": 2}, b"3.14"),
        (3.14159, {"scientific": True}, b"3.141590e+00"),
        (1e20, {"shortest": True}, b"1e+20"),
        (-5.0, {"width": 10, "fill": "0"}, b"-05.000000"),
        (5, {"width": 4, "fill": "-"}, b"5   "),
        (5, {"width": 4, "fill": "+"}, b"  +5"),
        (float("nan"), {"width": 5, "fill": "0"}, b"  nan"),
        (1 + 2j, {"precision": 1}, b"(1.0,2.0)"),
        (True, {}, b"true"),
        ("a", {"width": 3}, b"  a"),
        (b"\xff", {}, b"\xff"),
    ],
)
def test_values_are_written_as_printf_writes_them(value, options, expected):
    assert as_string(value, **options).numpy() == expected


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (1.0, {"fill": "00"}, "one or fewer characters; received '00'"),
        (1.0, {"fill": "x"}, 'Fill argument not supported: "x"'),
        (1.0, {"scientific": True, "shortest": True}, "Cannot select both scientific and shortest"),
        (1, {"precision": 2}, "precision not supported for datatype int32"),
        (True, {"shortest": True}, "scientific and shortest format not supported for datatype bool"),
    ],
)
def test_options_that_do_not_fit_are_refused(value, options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        as_string(value, **options)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5"),
        (True, "1"),
        ([0.1, 1e-8, 12345678.0], "[0.1 1e-08 12345678]"),
        (np.array([1 / 3]), "[0.33333333333333331]"),
        ([[1, 2], [3, 4]], "[[1 2]\n [3 4]]"),
        ([[[1], [2]], [[3], [4]]], "[[[1]\n  [2]]\n\n [[3]\n  [4]]]"),
        (["a", 'b"\n\x01'], '["a" "b\\"\\n\\001"]'),
        ([1j], "[?]"),
        ([], "[]"),
        (np.arange(7), "[0 1 2 ... 4 5 6]"),
    ],
)
def test_tensors_are_shown_as_tensorflow_prints_them(value, expected):
    assert tensor_text(constant(value)) == expected


def test_how_much_is_shown_can_be_said():
    assert tensor_text(np.arange(4), summarize=1) == "[0 ... 3]"
    assert tensor_text(np.arange(9), summarize=-1) == "[0 1 2 3 4 5 6 7 8]"


def test_templates_show_tensors_at_their_placeholders():
    shown = format_strings("a % b %", [constant(1), constant(["x"])], placeholder="%")
    assert shown.numpy() == b'a 1 b ["x"]'
    with pytest.raises(ValueError, match="The template expects 2 tensors, but the inputs only has 1"):
        format_strings("{} {}", constant(1))
