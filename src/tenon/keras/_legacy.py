"""What Keras wrote for TensorFlow alone (``keras.backend.mean`` and its like) computes with Tenon's operations."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from tenon.core import NAMES
from tenon.keras._backend import keras
from tenon.keras._tensors import to_tensors

_FIRST = "compat.v1."


class Operations:
    """``tf`` as Keras's old functions use it: attributes are public names of ``tenon.core``.

    Args:
        path: the namespace, such as ``"nn."``; ``""`` is the front door.
    """

    def __init__(self, path: str = "") -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        path = (self._path + name).removeprefix(_FIRST)
        if path in NAMES:
            return NAMES[path]
        if path + "." == _FIRST or _FIRST.startswith(path + ".") or any(key.startswith(path + ".") for key in NAMES):
            return Operations(self._path + name + ".")
        raise AttributeError(f"tf.{self._path}{name}: Tenon has no such operation, which this function of Keras needs.")


def on_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return an old function of Keras that is given tensors: in the ``call`` of a layer users have plain arrays."""

    @wraps(function)
    def given_tensors(*args: Any, **kwargs: Any) -> Any:
        return function(*map(to_tensors, args), **{key: to_tensors(value) for key, value in kwargs.items()})

    return given_tensors


def install() -> None:
    """Give Keras's old functions their operations."""
    for module in (keras.src.legacy.backend, keras.src.legacy.layers):
        module.tf = Operations()
