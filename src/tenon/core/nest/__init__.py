"""Nested structures as TensorFlow understands them: lists, tuples, named tuples, mappings, attrs and dataclasses.

>>> flatten({"b": [2, 3], "a": 1})
[1, 2, 3]
"""

from tenon.core.nest._nest import (
    Composite,
    assert_same_structure,
    flatten,
    flatten_with_paths,
    is_nested,
    map_structure,
    map_up_to,
    pack_sequence_as,
)

__all__ = [
    "Composite",
    "assert_same_structure",
    "flatten",
    "flatten_with_paths",
    "is_nested",
    "map_structure",
    "map_up_to",
    "pack_sequence_as",
]
