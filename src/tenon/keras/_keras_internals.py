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
_keras_maybe_build = keras.Model._maybe_build
_FIRST_CALL = "_tenon_first_call"

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
    """Build the model anew; its variables have fresh values.

    A subclassed model may come back without variables: ``build_by_call`` makes them, where Keras only warns.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Model '.*' had a build config, but the model cannot be built", UserWarning)
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


def optimizer_fits(model: Any) -> bool:
    """Tell whether the model's optimizer is built, and for the weights that are trainable now."""
    optimizer = optimizer_of(model)
    if not getattr(optimizer, "built", False):
        return False
    return set(map(id, optimizer._trainable_variables)) == set(map(id, model.trainable_variables))


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


def remember_first_calls() -> None:
    """Let models remember the tensors that built them; calling it again changes nothing.

    Keras records shapes only, and those of the first argument only where the class has no ``build``.
    """
    keras.Model._maybe_build = _maybe_build


def _maybe_build(model: Any, call_spec: Any) -> None:
    new = not model.built
    _keras_maybe_build(model, call_spec)
    if new:
        given = call_spec.tensor_arguments_dict.items()
        set_first_call(model, {name: value for name, value in given if name not in ("mask", "args", "kwargs")})


def set_first_call(model: Any, arguments: Mapping[str, Any]) -> None:
    """Remember the shapes and dtypes of the tensors that ``model.call`` takes, by argument."""
    # Written past Keras's ``__setattr__``, which would track the tensors and refuse on a built model.
    model.__dict__[_FIRST_CALL] = {
        name: keras.tree.map_structure(lambda tensor: keras.KerasTensor(tensor.shape, tensor.dtype), value)
        for name, value in arguments.items()
        if not any(leaf is None for leaf in keras.tree.flatten(value))
    }


def first_call(model: Any) -> Mapping[str, Any]:
    """Return symbolic tensors like those that the model was first called with, by argument; empty if it was not."""
    found: Mapping[str, Any] = model.__dict__.get(_FIRST_CALL, {})
    return found


def call_to_json(model: Any) -> Any:
    """Return the first call of the model as JSON values."""
    return keras.saving.serialize_keras_object(dict(first_call(model)))


def build_by_call(model: Any, call: Any, custom_objects: Mapping[str, Any] | None = None) -> None:
    """Give a model read from its configuration its first call back, and the variables that Keras could not make.

    Keras marks every model that it reads as built, whether it could build its layers or not.
    """
    tensors = keras.saving.deserialize_keras_object(call)
    set_first_call(model, tensors)
    if not tensors or all(layer.built for layer in model._flatten_layers()):
        return
    model(**tensors)
    optimizer = optimizer_of(model)
    if optimizer is not None:  # Keras built it for the variables that were there, and does so once only
        with keras.saving.custom_object_scope(dict(custom_objects or {})):
            model.optimizer = type(optimizer).from_config(optimizer.get_config())
        model.optimizer.build(model.trainable_variables)


def build_shapes(layer: Any) -> dict[str, Any]:
    """Return the arguments that ``layer.build`` was called with, shapes by names such as ``"x_shape"``."""
    return dict(layer._build_shapes_dict or {})


def assign_outside(variable: Any, array: np.ndarray) -> None:
    """Give a variable a value for good, even while Keras builds layers without computing."""
    if variable._value is None:  # it gets its first value when the layers are built
        variable._initializer = lambda shape, dtype=None: array  # noqa: ARG005  # an initializer's arguments
    else:
        variable._direct_assign(variable._convert_to_tensor(array, dtype=variable._dtype))
