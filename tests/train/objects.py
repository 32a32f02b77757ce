"""Objects that tests save and restore."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tenon.core.variables import Module, Variable

NAMES = st.text(st.sampled_from("ab./ S_é0"), min_size=1, max_size=4)
ATTRIBUTES = st.sampled_from(["a", "b", "_private", "layers", "w"])
LEAVES = st.integers(-100, 100) | st.floats(-10, 10, width=32) | st.booleans() | st.text("ab", max_size=3)

TREES = st.recursive(
    LEAVES.map(lambda value: ("variable", value)),
    lambda trees: (
        st.dictionaries(ATTRIBUTES, trees, max_size=3).map(lambda found: ("module", found))
        | st.dictionaries(NAMES, trees, max_size=3).map(lambda found: ("dict", found))
        | st.lists(trees, max_size=3).map(lambda found: ("list", found))
        | st.lists(trees, max_size=3).map(lambda found: ("tuple", found))
    ),
    max_leaves=8,
)
"""Descriptions of nested objects with variables in them."""


def made(tree: Any, cleared: bool = False) -> Any:
    """Return the objects that a description describes, or the same ones with other values."""
    kind, value = tree
    if kind == "variable":
        return Variable(type(value)() if cleared else value)
    if kind == "module":
        module = Module()
        for name, part in value.items():
            setattr(module, name, made(part, cleared))
        return module
    if kind == "dict":
        return {name: made(part, cleared) for name, part in value.items()}
    parts = [made(part, cleared) for part in value]
    return parts if kind == "list" else tuple(parts)


def plain(value: Any) -> Any:
    """Return the values in objects as Python's values."""
    if isinstance(value, Variable):
        return np.asarray(value.numpy()).tolist()
    if isinstance(value, Module):
        return {name: plain(part) for name, part in vars(value).items() if not name.startswith("_name")}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value]


def module(**parts: Any) -> Module:
    """Return a module with attributes."""
    found = Module()
    for name, part in parts.items():
        setattr(found, name, part)
    return found
