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
from tenon.core.nest._tree import Tree, filled, paths_of, same_tree, shown, tree_of

__all__ = [
    "Composite",
    "Tree",
    "assert_same_structure",
    "filled",
    "flatten",
    "flatten_with_paths",
    "is_nested",
    "map_structure",
    "map_up_to",
    "pack_sequence_as",
    "paths_of",
    "same_tree",
    "shown",
    "tree_of",
]
