"""Keras's objects take and give Tenon's tensors, and Keras's variables are watched by tapes and held by functions.

Who calls Keras decides what comes back. Eager code and functions of ``tf.function`` are TensorFlow's way of writing and
get tensors; Keras's own code, and JAX's way of writing (``jax.jit``, ``stateless_call``), get plain arrays.
What users write and Keras calls (``call`` of a layer) takes arrays, as always on JAX, and may return tensors.
"""

from __future__ import annotations

import gc
import inspect
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

import jax
import numpy as np

from tenon.core.control_flow import cond
from tenon.core.recording import executing_eagerly_on_arrays
from tenon.core.tensors import Tensor
from tenon.core.variables import (
    Variable,
    current_scope,
    observers,
    scoped_array,
    tell_tapes,
    variable_is_used,
    written_array,
)
from tenon.keras._backend import keras, was_there

Method = Callable[..., Any]


class _Caller(threading.local):
    """Who is calling: the user (True), Keras (False), or to be found out from what is going on (None)."""

    def __init__(self) -> None:
        self.is_user: bool | None = None


_caller = _Caller()
_get_stateless_scope: Any = keras.src.backend.common.stateless_scope.get_stateless_scope
_get_mask: Any = keras.src.backend.get_keras_mask


def _tensors_are_expected() -> bool:
    if _caller.is_user is not None:
        return _caller.is_user
    return _get_stateless_scope() is None and (executing_eagerly_on_arrays() or current_scope() is not None)


@contextmanager
def _called_by(user: bool) -> Iterator[None]:
    before, _caller.is_user = _caller.is_user, user
    try:
        yield
    finally:
        _caller.is_user = before


def calling_user() -> Any:
    """Return a context for code that is written in TensorFlow's way: what it calls gives tensors."""
    return _called_by(user=True)


def to_tensors(values: Any) -> Any:
    """Wrap every JAX array of a nested structure."""
    if isinstance(values, jax.Array):
        return Tensor(values)
    if values is None or isinstance(values, keras.KerasTensor | str | int | float):
        return values
    return keras.tree.map_structure(lambda value: Tensor(value) if isinstance(value, jax.Array) else value, values)


def to_arrays(values: Any) -> Any:
    """Unwrap every tensor of a nested structure."""
    if isinstance(values, Tensor):
        return values.value
    if values is None or isinstance(values, jax.Array | keras.KerasTensor):
        return values
    return keras.tree.map_structure(lambda value: value.value if isinstance(value, Tensor) else value, values)


def into_keras(method: Method) -> Method:
    """Return a method of Keras that takes tensors, and gives them to those who expect them."""

    @wraps(method)
    def door(*args: Any, **kwargs: Any) -> Any:
        if not _tensors_are_expected():
            return method(*args, **kwargs)
        with _called_by(user=False):
            outputs = method(
                *args[:1], *map(to_arrays, args[1:]), **{key: to_arrays(value) for key, value in kwargs.items()}
            )
        return to_tensors(outputs)

    return door


def for_users(method: Method) -> Method:
    """Return a method of Keras that Keras itself calls too, from anywhere: only users are given tensors."""
    door = into_keras(method)

    @wraps(method)
    def told_apart(*args: Any, **kwargs: Any) -> Any:
        return (method if _keras_is_calling() else door)(*args, **kwargs)

    return told_apart


def _keras_is_calling() -> bool:
    return str(sys._getframe(2).f_globals.get("__name__", "")).startswith("keras.")


def out_of_user(method: Method) -> Method:
    """Return a method that a user wrote, as Keras calls it: it may return tensors and variables."""

    @wraps(method)
    def door(*args: Any, **kwargs: Any) -> Any:
        return to_arrays(_read(method(*args, **kwargs)))

    return door


def out_of_user_to_keras(method: Method) -> Method:
    """Return a method that a user wrote and calls too: only Keras is given arrays."""
    door = out_of_user(method)

    @wraps(method)
    def told_apart(*args: Any, **kwargs: Any) -> Any:
        return (door if _keras_is_calling() else method)(*args, **kwargs)

    return told_apart


def _read(values: Any) -> Any:
    if isinstance(values, keras.Variable | Variable):
        return values.value if isinstance(values, keras.Variable) else values.value()
    return values


_INTO_KERAS: Final[Mapping[Any, tuple[str, ...]]] = {
    keras.Layer: ("__call__",),
    keras.losses.Loss: ("__call__",),
    keras.metrics.Metric: ("__call__", "result", "update_state"),
    keras.optimizers.Optimizer: ("apply", "apply_gradients", "scale_loss"),
    keras.Model: (
        *("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"),
        *("compute_loss", "compute_metrics"),
    ),
}
"""Methods of Keras's base classes that the user's code calls; subclasses of Keras's own override some of them."""

_FOR_USERS: Final[Mapping[Any, tuple[str, ...]]] = {
    keras.initializers.Initializer: ("__call__",),
    keras.optimizers.schedules.LearningRateSchedule: ("__call__",),
    keras.regularizers.Regularizer: ("__call__",),
    keras.src.constraints.Constraint: ("__call__",),
}
"""Methods that users call now and then, and Keras itself wherever it likes."""

_OUT_OF_USER: Final[Mapping[Any, tuple[str, ...]]] = {
    keras.Layer: ("call",),
    keras.losses.Loss: ("call",),
    keras.metrics.Metric: ("update_state", "result"),
    keras.Model: ("compute_loss", "compute_metrics"),
    keras.initializers.Initializer: ("__call__",),
    keras.optimizers.schedules.LearningRateSchedule: ("__call__",),
    keras.regularizers.Regularizer: ("__call__",),
    keras.src.constraints.Constraint: ("__call__",),
}
"""Methods that users write and Keras calls."""


def install() -> None:
    """Put the doors in; to be called once, before users define classes."""
    for table, door in ((_INTO_KERAS, into_keras), (_FOR_USERS, for_users)):
        for base, names in table.items():
            for name in names:
                setattr(base, name, door(getattr(base, name)))
            for cls in _derived(base):
                _replace(cls, names, door)
    for base, names in _OUT_OF_USER.items():
        _wrap_subclasses(base, names)
    _install_losses()
    _install_variables()
    keras.src.backend.core.cond = _cond_of_keras(keras.src.backend.core.cond)
    _install_indices()
    tensor: Any = Tensor
    tensor._keras_mask = property(_mask)


def _install_losses() -> None:
    """Let layers be told losses that are tensors, and tell users their losses as tensors."""
    add_loss, losses = keras.Layer.add_loss, keras.Layer.losses

    @wraps(add_loss)
    def add(layer: Any, loss: Any) -> None:
        add_loss(layer, to_arrays(loss))

    def found(layer: Any) -> Any:
        own = losses.fget(layer)
        return own if _keras_is_calling() or not _tensors_are_expected() else to_tensors(own)

    keras.Layer.add_loss = add
    keras.Layer.losses = property(found, doc=losses.__doc__)


def _cond_of_keras(original: Method) -> Method:
    """Return a condition whose branches may assign variables, which JAX's own may not."""

    @wraps(original)
    def conditional(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
        ours = _get_stateless_scope() is None and (executing_eagerly_on_arrays() or current_scope() is not None)
        if not ours:
            return original(pred, true_fn, false_fn)
        return to_arrays(cond(keras.src.backend.core.cast(pred, "bool"), true_fn, false_fn))

    return conditional


def _install_indices() -> None:
    """Let embeddings take indices of 64 bits without JAX's warning about them: no table is so long."""
    embedding, numpy = keras.layers.Embedding, keras.src.backend.numpy
    take, compute_mask = numpy.take, embedding.compute_mask

    @wraps(take)
    def taken(x: Any, indices: Any, axis: int | None = None) -> Any:
        return take(x, _narrow(indices), axis=axis)

    @wraps(compute_mask)
    def masked(layer: Any, inputs: Any, mask: Any = None) -> Any:
        return compute_mask(layer, _narrow(inputs), mask)

    numpy.take, embedding.compute_mask = taken, masked


def _narrow(indices: Any) -> Any:
    is_wide = isinstance(indices, jax.Array) and indices.dtype.name in ("int64", "uint64")
    return indices.astype("int32") if is_wide else indices


def _mask(tensor: Tensor) -> Any:
    """Return the mask that Keras keeps for a tensor, ``tensor._keras_mask``; without one there is no such attribute."""
    mask = _get_mask(tensor.value)
    if mask is None:
        raise AttributeError("_keras_mask: this tensor has no mask.")
    return to_tensors(mask)


def _derived(base: Any) -> list[Any]:
    children: list[Any] = base.__subclasses__()
    return [cls for child in children for cls in (child, *_derived(child))]


def _replace(cls: type, names: tuple[str, ...], door: Callable[[Method], Method]) -> None:
    for name in names:
        method = vars(cls).get(name)
        if inspect.isfunction(method):
            setattr(cls, name, door(method))


def _wrap_subclasses(base: Any, names: tuple[str, ...]) -> None:
    """Let every class that the user derives from ``base`` have its own methods wrapped when it is made."""
    assert "__init_subclass__" not in vars(base), f"Keras's {base.__name__} has an __init_subclass__ of its own now"

    def init_subclass(cls: type, /, **options: Any) -> None:
        super(base, cls).__init_subclass__(**options)
        if not cls.__module__.startswith("keras."):
            _replace(cls, names, out_of_user_to_keras if base in _FOR_USERS else out_of_user)

    base.__init_subclass__ = classmethod(init_subclass)


def _install_variables() -> None:
    """Let reads and assignments of Keras's variables go through scopes of functions and be seen by tapes."""
    variable: Any = keras.src.backend.Variable

    def get_raw(self: Any) -> Any:
        if observers:
            variable_is_used(self)
        return scoped_array(self, self.__dict__.get("_raw_value"))

    def set_raw(self: Any, array: Any) -> None:
        if observers:
            variable_is_used(self)
        kept = array if array is None else written_array(self, array)
        if kept is not None or array is None:
            self.__dict__["_raw_value"] = kept

    def value(self: Any) -> Any:
        scope = _get_stateless_scope()
        known = None if scope is None else scope.get_current_value(self)
        array = self._value if known is None else known
        if array is None:
            return self._maybe_autocast(self._initializer(self._shape, dtype=self._dtype))
        tell_tapes(self, array, self.trainable)
        return self._maybe_autocast(array)

    def array(self: Any, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.value, dtype, copy=copy)

    if was_there:
        _rename_values(variable)
    variable.__array__ = array
    variable._value = property(get_raw, set_raw)
    variable.value = property(value)


def _rename_values(variable: type) -> None:
    """Let variables that exist already keep their value where those keep it that will be made."""
    for found in gc.get_objects():
        if issubclass(type(found), variable) and "_value" in found.__dict__:
            found.__dict__["_raw_value"] = found.__dict__.pop("_value")
