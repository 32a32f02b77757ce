"""Text to values: as tolerant as rapidjson, and never caught out by a hostile body."""

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, TenonError
from tenon.serving.json_tensors._parse import debug_json, json_type_name, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_whatever_json_writes_is_read_back(value):
    assert parse_json(json.dumps(value).encode()) == value


@given(JSON, st.sampled_from([b" ", b"x", b"}", b"[", b"\x00", b'"']))
def test_what_follows_the_object_is_ignored(value, rest):
    assert parse_json(json.dumps({"a": value}).encode() + rest) == {"a": value}


@given(st.binary() | st.text(alphabet='{}[]",:\\uNaInfity-+.0123456789eE \n\t').map(str.encode))
def test_no_bytes_raise_anything_but_a_tenon_error(body):
    with suppress(TenonError):
        parse_json(body)


@pytest.mark.parametrize(
    ("token", "value"),
    [
        (b"NaN", math.nan),
        (b"-NaN", math.nan),
        (b"Infinity", math.inf),
        (b"-Infinity", -math.inf),
        (b"Inf", math.inf),
        (b"-Inf", -math.inf),
        (b"1e999", math.inf),
        (b"-1e999", -math.inf),
    ],
)
def test_the_tokens_that_json_lacks_are_read(token, value):
    assert repr(parse_json(b'{"x": [1, ' + token + b"]}")) == repr({"x": [1, value]})


def test_tokens_inside_strings_stay_text():
    assert parse_json(b'["Inf -NaN \\" Inf", Inf, "a\\\\"]') == ['Inf -NaN " Inf', math.inf, "a\\"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b" \n\t ", "JSON Parse error: The document is empty"),
        (b'{"a": }', "JSON Parse error: .* at offset: 6"),
        (b'{"a": 1', "JSON Parse error: .* at offset: 7"),
        ('{"é": }'.encode(), "JSON Parse error: .* at offset: 7"),
        (b"nul", "JSON Parse error: .* at offset: 0"),
        (b'"\xff"', "JSON Parse error: Invalid encoding in string at offset: 1"),
        (b'"\\ud800"', "JSON Parse error: The surrogate pair in string is invalid at offset: 0"),
        (b'{"\\udc00": NaN}', "surrogate"),
        (b"[" * 500_000, "JSON Parse error: The values are nested too deep"),
        (b'{"a":' * 500_000, "nested too deep"),
        (b"[" * 500_000 + b"]" * 500_000, "nested too deep"),
        (b"9" * 5000, "JSON Parse error: A number has too many digits"),
        (b'"Inf' + b'\\"' * 500_000, "JSON Parse error: Unterminated string"),
    ],
)
def test_a_body_that_is_no_json_is_refused_with_its_offset(body, message):
    with pytest.raises(InvalidArgumentError, match=message):
        parse_json(body)


def test_a_byte_order_mark_is_skipped():
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("value", [{"a": [1, None, True]}, "é", 1.5, [], {}, [[]]])
def test_a_short_value_is_shown_whole(value):
    assert debug_json(value) == json.dumps(value, ensure_ascii=False)


def test_a_long_or_deep_value_is_cut_at_256_characters():
    deep = parse_json(b"[" * 900 + b"]" * 900)
    for value in ("x" * 10_000, list(range(10_000)), {str(i): i for i in range(10_000)}, deep):
        assert len(debug_json(value)) == 256 + len("...")


def test_types_have_rapidjson_s_names():
    values = [None, True, False, {}, [], "", 1, 1.5]
    names = ["Null", "True", "False", "Object", "Array", "String", "Number", "Number"]
    assert list(map(json_type_name, values)) == names
