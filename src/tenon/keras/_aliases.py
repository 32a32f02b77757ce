"""Every public module of Keras under Tenon's name, with Tenon's additions in the place of what they replace."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from types import FunctionType, ModuleType
from typing import Any, Final

from tenon.core.random import set_seed
from tenon.keras._backend import keras
from tenon.keras._legacy import on_tensors
from tenon.keras._saving import load_model, save_model
from tenon.keras._tensorboard import TensorBoard
from tenon.keras._tensors import into_keras

PACKAGE = "tenon.keras"
TENSORFLOWS: Final = "keras._tf_keras.keras"
"""Where Keras keeps the names that only TensorFlow's ``tf.keras`` has."""

FUNCTIONAL: Final = ("activations", "losses", "metrics", "ops", "random")
"""Modules whose functions users call with tensors."""


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy, Keras and ``tf.random``, as ``keras.utils.set_random_seed`` does with TensorFlow.

    Args:
        seed: a non-negative integer.
    """
    keras.utils.set_random_seed(seed)
    set_seed(seed)


OVERRIDES: Mapping[str, Mapping[str, Any]] = {
    "callbacks": {"TensorBoard": TensorBoard},
    "models": {"load_model": load_model, "save_model": save_model},
    "saving": {"load_model": load_model, "save_model": save_model},
    "utils": {"set_random_seed": set_random_seed},
}
"""What Tenon puts in the place of Keras's own, by module below ``keras``."""

_PRIVATE = ("keras.src", "keras._tf_keras")


def public_modules() -> Iterator[tuple[str, ModuleType]]:
    """Yield every public module of Keras with its name below ``keras``, such as ``"applications.resnet50"``."""
    own = {name.removeprefix("keras."): name for name in sys.modules if _is_public(name)}
    further = {name.removeprefix(TENSORFLOWS + "."): name for name in sys.modules if name.startswith(TENSORFLOWS + ".")}
    for name, full in sorted((further | own).items()):
        yield name, sys.modules[full]


def _is_public(name: str) -> bool:
    return name.startswith("keras.") and not name.startswith(_PRIVATE) and sys.modules[name] is not None


def install_modules() -> dict[str, ModuleType]:
    """Make ``import tenon.keras.layers`` and the like work.

    Returns:
        The modules directly below ``keras``, by name.
    """
    modules = {name: _aliased(name, module) for name, module in public_modules()}
    for name, module in modules.items():
        sys.modules[f"{PACKAGE}.{name}"] = module
    return {name: module for name, module in modules.items() if "." not in name}


def _aliased(name: str, module: ModuleType) -> ModuleType:
    additions = {**_tensorflows(name, module), **_functions(name, module), **OVERRIDES.get(name, {})}
    if not additions:
        return module
    proxy = ModuleType(f"{PACKAGE}.{name}", module.__doc__)
    proxy.__dict__.update({key: value for key, value in vars(module).items() if not key.startswith("__")})
    proxy.__dict__.update(additions)
    return proxy


def _tensorflows(name: str, module: ModuleType) -> dict[str, Any]:
    """Return the names that TensorFlow's Keras has in addition."""
    further = sys.modules.get(f"{TENSORFLOWS}.{name}")
    names = [] if further is None else [key for key in dir(further) if key[0] != "_" and not hasattr(module, key)]
    return {key: _door(name, getattr(further, key)) for key in names}


def _functions(name: str, module: ModuleType) -> dict[str, Any]:
    return {key: _door(name, value) for key, value in vars(module).items() if _door(name, value) is not value}


def _door(module: str, value: Any) -> Any:
    if isinstance(value, FunctionType) and value.__module__ == keras.src.legacy.backend.__name__:
        return _on_tensors(value)
    if module.split(".")[0] not in FUNCTIONAL or not isinstance(value, FunctionType):
        return value
    return _getter(module, value) if value.__name__ == "get" else _wrapped(value)


_wrapped, _on_tensors = cache(into_keras), cache(on_tensors)


def _getter(module: str, get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what finds a function by its name, and gives the same one that the module has."""

    @wraps(get)
    def found(identifier: Any) -> Any:
        value = get(identifier)
        of_keras = value is not identifier and str(getattr(value, "__module__", "")).startswith("keras.src.")
        return _door(module, value) if of_keras else value

    return found


def public_names(module: Any = keras) -> list[str]:
    """Return the public names of a module of Keras, sorted."""
    return sorted(name for name in dir(module) if not name.startswith("_") and name != "src")
