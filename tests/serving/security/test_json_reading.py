"""JSON files are read strictly, and errors name the place."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.serving.security._json_reading import (
    flag,
    items,
    load_json,
    number,
    optional,
    read_object,
    text,
    timestamp,
    whole,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=40)
@given(JSON)
def test_json_is_read_as_it_was_written(value):
    assert load_json(json.dumps(value).encode(), "f") == value


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"NaN", b"[Infinity]", b'{"a": 1, "a": 1}', b'{"a": {"b": 0, "b": 1}}', b"\xff", b"[" * 99999],
)
def test_what_is_not_strict_json_is_refused_with_the_files_name(content):
    with pytest.raises(InvalidArgumentError, match=r"^my\.json: must be JSON"):
        load_json(content, "my.json")


def test_a_key_that_stands_twice_is_named():
    with pytest.raises(InvalidArgumentError, match="the key 'b' stands twice"):
        load_json(b'{"a": [{"b": 0, "c": 1, "b": 0}]}', "f")


def test_an_object_has_the_keys_of_its_table():
    readers = {"a": text, "b": whole}
    assert read_object({"b": 1, "a": "x"}, "f", readers) == {"b": 1, "a": "x"}
    with pytest.raises(InvalidArgumentError, match=r"f: there is no key 'c'; the keys are \['a', 'b'\]"):
        read_object({"c": 1}, "f", readers)
    with pytest.raises(InvalidArgumentError, match=r"f: the key 'a' is missing; received \['b'\]"):
        read_object({"b": 1}, "f", readers, required=("a",))
    with pytest.raises(InvalidArgumentError, match=r"f: must be an object; received \[\]"):
        read_object([], "f", readers)


@pytest.mark.parametrize(
    ("reader", "good", "bad"),
    [
        (text, "x", ["", 1, None, ["x"]]),
        (flag, True, [1, "true", None]),
        (whole, 3, [3.5, True, "3", None]),
        (number, 3.5, [True, "3", None, 10**400]),
        (optional(whole), None, ["x"]),
        (items(text), [], ["x", {"a": 1}, [1]]),
        (timestamp, "2030-01-01T00:00:00+01:00", [5, "now", "2030-01-01", "2030-01-01T00:00:00"]),
    ],
)
def test_readers_take_their_kind_only(reader, good, bad):
    reader(good, "f.k")
    for value in bad:
        with pytest.raises(InvalidArgumentError, match=r"^f\.k(\[0\])?: must be"):
            reader(value, "f.k")


def test_a_long_value_is_shown_in_part():
    with pytest.raises(InvalidArgumentError) as caught:
        whole("x" * 5000, "f")
    assert len(str(caught.value)) < 200


@settings(max_examples=60)
@given(JSON, st.sampled_from([text, flag, whole, number, timestamp, items(text), optional(items(whole))]))
def test_a_reader_gives_a_value_or_the_documented_error(value, reader):
    with contextlib.suppress(InvalidArgumentError):
        reader(value, "f")
