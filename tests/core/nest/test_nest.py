"""``tf.nest``."""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.core.nest import (
    assert_same_structure,
    flatten,
    flatten_with_paths,
    is_nested,
    map_structure,
    map_up_to,
    pack_sequence_as,
)

LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.none(), st.booleans())
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
    ),
    max_leaves=12,
)


class Point(NamedTuple):
    x: Any
    y: Any


class Custom:
    def __init__(self, parts, label):
        self.parts, self.label = parts, label

    def __tf_flatten__(self):
        return (self.label,), tuple(self.parts)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        return cls(list(components), *metadata)


class Ragged:
    """A composite value."""

    def __init__(self, values, splits):
        self.values, self.splits = values, splits

    def __tf_components__(self):
        return [self.values, self.splits]

    def __tf_from_components__(self, parts):
        return Ragged(*parts)


@given(NESTED)
def test_what_is_taken_apart_can_be_put_together(structure):
    assert pack_sequence_as(structure, flatten(structure)) == structure


@given(NESTED)
def test_paths_lead_to_the_leaves_in_the_order_of_flatten(structure):
    found = flatten_with_paths(structure)
    assert [leaf for _, leaf in found] == flatten(structure)
    for path, leaf in found:
        assert eval(f"structure{path}", {"structure": structure}) is leaf


@given(NESTED)
def test_a_structure_has_the_structure_of_itself(structure):
    assert_same_structure(structure, structure)
    assert map_structure(lambda a, b: a == b, structure, structure) == map_structure(lambda _: True, structure)


def test_mappings_are_taken_in_the_order_of_sorted_keys_and_keep_their_own():
    given_ = collections.OrderedDict(b=1, a=2)
    assert flatten(given_) == [2, 1]
    packed = pack_sequence_as(given_, [20, 10])
    assert packed == collections.OrderedDict(b=10, a=20)
    assert list(packed) == ["b", "a"]


def test_a_default_dict_keeps_its_factory():
    given_ = collections.defaultdict(list, a=[1])
    packed = pack_sequence_as(given_, [2])
    assert packed == {"a": [2]}
    assert packed["new"] == []


def test_a_named_tuple_and_a_subclass_of_list_keep_their_type():
    class Mine(list):
        pass

    assert pack_sequence_as(Point(0, [0]), [1, 2]) == Point(1, [2])
    assert type(pack_sequence_as(Mine([0]), [1])) is Mine


def test_arrays_texts_and_none_are_leaves():
    array = np.ones(2)
    assert flatten(["text", None, array]) == ["text", None, array]
    assert [is_nested(value) for value in ("text", None, array, [], {}, Point(1, 2))] == [False] * 3 + [True] * 3


def test_objects_may_say_how_they_are_taken_apart():
    packed = pack_sequence_as(Custom([1, 2], "label"), [3, 4])
    assert (packed.parts, packed.label) == ([3, 4], "label")


def test_composite_values_are_taken_apart_only_where_that_is_asked():
    ragged = Ragged(1, 2)
    assert flatten([ragged]) == [ragged]
    assert flatten([ragged], expand_composites=True) == [1, 2]
    (packed,) = pack_sequence_as([ragged], [3, 4], expand_composites=True)
    assert (packed.values, packed.splits) == (3, 4)


def test_keys_that_cannot_be_sorted_are_refused():
    with pytest.raises(TypeError, match=r"sortable keys; received keys \[1, 'a'\]"):
        flatten({1: 2, "a": 3})


def test_too_many_leaves_are_refused():
    with pytest.raises(ValueError, match="Structure had 1 atoms, but flat_sequence had 2 items"):
        pack_sequence_as([0], [1, 2])


def test_leaves_must_be_a_sequence():
    with pytest.raises(TypeError, match="incompatible type"):
        pack_sequence_as([0], 5)


def test_mapping_needs_a_function_and_a_structure():
    with pytest.raises(TypeError, match="func must be callable"):
        map_structure(5, [1])
    with pytest.raises(ValueError, match="at least one structure"):
        map_structure(abs)
    with pytest.raises(ValueError, match="Only valid keyword arguments"):
        map_structure(abs, [1], other=1)


@pytest.mark.parametrize(
    ("first", "second", "error", "message"),
    [
        ([1], (1,), TypeError, "sequence type"),
        ([1], [1, 2], ValueError, "number of elements"),
        ([1], 1, ValueError, "is a sequence, while"),
        (1, [1], ValueError, "is a sequence, while"),
        ({"a": 1}, {"b": 1}, ValueError, "set of keys"),
        (Point(1, 2), (1, 2), TypeError, "sequence type"),
    ],
)
def test_other_structures_are_refused(first, second, error, message):
    with pytest.raises(error, match=message):
        assert_same_structure(first, second)


def test_types_of_containers_need_not_agree_where_that_is_asked():
    assert_same_structure([1, (2,)], (1, [2]), check_types=False)
    assert map_structure(lambda a, b: a + b, [1], (2,), check_types=False) == [3]


def test_kinds_of_lists_and_of_mappings_are_one():
    class Mine(list):
        pass

    assert_same_structure([1], Mine([2]))
    assert_same_structure({"a": 1}, collections.OrderedDict(a=2))


def test_named_tuples_are_the_same_by_name_and_fields():
    other = collections.namedtuple("Point", "x y")
    assert_same_structure(Point(1, 2), other(3, 4))


def test_a_shallow_structure_maps_what_stands_in_its_places():
    shallow = {"a": "leaf", "b": ["leaf"]}
    assert map_up_to(lambda _, deep: deep, shallow, {"a": [1, 2], "b": [(3,)]}) == {"a": [1, 2], "b": [(3,)]}
    with pytest.raises(ValueError, match="must be like"):
        map_up_to(lambda _, deep: deep, shallow, {"a": 1})
