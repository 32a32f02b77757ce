from __future__ import annotations

import pytest

from tenon.compat._dimension import Dimension, DimensionShape, UnknownDimension, dimension_at_index, dimension_value
from tenon.core.tensors import TensorShape


def test_a_known_dimension_is_an_integer_with_a_value():
    assert Dimension(3) + 1 == 4
    assert Dimension(3).value == 3
    assert [0] * Dimension(2) == [0, 0]


def test_arithmetic_with_an_unknown_dimension_gives_another():
    unknown = Dimension(None)
    assert isinstance(unknown, UnknownDimension)
    assert (unknown * 2).value is None
    assert (3 + unknown).value is None
    assert (unknown // 2).value is None


def test_an_unknown_dimension_is_none_and_compares_to_nothing_else():
    unknown = Dimension(None)
    assert unknown == None  # noqa: E711
    assert (unknown == 3) is None
    with pytest.raises(TypeError, match="non-int"):
        int(unknown)


def test_a_shape_of_dimensions_gives_dimensions():
    shape = DimensionShape([None, 4])
    assert [size.value for size in shape] == [None, 4]
    assert shape[1:].as_list() == [4]
    assert shape.dims[1].value == 4
    assert DimensionShape(None).dims is None


def test_sizes_of_both_kinds_become_pythons_integers():
    assert dimension_value(Dimension(3)) == dimension_value(3) == 3
    assert dimension_value(None) is None
    assert dimension_value(Dimension(None)) is None
    assert dimension_at_index(TensorShape([2, 5]), 1).value == 5
