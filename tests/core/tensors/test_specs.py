"""``tf.TensorSpec``."""

from __future__ import annotations

import pickle

import pytest

from tenon.core.tensors import TensorSpec, constant


def test_specs_are_equal_by_what_they_say():
    spec = TensorSpec([None, 2], "float32", "x")
    assert spec == TensorSpec((None, 2), float, "x")
    assert spec != TensorSpec([None, 2], "float32")
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert {spec: 1}[TensorSpec([None, 2], "float32", "x")] == 1


def test_what_fits():
    spec = TensorSpec([None, 2], "float32")
    assert spec.is_compatible_with(constant([[1.0, 2.0]]))
    assert spec.is_compatible_with([[1.0, 2.0]])
    assert not spec.is_compatible_with(constant([[1, 2]]))
    assert not spec.is_compatible_with(constant([1.0, 2.0]))


def test_wider_and_narrower_specs():
    wide, narrow = TensorSpec([None, 2], "float32"), TensorSpec([3, 2], "float32")
    assert narrow.is_subtype_of(wide)
    assert not wide.is_subtype_of(narrow)
    assert narrow.most_specific_compatible_type(TensorSpec([4, 2], "float32")) == wide
    with pytest.raises(ValueError, match="dtypes differ"):
        wide.most_specific_compatible_type(TensorSpec([None, 2], "int32"))


def test_specs_of_things():
    assert TensorSpec.from_tensor(constant([1, 2]), "x") == TensorSpec([2], "int32", "x")
    assert TensorSpec.from_spec(TensorSpec([2], "int32", "x")).name == "x"
