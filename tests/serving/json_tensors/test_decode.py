"""Bodies of :predict, row and columnar."""

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tenon.base import InvalidArgumentError, TenonError, TensorSpec, UnimplementedError
from tenon.serving.json_tensors._decode import PredictForm, decode_inputs, parse_predict_body

ONE = {"x": TensorSpec((None,), np.float32)}
TEXT = {"x": TensorSpec((None,), object)}
TWO = {"a": TensorSpec((None,), np.float32), "b": TensorSpec((None,), np.int32)}


def decode(body, specs=ONE):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {name: array.tolist() for name, array in decode_inputs(parse_predict_body(text), specs).items()}


@pytest.mark.parametrize(
    ("body", "specs", "wanted"),
    [
        ({"instances": [1, 2.5]}, ONE, {"x": [1, 2.5]}),
        ({"instances": [[1, 2], [3, 4]]}, ONE, {"x": [[1, 2], [3, 4]]}),
        ({"instances": [{"x": 1}, {"x": 2}]}, ONE, {"x": [1, 2]}),
        ({"instances": [{"x": [1]}], "more": "ignored", "and": [True]}, ONE, {"x": [[1]]}),
        ({"instances": ["a", {"b64": "/w=="}]}, TEXT, {"x": [b"a", b"\xff"]}),
        ({"instances": [{"b64": "/w=="}, "a"]}, TEXT, {"x": [b"\xff", b"a"]}),
        ({"instances": [{"x": {"b64": "/w=="}}]}, TEXT, {"x": [b"\xff"]}),
        ({"instances": [{"b": 1, "a": 1.5}, {"a": 2, "b": 2}]}, TWO, {"a": [1.5, 2], "b": [1, 2]}),
        ({"inputs": [1, 2]}, ONE, {"x": [1, 2]}),
        ({"inputs": 1.5}, ONE, {"x": 1.5}),
        ({"inputs": []}, ONE, {"x": []}),
        ({"inputs": {"b64": "/w=="}}, TEXT, {"x": b"\xff"}),
        ({"inputs": {"x": [[1]]}}, ONE, {"x": [[1]]}),
        ({"inputs": {"x": [1], "y": ["ignored"]}}, ONE, {"x": [1]}),
        ({"inputs": {"a": [[1]], "b": 2}}, TWO, {"a": [[1]], "b": 2}),
        (b'{"instances": [NaN, -Inf]} trailing', ONE, {"x": [pytest.approx(np.nan, nan_ok=True), -np.inf]}),
    ],
)
def test_every_form_gives_its_tensors(body, specs, wanted):
    assert decode(body, specs) == wanted


def test_the_signature_name_is_read():
    assert parse_predict_body(b'{"instances": [1]}').signature_name == ""
    body = parse_predict_body(b'{"signature_name": "s", "inputs": 1}')
    assert (body.signature_name, body.form) == ("s", PredictForm.COLUMNAR)


@pytest.mark.parametrize(
    ("body", "specs", "message"),
    [
        ([1], ONE, r"JSON Value: \[1\] Is not object"),
        ({}, ONE, "Missing 'inputs' or 'instances' key"),
        ({"instances": [1], "inputs": [1]}, ONE, "one of 'inputs' and 'instances', not both"),
        ({"instances": {"x": 1}}, ONE, "list of at least one element under 'instances'"),
        ({"instances": []}, ONE, "list of at least one element under 'instances'"),
        ({"instances": None}, ONE, "list of at least one element under 'instances'"),
        ({"instances": [1], "signature_name": 5}, ONE, "'signature_name' must be a string"),
        ({"instances": [1], "signature_name": None}, ONE, "'signature_name' must be a string"),
        ({"instances": [1]}, TWO, r"instances is a plain list, but the signature has 2 inputs.*\{a,b\}"),
        ({"inputs": [1]}, TWO, "inputs is a plain value or list, but the signature has 2 inputs"),
        (
            {"instances": [{"a": 1}]},
            TWO,
            "Failed to process element: 0 of 'instances' list.*keys must be equal to: a,b",
        ),
        ({"instances": [{"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}]}, TWO, "Failed to process element: 1 "),
        ({"instances": [{"a": 1, "b": 1}, 2]}, TWO, "Failed to process element: 1 of 'instances' list. JSON object: 2"),
        ({"instances": [{"x": 1}, {"z": 1}]}, ONE, "Failed to process element: 1 .* keys must be equal to: x"),
        (
            {"instances": [1, {"x": 1}]},
            ONE,
            "Failed to process element: 1 of .*Type: Object is not of expected type: f",
        ),
        ({"inputs": {"a": [1]}}, TWO, "Missing named input: b in 'inputs' object"),
        ({"inputs": {"a": [1], "b": ["q"]}}, TWO, "Type: String is not of expected type: int32.*input 'b'"),
        ({"inputs": [[1], [2, 3]]}, ONE, "unexpected size: 2 at level: 1 expected size: 1"),
        (
            {"instances": [1, 2, "q"]},
            ONE,
            "^Failed to process element: 2 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: \"q\" Type",
        ),
        (
            {"instances": [{"a": 1, "b": 1}, {"a": True, "b": 1}]},
            TWO,
            "^Failed to process element: 1 key: a of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: true",
        ),
        ({"instances": [[1, 2], [1, 2], [3]]}, ONE, r"element: 2 .*Expecting shape \[2\].*but got: \[1\]"),
        ({"instances": [[1], 2]}, ONE, r"element: 1 .*Expecting shape \[1\].*but got: \[\]"),
        ({"instances": [[1, [2]]]}, ONE, "element: 0 .*unexpected level: 1"),
    ],
)
def test_what_breaks_a_rule_is_named(body, specs, message):
    with pytest.raises(InvalidArgumentError, match=message):
        decode(body, specs)


@pytest.mark.parametrize("body", [{"instances": [1]}, {"inputs": [1]}, {"inputs": {"x": 1}}, {"instances": [{"x": 1}]}])
def test_a_dtype_that_json_lacks_is_unimplemented_in_every_form(body):
    with pytest.raises(UnimplementedError, match="Conversion of JSON Value: "):
        decode(body, {"x": TensorSpec((None,), np.float16)})


@pytest.mark.parametrize("odd", ["true", "false", "null", '"1"', '["1"]', '{"b64": "MQ=="}', "{}"])
@pytest.mark.parametrize("form", ['{"instances": [1, %s]}', '{"inputs": [1, %s]}', '{"inputs": {"x": [1, %s]}}'])
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_nothing_but_a_number_passes_for_a_number(odd, form, dtype):
    with pytest.raises(InvalidArgumentError, match=r"Type: |level: 1"):
        decode((form % odd).encode(), {"x": TensorSpec((None,), dtype)})


def test_strings_hidden_among_escaped_keys_do_not_pass_for_numbers():
    """The proof that a body holds numbers alone counts quotes; escaped quotes must not help to pass it."""
    body = rb'{"instances": [{"a\"b": 1}, {"a\"b": "1"}]}'
    with pytest.raises(InvalidArgumentError, match=r"element: 1 .*Type: String"):
        decode(body, {'a"b': ONE["x"]})
    with pytest.raises(InvalidArgumentError, match=r"element: 0 .*Type: String"):
        decode(b'{"instances": ["1"], "instances": ["1"]}')


@given(
    npst.arrays(np.float32, npst.array_shapes(max_dims=3, max_side=4), elements={"allow_nan": False}),
    st.sampled_from(["instances", "inputs"]),
)
def test_a_batch_of_floats_comes_back_from_both_forms(array, key):
    text = json.dumps({key: array.tolist()}).encode()
    made = decode_inputs(parse_predict_body(text), ONE)["x"]
    assert made.dtype == np.float32
    assert np.array_equal(made, array)


@given(st.integers(1, 40), st.data())
def test_the_first_element_that_breaks_a_rule_is_found(size, data):
    values = [[1, 2] for _ in range(size)]
    bad = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))
    for index in bad:
        values[index] = data.draw(st.sampled_from(["q", [1, True], [[1], 2]]))
    with pytest.raises(InvalidArgumentError, match=rf"^Failed to process element: {bad[0]} of"):
        decode({"instances": values})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just({"b64": "AA=="}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abx"), inner, max_size=3),
)


@given(st.sampled_from(["instances", "inputs"]), ANYTHING, st.sampled_from([ONE, TEXT, TWO]))
def test_no_json_raises_anything_but_a_tenon_error(key, value, specs):
    with suppress(TenonError):
        arrays = decode_inputs(parse_predict_body(json.dumps({key: value}).encode()), specs)
        assert {name: array.dtype for name, array in arrays.items()} == {n: spec.dtype for n, spec in specs.items()}


@given(st.binary() | st.binary().map(lambda tail: b'{"instances": ' + tail))
def test_no_bytes_raise_anything_but_a_tenon_error(body):
    with suppress(TenonError):
        decode_inputs(parse_predict_body(body), ONE)
