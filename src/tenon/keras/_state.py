"""What a SavedModel keeps of a Keras model beyond its program: configuration, optimizer, seeds, assets.

Below ``keras/`` in the extras of the SavedModel::

    config.json      Keras's configuration of the model, compilation included
    metadata.json    the version of Keras
    state.json       the tensors of the first call; where the state of every part of the model lies: in a variable of
                     the program, or in ``state``
    state.*          a TensorBundle with what is no variable of the program: optimizer slots, iterations, seeds
    assets/          files of layers, such as vocabularies

No weight is stored twice: the variables of the program are only referred to by name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tenon.base import FailedPreconditionError
from tenon.formats import BundleReader, BundleWriter
from tenon.keras._keras_internals import (
    Entries,
    build_by_call,
    call_to_json,
    load_state,
    model_from_json,
    model_to_json,
    optimizer_fits,
    optimizer_of,
    save_state,
    to_numpy,
)
from tenon.keras._program import variable_names

FOLDER = "keras"
_CONFIG, _METADATA, _INDEX, _STATE, _ASSETS = "config.json", "metadata.json", "state.json", "state", "assets"
_FORMAT = 1
_OPTIMIZER = "optimizer"
_log = logging.getLogger("tenon.keras")


def write_state(model: Any, extras: Path) -> None:
    """Write the folder ``keras`` into ``extras``.

    Raises:
        NotImplementedError: a class of the model has no ``get_config`` (Keras's error).
    """
    folder = extras / FOLDER
    assets = folder / _ASSETS
    assets.mkdir(parents=True)
    config, metadata = model_to_json(model)
    (folder / _CONFIG).write_text(config)
    (folder / _METADATA).write_text(metadata)
    collected = _Collector()
    save_state(model, collected, str(assets))
    if not any(assets.iterdir()):
        assets.rmdir()
    names = {id(weight): name for name, weight in zip(variable_names(model), model.weights, strict=True)}
    arrays, places = _place(collected.saveables, names)
    seeds = _seed_states(model)
    arrays |= {f"seeds/{index}": to_numpy(seed) for index, seed in enumerate(seeds)}
    _write_arrays(folder / _STATE, arrays)
    index = {
        "format": _FORMAT,
        "call": call_to_json(model),
        "saveables": places,
        "seeds": len(seeds),
        "optimizer_built": _optimizer_built(model),
    }
    (folder / _INDEX).write_text(json.dumps(index, indent=1))


def _optimizer_built(model: Any) -> bool:
    fits = optimizer_fits(model)
    if not fits and getattr(optimizer_of(model), "built", False):
        _log.warning(
            "model %r: `trainable` was changed after compile(), so that the state of its optimizer no longer fits and "
            "is not restored when the model is loaded. Compile before you train on.",
            model.name,
        )
    return fits


def read_model(
    extras: Path,
    variables: Mapping[str, np.ndarray],
    custom_objects: Mapping[str, Any] | None,
    compiled: bool,
    safe_mode: bool,
) -> Any:
    """Build the model that ``write_state`` described, with its state.

    Args:
        extras: the folder that ``write_state`` was given.
        variables: the variables of the program by name.
        custom_objects: classes and functions by the names under which the configuration knows them.
        compiled: whether to compile the model and to restore its optimizer.
        safe_mode: refuse to run code from the file, that is Python lambdas.

    Raises:
        FailedPreconditionError: the classes have changed so that the state does not fit.
    """
    folder = extras / FOLDER
    index = json.loads((folder / _INDEX).read_text())
    if index["format"] != _FORMAT:
        raise FailedPreconditionError(
            f"{folder / _INDEX}: must have format {_FORMAT}; it has {index['format']}. Upgrade Tenon."
        )
    model = model_from_json((folder / _CONFIG).read_text(), custom_objects, compiled, safe_mode)
    build_by_call(model, index.get("call", {}), custom_objects)
    arrays = _read_arrays(folder / _STATE)
    skip = _optimizers_to_skip(model, index)
    load_state(model, _Restorer(index["saveables"], variables, arrays), str(folder / _ASSETS), skip)
    _check_weights(model, variables)
    _restore_seeds(model, [arrays[f"seeds/{number}"] for number in range(index["seeds"])])
    return model


@dataclass
class _Collector:
    """A store that remembers, by inner path, what every saveable puts into it."""

    saveables: dict[str, Entries] = field(default_factory=dict)

    def make(self, path: str) -> Entries:
        return self.saveables.setdefault(path, {})

    def get(self, path: str) -> Entries:
        return self.saveables.get(path, {})

    def has(self, path: str) -> bool:
        return _has(self.saveables, path)


@dataclass(frozen=True)
class _Restorer:
    """A store that gives every saveable its entries back, from the program's variables and from the bundle."""

    places: Mapping[str, Mapping[str, Mapping[str, str]]]
    variables: Mapping[str, np.ndarray]
    arrays: Mapping[str, np.ndarray]

    def make(self, path: str) -> Entries:
        return self.get(path)

    def get(self, path: str) -> Entries:
        return {key: self._array(**place) for key, place in self.places.get(path, {}).items()}

    def has(self, path: str) -> bool:
        return _has(self.places, path)

    def _array(self, variable: str | None = None, state: str | None = None) -> np.ndarray:
        return self.variables[variable] if variable is not None else self.arrays[str(state)]


def _has(paths: Mapping[str, Any], path: str) -> bool:
    return path in paths or any(other.startswith(f"{path}/") for other in paths)


def _place(
    saveables: Mapping[str, Entries], names: Mapping[int, str]
) -> tuple[dict[str, Any], dict[str, dict[str, dict[str, str]]]]:
    """Split entries into arrays for the bundle, and the place of every entry."""
    arrays: dict[str, Any] = {}
    places: dict[str, dict[str, dict[str, str]]] = {}
    for path, entries in saveables.items():
        places[path] = {}
        for key, value in entries.items():
            if id(value) in names:
                places[path][key] = {"variable": names[id(value)]}
            else:
                places[path][key] = {"state": f"saveables/{path}/{key}"}
                arrays[f"saveables/{path}/{key}"] = to_numpy(value)
    return arrays, places


def _write_arrays(prefix: Path, arrays: Mapping[str, Any]) -> None:
    if not arrays:
        return
    writer = BundleWriter(prefix)
    for key, array in sorted(arrays.items()):
        writer.add(key, np.asarray(array))
    writer.finish()


def _read_arrays(prefix: Path) -> dict[str, np.ndarray]:
    if not prefix.with_name(f"{prefix.name}.index").exists():
        return {}
    reader = BundleReader(prefix)
    keys = reader.keys()
    return {key: reader.read(key) for key in keys}


def _check_weights(model: Any, saved: Mapping[str, np.ndarray]) -> None:
    """Refuse a model that lacks weights: Keras's layers skip their state in silence when they are not built."""
    if len(model.weights) != len(saved):
        raise FailedPreconditionError(
            f"model: {len(saved)} weights were saved and {model.name!r} as built from its configuration has "
            f"{len(model.weights)}. The class has changed since the model was saved, or its build() or "
            "build_from_config() does not create every variable."
        )


def _optimizers_to_skip(model: Any, index: Mapping[str, Any]) -> list[Any]:
    """Decide whether the optimizer gets its state: not when it had none yet, which Keras cannot tell from damage."""
    optimizer, saved = optimizer_of(model), index["saveables"].get(_OPTIMIZER)
    if optimizer is None:
        return []
    if saved is None or not index["optimizer_built"]:
        return [optimizer]
    if len(saved) != len(optimizer.variables):
        raise FailedPreconditionError(
            f"model: the saved optimizer has {len(saved)} variables and {optimizer.name!r} as built from its "
            f"configuration has {len(optimizer.variables)}; its state cannot be restored. Load with compile=False and "
            "compile anew to go on without it."
        )
    return []


def _seed_states(model: Any) -> list[Any]:
    """Return the states of the seed generators in the model, which Keras itself does not save."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _restore_seeds(model: Any, saved: list[np.ndarray]) -> None:
    seeds = _seed_states(model)
    if len(seeds) != len(saved):
        raise FailedPreconditionError(
            f"model: {len(saved)} seed generators were saved and the model built from the configuration has "
            f"{len(seeds)}. Create every SeedGenerator in __init__ or build()."
        )
    for seed, value in zip(seeds, saved, strict=True):
        seed.assign(value)
