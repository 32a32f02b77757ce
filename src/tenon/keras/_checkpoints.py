"""Keras's objects in checkpoints of ``tf.train``, under the names that Keras gives them on TensorFlow.

A layer, optimizer or metric holds what its attributes hold. As on TensorFlow, a layer's metrics and seed generators are
no part of its checkpoint; unlike there, layers in lists and dicts are. Integers that are 64 bits wide on TensorFlow and
32 on JAX, such as the optimizer's count of iterations, are written with 64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from tenon.core.tracing import init_scope
from tenon.core.variables import attribute_was_set, held_array, observers
from tenon.keras._backend import keras
from tenon.keras._keras_internals import assign_outside
from tenon.train import TrackableType, register_trackable, variable_type

_WIDE: Final[Mapping[Any, tuple[str, ...]]] = {
    keras.optimizers.Optimizer: ("_iterations", "step_counter"),
    keras.layers.Normalization: ("count",),
}
"""Attributes that hold an integer of 64 bits on TensorFlow."""

_AS_INT64: Final = "_tenon_as_int64"

_OWN: Final = {
    keras.Layer: frozenset(
        [
            *vars(keras.Layer(name="own")),
            *("_nodes_by_depth", "_operations_by_depth", "_compiled_trainable_state", "_jax_state"),
        ]
    ),
    keras.optimizers.Optimizer: frozenset(["_trainable_variables_indices", "_tracker"]),
    keras.metrics.Metric: frozenset(["_variables", "_metrics", "_tracker"]),
}
"""Attributes of Keras's base classes in which it keeps its own books."""

_NOT_OF_A_LAYER: Final = (keras.metrics.Metric, keras.random.SeedGenerator)


def install() -> None:
    """Let checkpoints hold Keras's objects, and tell those that wait when one gets an attribute."""
    for base, own in _OWN.items():
        register_trackable(base, TrackableType(children=_children(own), find=_attribute, tells=True))
        _tell_of_attributes(base)
    register_trackable(keras.Variable, variable_type(_array, _assign, lambda variable: str(variable.path), True))
    register_trackable(keras.random.SeedGenerator, TrackableType(children=lambda seed: {"state": seed.state}))


def _children(own: frozenset[str]) -> Any:
    def children(value: Any) -> Mapping[str, Any]:
        if isinstance(value, keras.Model):
            value.jax_state_sync()  # inside fit() the new values are not in the variables
        found = {name: child for name, child in vars(value).items() if name not in own}
        for base, names in _WIDE.items():
            for name in names if isinstance(value, base) else ():
                if name in found:
                    setattr(found[name], _AS_INT64, True)
        if isinstance(value, keras.Layer):
            return {name: child for name, child in found.items() if not isinstance(child, _NOT_OF_A_LAYER)}
        return found

    return children


def _attribute(value: Any, name: str) -> Any:
    return vars(value).get(name)


def _array(variable: Any) -> Any:
    array = held_array(variable)
    return np.asarray(array, np.int64) if array is not None and hasattr(variable, _AS_INT64) else array


def _assign(variable: Any, array: np.ndarray) -> None:
    with init_scope():
        assign_outside(variable, array)


def _tell_of_attributes(base: Any) -> None:
    set_attribute = base.__setattr__

    def set_and_tell(self: Any, name: str, value: Any) -> None:
        set_attribute(self, name, value)
        if observers:
            attribute_was_set(self, name)

    base.__setattr__ = set_and_tell
