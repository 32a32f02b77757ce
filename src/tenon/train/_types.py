"""The types that checkpoints know by themselves: variables, modules, generators, lists, tuples and dicts.

Lists and dicts stay what they are when they become attributes; they are looked into when something is saved or
restored. Their elements are named by position and by key, those of named tuples by field too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.core.random import Generator
from tenon.core.recording import on_device
from tenon.core.tensors import Tensor, TensorShape, as_dtype
from tenon.core.tracing import init_scope
from tenon.core.variables import Module, Variable, held_array
from tenon.train._keys import VARIABLE_VALUE
from tenon.train._trackable import TrackableType, is_trackable, register_trackable

_LARGE: Final = 1 << 20


def variable_type(
    array: Callable[[Any], Any],
    assign: Callable[[Any, np.ndarray], None],
    full_name: Callable[[Any], str],
    other_widths: bool = False,
) -> TrackableType:
    """Return how checkpoints see variables of a class: objects with a shape, a dtype and one value.

    Args:
        array: returns a variable's value, or ``None`` where it has none yet.
        assign: gives a variable a NumPy array of its shape and dtype, wherever it is called from.
        full_name: returns a variable's name in checkpoints that go by names.
        other_widths: whether integers of other widths are taken, if their values fit.

    Raises:
        FailedPreconditionError: (when saved) a variable has no value yet.
        InvalidArgumentError: (when restored) a value has another shape or dtype than its variable.
    """

    def tensors(variable: Any) -> Mapping[str, Any]:
        value = array(variable)
        if value is None:
            raise FailedPreconditionError(
                f"variable {full_name(variable)!r}: has no value yet, because the function that creates it did not run "
                "to its end; save after the first call."
            )
        return {VARIABLE_VALUE: value}

    def restore(variable: Any, tensors: Mapping[str, np.ndarray]) -> None:
        if VARIABLE_VALUE not in tensors:
            raise InvalidArgumentError(
                f"variable {full_name(variable)!r}: the checkpoint holds another kind of object in its place, with the "
                f"values {sorted(tensors)}."
            )
        assign(variable, _fitting(full_name(variable), variable, tensors[VARIABLE_VALUE], other_widths))

    return TrackableType(tensors=tensors, restore=restore, full_name=full_name)


def _fitting(name: str, variable: Any, array: np.ndarray, other_widths: bool) -> np.ndarray:
    wanted = as_dtype(variable.dtype).dtype
    if not TensorShape(variable.shape).is_compatible_with(array.shape):
        raise InvalidArgumentError(
            f"Received incompatible tensor with shape {array.shape} when attempting to restore variable with shape "
            f"{tuple(variable.shape)} and name {name}. Build the object as it was when the checkpoint was saved."
        )
    if other_widths and wanted.kind in "iu" and array.dtype.kind in "iu":
        narrow = array.astype(wanted)
        array = narrow if np.array_equal(narrow, array) else array
    if wanted != array.dtype:
        raise InvalidArgumentError(
            f"variable {name!r}: expected dtype {wanted.name}, but the checkpoint holds {array.dtype.name}. Create the "
            "variable with the dtype that was saved, and convert with tf.cast."
        )
    return array


def _assign(variable: Variable, array: np.ndarray) -> None:
    with init_scope():
        on_its_way = isinstance(array, np.ndarray) and array.dtype != object
        if on_its_way:  # nobody else has the array; for small ones a copy is quicker than sharing the memory
            array = on_device(array, _sharding(held_array(variable)), given_away=array.nbytes >= _LARGE)
        variable.assign(Tensor(array))


def _sharding(array: Any) -> Any:
    """Return where JAX was told to put an array; ``None`` where nobody said so."""
    return array.sharding if getattr(array, "committed", False) else None


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
    register_trackable(Variable, variable_type(held_array, _assign, lambda variable: str(variable.path)))
    register_trackable(
        Module, TrackableType(children=vars, find=lambda module, name: vars(module).get(name), tells=True)
    )
    register_trackable(Generator, TrackableType(children=vars))
    register_trackable(list, TrackableType(children=_elements, find=_element))
    register_trackable(tuple, TrackableType(children=_fields_and_elements))
    register_trackable(dict, TrackableType(children=_items, find=lambda values, name: values.get(name)))
