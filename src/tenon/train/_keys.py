"""The keys of a checkpoint: where in the object graph a value belongs, as one string.

A key is the path to an object, ``/``-separated, then ``.ATTRIBUTES`` and the name of the value in the object:
``model/layers/0/w/.ATTRIBUTES/VARIABLE_VALUE``. In names a dot is doubled and a slash becomes ``.S``, so that different
paths have different keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

VARIABLE_VALUE: Final = "VARIABLE_VALUE"
"""The name of a variable's value."""

OBJECT_GRAPH: Final = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The key of the serialized object graph; a checkpoint without it goes by the names of variables."""

_ATTRIBUTES: Final = ".ATTRIBUTES"
_SLOT: Final = ".OPTIMIZER_SLOT"


def escaped(name: str) -> str:
    """Return a name as it stands in a key.

    Example:
        >>> escaped("dense.1/kernel")
        'dense..1.Skernel'
    """
    return name.replace(".", "..").replace("/", ".S")


def object_path(names: Sequence[str]) -> str:
    """Return the key of an object, of the names on the way to it."""
    return "/".join([escaped(name) for name in names])


def value_key(path: str, name: str) -> str:
    """Return the key of a value.

    Args:
        path: what ``object_path`` or ``slot_path`` returned.
        name: the value's name in its object.

    Example:
        >>> value_key(object_path(["model", "w"]), VARIABLE_VALUE)
        'model/w/.ATTRIBUTES/VARIABLE_VALUE'
    """
    return f"{path}/{_ATTRIBUTES}/{escaped(name)}"


def slot_path(variable: str, optimizer: str, slot: str) -> str:
    """Return the key of what an optimizer keeps beside a variable, of the keys of both.

    Example:
        >>> slot_path("model/w", "optimizer", "m")
        'model/w/.OPTIMIZER_SLOT/optimizer/m'
    """
    return f"{variable}/{_SLOT}/{optimizer}/{escaped(slot)}"
