"""Structures survive the way into the file and back."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.base import TensorSpec as PlainSpec
from tenon.formats import message_class
from tenon.saved_model._decoding import decoded
from tenon.saved_model._structures import FullArgSpec, encoded, function_spec, plain_shape, spec_proto

Point = namedtuple("Point", "x y")

SPECS = st.builds(
    tf.TensorSpec,
    st.none() | st.lists(st.none() | st.integers(0, 9), max_size=3),
    st.sampled_from([tf.float32, tf.int64, tf.bool, tf.bfloat16, tf.string, tf.complex128]),
    st.none() | st.text(min_size=1, max_size=5),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | SPECS
    | st.sampled_from([tf.int8, tf.float64])
)
STRUCTURES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)


def alike(one, other):
    """Compare structures: named tuples are read as others of the same name."""
    if isinstance(one, dict):
        return isinstance(other, dict) and set(one) == set(other) and all(alike(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        kind = list if isinstance(one, list) else tuple
        same = isinstance(other, kind) and getattr(one, "_fields", 0) == getattr(other, "_fields", 0)
        return same and len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and one == other


@given(STRUCTURES)
def test_a_structure_is_read_as_it_was_written(structure):
    proto = message_class("tensorflow.StructuredValue").FromString(encoded(structure).SerializeToString())
    assert alike(structure, decoded(proto))


@pytest.mark.parametrize("value", [object(), 2**63, {1: 2}, b"bytes", np.float32(1), {"a": [len]}, 1j])
def test_what_has_no_place_in_the_file_is_refused(value):
    with pytest.raises(InvalidArgumentError, match="cannot stand in a SavedModel"):
        encoded(value)


def test_what_tenon_does_not_write_is_not_restored():
    proto = message_class("tensorflow.StructuredValue")()
    proto.type_spec_value.SetInParent()
    with pytest.raises(UnimplementedError, match="type_spec_value"):
        decoded(proto)


def test_specs_of_either_kind_are_written_alike():
    assert encoded(PlainSpec((None, 2), "float32", "x")) == encoded(tf.TensorSpec([None, 2], tf.float32, "x"))
    assert plain_shape(tf.TensorShape(None)) is None
    assert plain_shape(tf.TensorShape([1, None])) == plain_shape((1, None)) == (1, None)


def test_parameters_have_tensorflows_form():
    spec = function_spec(["a", "b"])
    assert decoded(spec.fullargspec).args == ["a", "b"]
    assert decoded(spec.input_signature) is None
    stated = spec_proto(FullArgSpec(["x"], defaults=(1,)), (tf.TensorSpec([]),))
    assert decoded(stated.fullargspec).defaults == (1,)
    assert decoded(stated.input_signature) == (tf.TensorSpec([]),)
