from __future__ import annotations

import inspect

import pytest

import tenon as tf
from tenon.core.operations import Operation, signature_of
from tenon.core.operations._row import parsed


def test_marks_tell_tensors_from_values():
    parameters = parsed("x: T, y: [U], i: index, axis=None, dtype: dtype = tf.int64, like: value = None")
    assert [p.kind for p in parameters] == ["T", "U", "index", None, "dtype", "value", None]
    assert [p.many for p in parameters] == [False, True, False, False, False, False, False]
    assert [p.name for p in parameters if p.is_tensor] == ["x", "y", "i"]
    assert [p.name for p in parameters if p.is_attribute] == ["axis", "dtype", "like"]


def test_the_name_comes_last_unless_the_signature_places_it():
    assert [p.name for p in parsed("x: T")] == ["x", "name"]
    assert [p.name for p in parsed("x: T, name='diag', k=0")] == ["x", "name", "k"]


def test_a_star_takes_tensors_one_by_one():
    equation, inputs, optimize, name = parsed("equation, *inputs: [T], optimize=True")
    assert inputs.many
    assert inputs.form is inspect.Parameter.VAR_POSITIONAL
    assert {optimize.form, name.form} == {inspect.Parameter.KEYWORD_ONLY}
    assert equation.default is None


def test_the_signature_is_the_public_functions():
    row = Operation(("x.y", "y"), parsed("x: T, dtype: dtype = tf.int64, axis=None"), abs, "Returns.", "1")
    assert str(signature_of(row)) == "(x, dtype=tf.int64, axis=None, name=None)"
    assert row.name == "x.y"
    assert [p.name for p in row.tensors] == ["x"]
    assert [p.name for p in row.attributes] == ["dtype", "axis"]


def test_rows_do_not_change():
    row = Operation(("x.y",), parsed("x: T"), abs, "Returns.", "1")
    with pytest.raises(AttributeError):
        row.summary = "Other."


def test_arguments_are_bound_as_python_binds_them():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
        tf.add(1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        tf.add(1, 2, z=3)
    assert tf.add(y=1, x=2, name="sum").numpy() == 3
