"""Every public module of Keras under Tenon's name, with Tenon's additions in the place of what they replace."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from tenon.keras._backend import keras
from tenon.keras._saving import load_model, save_model
from tenon.keras._tensorboard import TensorBoard

PACKAGE = "tenon.keras"

OVERRIDES: Mapping[str, Mapping[str, Any]] = {
    "callbacks": {"TensorBoard": TensorBoard},
    "models": {"load_model": load_model, "save_model": save_model},
    "saving": {"load_model": load_model, "save_model": save_model},
}
"""What Tenon puts in the place of Keras's own, by module below ``keras``."""

_PRIVATE = ("keras.src", "keras._tf_keras")


def public_modules() -> Iterator[tuple[str, ModuleType]]:
    """Yield every public module of Keras with its name below ``keras``, such as ``"applications.resnet50"``."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith("keras.") and not name.startswith(_PRIVATE) and module is not None:
            yield name.removeprefix("keras."), module


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
    if name not in OVERRIDES:
        return module
    proxy = ModuleType(f"{PACKAGE}.{name}", module.__doc__)
    proxy.__dict__.update({key: value for key, value in vars(module).items() if not key.startswith("__")})
    proxy.__dict__.update(OVERRIDES[name])
    return proxy


def public_names(module: Any = keras) -> list[str]:
    """Return the public names of a module of Keras, sorted."""
    return sorted(name for name in dir(module) if not name.startswith("_") and name != "src")
