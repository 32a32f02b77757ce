"""Bodies of :classify and :regress: examples in, results out."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.formats import message_class
from tenon.serving.json_tensors import encode_classifications, encode_regressions, parse_examples_body


def features(text):
    body = parse_examples_body(text if isinstance(text, bytes) else json.dumps(text).encode())
    messages = [message_class("tensorflow.Example").FromString(example) for example in body.examples]
    return [
        {
            name: (feature.WhichOneof("kind"), list(getattr(feature, feature.WhichOneof("kind") or "bytes_list").value))
            for name, feature in message.features.feature.items()
        }
        for message in messages
    ]


@pytest.mark.parametrize(
    ("value", "feature"),
    [
        (1, ("int64_list", [1])),
        (-(2**63), ("int64_list", [-(2**63)])),
        (1.0, ("float_list", [1.0])),
        (1e300, ("float_list", [float("inf")])),
        (True, ("int64_list", [1])),
        ([1, False], ("int64_list", [1, 0])),
        ([1.5, 2.0], ("float_list", [1.5, 2.0])),
        ("text", ("bytes_list", [b"text"])),
        (["é", {"b64": "/w=="}], ("bytes_list", ["é".encode(), b"\xff"])),
        ([], (None, [])),
    ],
)
def test_values_become_the_list_of_their_kind(value, feature):
    assert features({"examples": [{"x": value}]}) == [{"x": feature}]


def test_not_a_number_is_a_number():
    ((kind, values),) = features(b'{"examples": [{"x": [NaN, -Infinity]}]}')[0].values()
    assert (kind, np.isnan(values[0]), values[1]) == ("float_list", True, -np.inf)


def test_the_context_stands_in_front_of_every_example():
    found = features({"context": {"a": 1, "b": 2}, "examples": [{"b": 3}, {}]})
    assert found == [
        {"a": ("int64_list", [1]), "b": ("int64_list", [3])},
        {k: ("int64_list", [v]) for k, v in (("a", 1), ("b", 2))},
    ]


def test_other_keys_are_ignored():
    body = parse_examples_body(b'{"examples": [{}], "signature_name": "s", "more": 1}')
    assert (body.signature_name, len(body.examples)) == ("s", 1)


REFUSED = {
    "no JSON": (b"{", "JSON Parse error: "),
    "no object": ([], "JSON Value: [] Is not object"),
    "no examples": ({}, "When method is classify, key 'examples' is expected and was either missing or not an array"),
    "examples of another type": ({"examples": {}}, "When method is classify, key 'examples' is expected"),
    "empty": ({"examples": []}, "When method is classify, key 'examples' is expected"),
    "an example of another type": ({"examples": [[1]]}, "Example must be JSON object but got JSON Type: Array"),
    "a context of another type": (
        {"context": 1, "examples": [{}]},
        "Example must be JSON object but got JSON Type: Num",
    ),
    "signature_name": (
        {"examples": [{}], "signature_name": 1},
        'JSON Value: {"examples": [{}], "signature_name": 1} not',
    ),
    "null": ({"examples": [{"x": None}]}, "Feature: x: JSON Value: null Type: Null is not supported."),
    "nested": ({"examples": [{"x": [[1]]}]}, "Feature: x: JSON Value: [1] Type: Array is not supported."),
    "mixed": ({"examples": [{"x": [1, 2.5]}]}, "Feature: x: JSON Value: [1, 2.5] mixes values of different kinds."),
    "text and numbers": ({"examples": [{"x": ["a", 2]}]}, 'Feature: x: JSON Value: ["a", 2] mixes values'),
    "too large": ({"examples": [{"x": 2**63}]}, "Feature: x: 9223372036854775808 is no int64."),
    "no base64": ({"examples": [{"x": {"b64": "?"}}]}, "Unable to base64 decode JSON Value: "),
    "an object": ({"examples": [{"x": {"y": 1}}]}, 'JSON Value: {"y": 1} not formatted correctly for base64 data'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_body_is_refused(case):
    body, reason = REFUSED[case]
    with pytest.raises(InvalidArgumentError) as caught:
        features(body)
    assert caught.value.message.startswith(reason)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["examples", "context", "signature_name"]), JSON))
def test_any_json_is_read_or_refused(document):
    with contextlib.suppress(InvalidArgumentError):
        parse_examples_body(json.dumps(document).encode())


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data):
    for body in (data, b'{"examples": [' + data):
        with pytest.raises(InvalidArgumentError):
            parse_examples_body(body)


@given(st.lists(st.floats(width=32), min_size=1))
def test_numbers_are_the_same_after_json(values):
    found = json.loads(encode_regressions(np.float32(values)))["results"]
    np.testing.assert_array_equal(np.float32(found), np.float32(values))


def test_classifications_are_pairs():
    row = [(b"cat", np.float32(0.1)), (b"", np.float32("nan")), ("é".encode(), np.float32("-inf"))]
    text = encode_classifications([row, row[:1]])
    assert text.decode() == '{"results":[[["cat",0.1],["",NaN],["é",-Infinity]],[["cat",0.1]]]}'
    assert encode_classifications([row[:1]]) == b'{"results":[[["cat",0.1]]]}'


def test_labels_must_be_text():
    with pytest.raises(InvalidArgumentError, match="classes must be UTF-8 text"):
        encode_classifications([[(b"\xff", np.float32(1))]])
