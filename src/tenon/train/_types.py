"""The types that checkpoints know by themselves: variables, modules, lists, tuples and dicts.

Lists and dicts stay what they are when they become attributes; they are looked into when something is saved or
restored. Their elements are named by position and by key, those of named tuples by field too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.core.recording import on_device
from tenon.core.tensors import Tensor
from tenon.core.tracing import init_scope
from tenon.core.variables import Module, Variable, held_array
from tenon.train._keys import VARIABLE_VALUE
from tenon.train._trackable import TrackableType, is_trackable, register_trackable


def sharding_of(array: Any) -> Any:
    """Return where JAX was told to put an array; ``None`` where nobody said so."""
    return array.sharding if getattr(array, "committed", False) else None


def _value(variable: Variable) -> Mapping[str, Any]:
    array = held_array(variable)
    if array is None:
        raise FailedPreconditionError(
            f"variable {variable.name!r}: has no value yet, because the function that creates it did not run to its "
            "end; save after the first call."
        )
    return {VARIABLE_VALUE: array}


def _assign(variable: Variable, tensors: Mapping[str, np.ndarray]) -> None:
    array = tensors[VARIABLE_VALUE]
    check_dtype(variable.name, variable.dtype.dtype, array.dtype)
    if not variable.shape.is_compatible_with(array.shape):
        raise shape_mismatch(variable.name, variable.shape, array.shape)
    with init_scope():
        placed = array if array.dtype == object else on_device(array, sharding_of(held_array(variable)))
        variable.assign(Tensor(placed))


def check_dtype(name: str, wanted: np.dtype, received: np.dtype) -> None:
    """Refuse a value of another dtype.

    Raises:
        InvalidArgumentError: the dtypes differ.
    """
    if wanted != received:
        raise InvalidArgumentError(
            f"variable {name!r}: expected dtype {wanted.name}, but the checkpoint holds "
            f"{received.name}. Create the variable with the dtype that was saved, and convert with tf.cast."
        )


def shape_mismatch(name: str, wanted: Any, received: Sequence[int]) -> InvalidArgumentError:
    """Return the error about a value of another shape."""
    return InvalidArgumentError(
        f"Received incompatible tensor with shape {tuple(received)} when attempting to restore variable with shape "
        f"{wanted} and name {name}. Build the object as it was when the checkpoint was saved."
    )


def _elements(values: Sequence[Any]) -> Mapping[str, Any]:
    return {str(place): value for place, value in enumerate(values)}


def _element(values: Sequence[Any], name: str) -> Any:
    return values[int(name)] if name.isascii() and name.isdecimal() and int(name) < len(values) else None


def _fields_and_elements(values: Any) -> Mapping[str, Any]:
    fields = values._asdict() if hasattr(values, "_fields") else {}
    return {**fields, **_elements(values)}


def _items(values: Mapping[Any, Any]) -> Mapping[str, Any]:
    for key, value in values.items():
        if not isinstance(key, str) and is_trackable(value):
            raise InvalidArgumentError(
                f"A dict that is saved in a checkpoint must have strings as the keys of what is saved; received the "
                f"key {key!r} of a {type(value).__name__}. Use strings, or keep the dict out of the saved objects."
            )
    return values


def register_types() -> None:
    """Register the types that checkpoints know by themselves; calling it again changes nothing."""
    register_trackable(
        Variable,
        TrackableType(tensors=_value, restore=_assign, full_name=lambda variable: str(variable.path)),
    )
    register_trackable(
        Module, TrackableType(children=vars, find=lambda module, name: vars(module).get(name), tells=True)
    )
    register_trackable(list, TrackableType(children=_elements, find=_element))
    register_trackable(tuple, TrackableType(children=_fields_and_elements))
    register_trackable(dict, TrackableType(children=_items, find=lambda values, name: values.get(name)))
