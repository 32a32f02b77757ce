"""Keras's objects take and give Tenon's tensors, and Keras's variables are watched by tapes and held by functions.

Two kinds of code alternate on the stack: the user's, which expects tensors with TensorFlow's manners, and Keras's own,
which expects plain JAX arrays. Each crossing is wrapped: a *door into Keras* (``layer(x)``, ``metric.result()``) gives
tensors back when the user's code called it; a *door to the user* (the ``call`` of a layer that the user wrote,
``train_step``) takes tensors and hands arrays back to Keras.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

import jax

from tenon.core.tensors import Tensor
from tenon.core.variables import scoped_array, tell_tapes, written_array
from tenon.keras._backend import keras

Method = Callable[..., Any]


class _Running(threading.local):
    def __init__(self) -> None:
        self.users_code = True


_running = _Running()


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
    """Return a door into Keras: arrays inside, tensors for the user's code outside."""

    @wraps(method)
    def door(*args: Any, **kwargs: Any) -> Any:
        if not _running.users_code:
            return method(*args, **kwargs)
        _running.users_code = False
        try:
            outputs = method(args[0], *map(to_arrays, args[1:]), **{key: to_arrays(value) for key, value in kwargs.items()})
        finally:
            _running.users_code = True
        return to_tensors(outputs)

    return door


def to_user(method: Method) -> Method:
    """Return a door to the user's code: tensors inside, arrays for Keras outside."""

    @wraps(method)
    def door(*args: Any, **kwargs: Any) -> Any:
        if _running.users_code:
            return method(*args, **kwargs)
        _running.users_code = True
        try:
            outputs = method(args[0], *map(to_tensors, args[1:]), **{key: to_tensors(value) for key, value in kwargs.items()})
        finally:
            _running.users_code = False
        return to_arrays(outputs)

    return door


_INTO_KERAS: Final[Mapping[Any, tuple[str, ...]]] = {
    keras.Layer: ("__call__",),
    keras.losses.Loss: ("__call__",),
    keras.metrics.Metric: ("__call__", "result", "update_state"),
    keras.optimizers.Optimizer: ("apply", "apply_gradients", "scale_loss"),
    keras.initializers.Initializer: (),
    keras.Model: (
        *("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"),
        *("compute_loss", "compute_metrics"),
    ),
}
"""Methods of Keras's base classes that the user's code calls; subclasses of Keras's own override some of them."""

_TO_USER: Final[Mapping[Any, tuple[str, ...]]] = {
    keras.Layer: ("call",),
    keras.losses.Loss: ("call",),
    keras.metrics.Metric: ("update_state", "result"),
    keras.Model: ("compute_loss", "compute_metrics"),
}
"""Methods that users write and Keras calls."""


def install() -> None:
    """Put the doors in; to be called once, before users define classes."""
    for base, names in _INTO_KERAS.items():
        for cls in _family(base):
            _replace(cls, names, into_keras)
    for base, names in _TO_USER.items():
        _wrap_subclasses(base, names)
    _install_variables()


def _family(base: type) -> list[type]:
    return [base, *[cls for child in base.__subclasses__() for cls in _family(child)]]


def _replace(cls: type, names: tuple[str, ...], door: Callable[[Method], Method]) -> None:
    for name in names:
        method = vars(cls).get(name)
        if inspect.isfunction(method):
            setattr(cls, name, door(method))


def _wrap_subclasses(base: Any, names: tuple[str, ...]) -> None:
    """Let every class that the user derives from ``base`` have its own methods wrapped when it is made."""
    assert "__init_subclass__" not in vars(base), f"Keras's {base.__name__} has an __init_subclass__ of its own now"

    def init_subclass(cls: type, **options: Any) -> None:
        super(base, cls).__init_subclass__(**options)
        if not cls.__module__.startswith("keras."):
            _replace(cls, names, to_user)

    base.__init_subclass__ = classmethod(init_subclass)


def _install_variables() -> None:
    """Let reads and assignments of Keras's variables go through scopes of functions and be seen by tapes."""
    variable: Any = keras.src.backend.Variable
    get_scoped: Any = keras.src.backend.common.stateless_scope.get_stateless_scope

    def get_raw(self: Any) -> Any:
        return scoped_array(self, self.__dict__.get("_raw_value"))

    def set_raw(self: Any, array: Any) -> None:
        kept = array if array is None else written_array(self, array)
        if kept is not None or array is None:
            self.__dict__["_raw_value"] = kept

    def value(self: Any) -> Any:
        scope = get_scoped()
        known = None if scope is None else scope.get_current_value(self)
        array = self._value if known is None else known
        if array is None:
            return self._maybe_autocast(self._initializer(self._shape, dtype=self._dtype))
        tell_tapes(self, array, self.trainable)
        return self._maybe_autocast(array)

    variable._value = property(get_raw, set_raw)
    variable.value = property(value)
