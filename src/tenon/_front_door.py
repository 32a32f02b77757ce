"""TensorFlow's public namespaces, assembled: what stands behind ``tf.X`` and how ``import tenon.math`` finds a module.

folders        tf.keras, tf.saved_model, ...       packages of their own
namespaces     tf.math, tf.nn, tf.random, ...      made of the names that ``tenon.core`` lists
aliases        tf.losses, tf.errors, ...           the same module or class under another path
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

PACKAGE: Final = "tenon"
KERAS_BACKEND: Final = "KERAS_BACKEND"
"""The environment variable by which Keras is told what it computes with."""

FOLDERS: Final = (
    *("base", "compat", "core", "formats", "host_steps", "keras"),
    *("saved_model", "serving", "summary", "train", "xla"),
)
"""Parts that are attributes under their own name."""

EXTRAS: Final = {"serving": "serving"}
"""Parts that need an extra; without it they fail with the line that installs it."""

MODULES: Final = {
    "initializers": "keras.initializers",
    "losses": "keras.losses",
    "metrics": "keras.metrics",
    "optimizers": "keras.optimizers",
}
"""Namespaces that are modules of other parts."""

BASE: Final[Mapping[str, str]] = {
    "TenonError": "TenonError",
    "errors.OpError": "TenonError",
    **{
        f"errors.{name}": name
        for name in (
            *("AbortedError", "AlreadyExistsError", "CancelledError", "DataLossError", "DeadlineExceededError"),
            *("FailedPreconditionError", "InternalError", "InvalidArgumentError", "NotFoundError", "OutOfRangeError"),
            *("PermissionDeniedError", "ResourceExhaustedError", "UnauthenticatedError", "UnavailableError"),
            *("UnimplementedError", "UnknownError"),
        )
    },
    **{
        f"errors.{code}": f"Code.{code}"
        for code in (
            *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
            *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"),
            *("UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
        )
    },
}
"""Names of ``tenon.base`` by the path that they have at the front door."""

INSTEAD: Final[Mapping[str, str]] = {
    "Session": "tf.compat.v1.Session runs old code; new code calls functions directly, with @tf.function for speed",
    "placeholder": "tf.compat.v1.placeholder for old code; new code has arguments of a tf.function",
    "get_variable": "tf.Variable, or tf.compat.v1.get_variable for old code",
    "global_variables_initializer": "nothing: a tf.Variable has its value when it is made",
    "contrib": "nothing: tf.contrib ended with TensorFlow 1",
    "estimator": "tf.keras: Estimators ended with TensorFlow 2.15",
    "flags": "argparse, or absl.flags",
    "app": "an ordinary main function",
    "gfile": "tf.io.gfile",
    "logging": "Python's logging",
    "to_float": "tf.cast(x, tf.float32)",
    "log": "tf.math.log",
    "layers": "tf.keras.layers",
}
"""What to use for names of TensorFlow 1 that people still look for."""


V1: Final = "compat.v1"
"""The namespace of TensorFlow 1."""

GRAPHS: Final = ("AggregationMethod", "Graph", "Operation", "gradients", "hessians")
"""Names of TensorFlow 2 that only graphs have; from the moment when one is used, functions can build graphs."""

OWN_OF_V1: Final = ("initializers", "layers", "losses", "metrics", "summary")
"""Namespaces of TensorFlow 1 that have nothing in common with those of the same name in TensorFlow 2."""


def lookup(path: str) -> Any:
    """Return what stands at a path below ``tf``: an object, a folder or a namespace.

    Raises:
        AttributeError: nothing does; the message names what is near.
    """
    if path in EXTRAS:
        importlib.import_module("tenon.base").require_extra(EXTRAS[path])
    if path in FOLDERS:
        return importlib.import_module(f"{PACKAGE}.{path}")
    if path.startswith(f"{V1}.") or path in GRAPHS:
        return _of_v1(path.removeprefix(f"{V1}.")) if path not in GRAPHS else _graphs().graph_aware_name(path)
    head, _, rest = path.partition(".")
    if head in MODULES and rest:
        return _attribute(importlib.import_module(f"{PACKAGE}.{MODULES[head]}"), rest)
    if path in BASE:
        return _attribute(importlib.import_module("tenon.base"), BASE[path])
    names = _core_names()
    if path in names:
        return _graphs().graph_aware_name(path) if f"{PACKAGE}.compat" in sys.modules else names[path]
    if _below(path):
        return importlib.import_module(f"{PACKAGE}.{path}")
    raise AttributeError(_refusal(path))


def _graphs() -> ModuleType:
    """Return the folder ``compat``; at the first time, let names be looked up again: they can build graphs now.

    Who imported ``compat`` first does not matter: names may have been looked up before that, too.
    """
    compat = importlib.import_module(f"{PACKAGE}.compat")
    _forget_once()
    return compat


@cache
def _forget_once() -> None:
    forget()


def forget() -> None:
    """Let every name of ``core`` be looked up again when it is next used."""
    for name, module in list(sys.modules.items()):
        if name == PACKAGE or isinstance(module, Namespace):
            below = name.removeprefix(PACKAGE).removeprefix(".")
            for key in list(vars(module)):
                if (f"{below}.{key}" if below else key) in _core_names():
                    delattr(module, key)


def _of_v1(path: str) -> Any:
    """Return what stands at a path below ``tf.compat.v1``: its own, or what TensorFlow 2 has under that path."""
    compat = _graphs()
    if path in compat.V1:
        return compat.V1[path]
    if f"{V1}.{path}" in _core_names():
        return compat.graph_aware_name(f"{V1}.{path}")
    if any(name.startswith(f"{path}.") for name in compat.V1):
        return importlib.import_module(f"{PACKAGE}.{V1}.{path}")
    head, _, rest = path.partition(".")
    if path not in compat.ABSENT and head not in compat.ABSENT and head not in OWN_OF_V1:
        if _below(path) and path not in (*FOLDERS, *MODULES):
            return importlib.import_module(f"{PACKAGE}.{V1}.{path}")
        try:
            return _of_folder(head, rest) if head in FOLDERS and rest else lookup(path)
        except AttributeError:
            pass  # told below, as a name of TensorFlow 1
    near = difflib.get_close_matches(path, compat.V1, 3)
    hint = compat.ABSENT.get(path) or compat.ABSENT.get(head) or INSTEAD.get(path)
    hint = hint or " or ".join([f"tf.{V1}.{match}" for match in near])
    parent, _, name = f"{PACKAGE}.{V1}.{path}".rpartition(".")
    raise AttributeError(f"module {parent!r} has no attribute {name!r}" + (f". Use {hint}." if hint else "."))


def _of_folder(folder: str, path: str) -> Any:
    return _attribute(importlib.import_module(f"{PACKAGE}.{folder}"), path)


def _attribute(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _core_names() -> Mapping[str, Any]:
    names: Mapping[str, Any] = importlib.import_module("tenon.core").NAMES
    return names


def _paths() -> Iterable[str]:
    return {*FOLDERS, *MODULES, *BASE, *GRAPHS, *_core_names()}


def _below(path: str) -> list[str]:
    """Return the names directly below a namespace; none where there is no such namespace."""
    if path in MODULES:
        return dir(importlib.import_module(f"{PACKAGE}.{MODULES[path]}"))
    if path == V1 or path.startswith(f"{V1}."):
        inner = path.removeprefix(V1).removeprefix(".")
        own = _under(inner, _graphs().V1)
        return sorted({*own, *([] if inner in OWN_OF_V1 else _below(inner))})
    return sorted(_under(path, _paths()))


def _under(path: str, names: Iterable[str]) -> set[str]:
    start = f"{path}." if path else ""
    return {name[len(start) :].split(".", 1)[0] for name in names if name.startswith(start)}


def names_of(path: str) -> list[str]:
    """Return the public names directly below a namespace; ``""`` is the front door."""
    return _below(path)


def _refusal(path: str) -> str:
    parent, _, name = path.rpartition(".")
    where = f"{PACKAGE}.{parent}" if parent else PACKAGE
    hint = INSTEAD.get(path)
    if hint is None and not name.startswith("_"):  # tools ask for such names by the thousand, and a search takes long
        near = difflib.get_close_matches(path, _paths(), 3) or [p for p in _paths() if p.endswith(f".{name}")][:3]
        hint = " or ".join([f"tf.{match}" for match in near])
    return f"module {where!r} has no attribute {name!r}" + (f". Use {hint}." if hint else ".")


class Namespace(ModuleType):
    """A module whose names are looked up when they are first used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = lookup(f"{self.__name__.removeprefix(PACKAGE + '.')}.{name}")
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return names_of(self.__name__.removeprefix(PACKAGE + "."))


class NamespaceFinder:
    """Finds ``tenon.math`` and the like for ``import``: the last finder asked, after the packages on disk."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """Return the spec of a namespace; ``None`` for every other module."""
        del path, target
        if not name.startswith(f"{PACKAGE}."):
            return None
        below = name.removeprefix(f"{PACKAGE}.")
        if below.split(".", 1)[0] in FOLDERS and not below.startswith(V1):
            return None
        if not _below(below):
            return None
        return ModuleSpec(name, NamespaceFinder, is_package=True)  # type: ignore[arg-type]  # a loader by duck typing

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        """Return the module of a spec."""
        below = spec.name.removeprefix(f"{PACKAGE}.")
        return Namespace(spec.name, f"TensorFlow's namespace ``tf.{below}``.")

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """Fill in the list of names; the names themselves load when they are used."""
        if isinstance(module, Namespace):
            vars(module)["__all__"] = dir(module)


class KerasFinder:
    """Lets ``import keras`` behind ``import tenon`` find Keras on JAX, with tensors: the first finder asked.

    Keras's own default is TensorFlow, which is not there. Who asks for another backend gets it.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """Return the spec of Keras; ``None`` for every other module."""
        if name != "keras" or os.environ.get(KERAS_BACKEND, "tensorflow") not in ("jax", "tensorflow"):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _KerasLoader(spec.loader)
        return spec


class _KerasLoader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Load Keras with the variable set for that moment only, and then what Tenon adds to it."""
        before = os.environ.get(KERAS_BACKEND)
        os.environ[KERAS_BACKEND] = "jax"
        try:
            self._loader.exec_module(module)
        finally:
            if before is None:
                del os.environ[KERAS_BACKEND]
            else:
                os.environ[KERAS_BACKEND] = before
        importlib.import_module(f"{PACKAGE}.keras")


def install() -> None:
    """Let ``import tenon.math`` and ``import keras`` work; calling it again changes nothing."""
    if NamespaceFinder not in sys.meta_path:
        sys.meta_path.append(NamespaceFinder)
        sys.meta_path.insert(0, KerasFinder)
