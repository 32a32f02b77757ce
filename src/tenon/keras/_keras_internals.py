"""The private names of Keras that Tenon needs, all in this file, each with a test that says when one goes.

Keras's own savers fix where a model's state lives (HDF5, NPZ) but not how it is walked; the walk is what knows about
layers that do extra work when they are restored. The functions here let the walk write into any store.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np

from tenon.base import FailedPreconditionError
from tenon.keras._backend import keras

_saving_lib: Any = keras.src.saving.saving_lib
_Functional: Any = keras.src.models.functional.Functional

Entries = dict[str, Any]
"""What one saveable (layer, optimizer, ...) stores under its inner path: variables and arrays by short keys."""


class Store(Protocol):
    """Where the entries of saveables go to and come from."""

    def make(self, path: str) -> Entries:
        """Return the dict that the saveable at ``path`` fills."""
        ...

    def get(self, path: str) -> Entries:
        """Return the entries of the saveable at ``path``; empty when there are none."""
        ...

    def has(self, path: str) -> bool:
        """Tell whether anything is stored at ``path`` or below."""
        ...


class _WeightsStore(_saving_lib.NpzIOStore):  # type: ignore[misc]  # Keras accepts only subclasses of its own stores
    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, path: str, metadata: Mapping[str, Any] | None = None) -> Entries:  # noqa: ARG002  # Keras's call
        return self._store.make(path)

    def get(self, path: str) -> Entries:
        return self._store.get(path)

    def has_path(self, path: str) -> bool:
        return self._store.has(path)


def model_to_json(model: Any) -> tuple[str, str]:
    """Return the JSON of the model's configuration (compile and build configuration included) and of its metadata."""
    with _numpy_2():
        config, metadata = _saving_lib._serialize_model_as_json(model)
    return config, metadata


def model_from_json(config: str, custom_objects: Mapping[str, Any] | None, compiled: bool, safe_mode: bool) -> Any:
    """Build the model anew; its variables have fresh values."""
    return _saving_lib._model_from_config(config, custom_objects, compiled, safe_mode)


def save_state(model: Any, store: Store, assets: str) -> None:
    """Walk everything in ``model`` that has a state; variables go to ``store``, files below the folder ``assets``."""
    with _numpy_2():
        _saving_lib._save_state(model, _WeightsStore(store), _assets_store(assets), "", set())


def load_state(model: Any, store: Store, assets: str, skip: Iterable[Any] = ()) -> None:
    """Walk everything in ``model`` that has a state, except ``skip``, and give back what ``save_state`` stored.

    Raises:
        FailedPreconditionError: some objects refuse their state; the message names them and the first reason.
    """
    errors: dict[int, tuple[Any, Exception]] = {}
    _saving_lib._load_state(
        model,
        _WeightsStore(store),
        _assets_store(assets),
        "",
        visited_saveables={id(saveable) for saveable in skip},
        failed_saveables=set(),
        error_msgs=errors,
    )
    if errors:
        _, first = next(iter(errors.values()))
        names = [getattr(saveable, "name", type(saveable).__name__) for saveable, _ in errors.values()]
        raise FailedPreconditionError(
            f"model: the saved state does not fit {names}. The class or its configuration has changed since the model "
            f"was saved, or build_from_config() does not create every variable. First reason: {first}"
        ) from first


@contextmanager
def _numpy_2() -> Iterator[None]:
    """Silence NumPy 2 about ``keras.Variable.__array__``, which lacks its new argument ``copy``."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
        yield


def _assets_store(folder: str) -> Any:
    # In mode "r" the store works in the folder itself, for reading and for making sub-folders.
    return _saving_lib.DiskIOStore(folder, mode="r")


def to_numpy(value: Any) -> Any:
    """Convert a Keras variable or tensor to a NumPy array, without NumPy 2's complaint about variables."""
    return np.asarray(value.value if isinstance(value, keras.Variable) else value)


def optimizer_of(model: Any) -> Any:
    """Return the model's optimizer; None where it is not compiled."""
    return getattr(model, "optimizer", None)


def functional_of(model: Any) -> Any:
    """Return the graph of layers behind a Functional or Sequential model, or None where there is none."""
    if isinstance(model, keras.Sequential):
        return model._functional
    return model if isinstance(model, _Functional) else None


class CallNode(NamedTuple):
    """One call of an operation in a functional model: the operation, and the tensors before and behind it."""

    operation: Any
    inputs: list[Any]
    outputs: list[Any]


def call_nodes(functional: Any) -> Iterator[CallNode]:
    """Yield the calls of a functional model in an order in which they can run."""
    for _, nodes in sorted(functional._nodes_by_depth.items(), reverse=True):
        for node in nodes:
            yield CallNode(node.operation, list(node.input_tensors), list(node.output_tensors))


def input_struct(functional: Any) -> Any:
    """Return the structure (list, dict, nested) of a functional model's input tensors."""
    return functional._inputs_struct


def producer(tensor: Any) -> Any:
    """Return the operation that made a symbolic tensor: for an input its ``InputLayer``."""
    return tensor._keras_history.operation


def build_shapes(layer: Any) -> dict[str, Any]:
    """Return the arguments that ``layer.build`` was called with, shapes by names such as ``"x_shape"``."""
    return dict(layer._build_shapes_dict or {})
