"""Saving variables of a session by their names, in TensorFlow's files."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.compat._graph import GraphKeys, get_default_graph
from tenon.compat._session import Session
from tenon.compat._variables import GraphVariable
from tenon.formats import BundleReader, BundleWriter
from tenon.train import write_checkpoint_state


class Saver:
    """Saves and restores variables, ``tf.compat.v1.train.Saver``.

    A checkpoint has the files that TensorFlow's has, but for the graph (``.meta``): programs build it.

    Args:
        var_list: variables, or variables by the name that they have in checkpoints; ``None`` for all of the graph.
        reshape: whether values of another shape are taken, if they have as many elements.
        sharded: accepted and ignored.
        max_to_keep: how many checkpoints are kept; ``None`` or 0 for all.
        keep_checkpoint_every_n_hours: one of so many hours is kept for good.
        name: accepted and ignored.
        restore_sequentially: accepted and ignored.
        saver_def: not taken.
        builder: not taken.
        defer_build: accepted and ignored.
        allow_empty: whether there may be no variable.
        write_version: accepted and ignored.
        pad_step_number: whether the number of the step has leading zeros.
        save_relative_paths: accepted: paths are relative.
        filename: accepted and ignored.

    Raises:
        ValueError: there is no variable, or two have one name.
        TypeError: something is no variable.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: None = None,
        builder: None = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: Any = None,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ) -> None:
        del sharded, name, restore_sequentially, saver_def, builder, defer_build, write_version, save_relative_paths
        del filename
        self._variables = _by_name(var_list)
        if not self._variables and not allow_empty:
            raise ValueError("No variables to save")
        self._reshape = reshape
        self._max_to_keep = max_to_keep or 0
        self._interval = keep_checkpoint_every_n_hours * 3600
        self._next_kept = time.time() + self._interval
        self._pad = pad_step_number
        self._kept: list[tuple[str, float]] = []

    @property
    def last_checkpoints(self) -> list[str]:
        """The checkpoints that were not deleted yet, oldest first."""
        return [path for path, _ in self._kept]

    def set_last_checkpoints(self, last_checkpoints: Sequence[str]) -> None:
        """State which checkpoints there are, oldest first."""
        self._kept = [(path, time.time()) for path in last_checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: Sequence[tuple[str, float]]) -> None:
        """State which checkpoints there are, and when they were written."""
        self._kept = list(last_checkpoints_with_time)

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[str]) -> None:
        """Remember those checkpoints that are there."""
        self.set_last_checkpoints([path for path in checkpoint_paths if checkpoint_exists(path)])

    def save(
        self,
        sess: Session,
        save_path: str | os.PathLike[str],
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str:
        """Write a checkpoint.

        Args:
            sess: has the values.
            save_path: its path, without the number.
            global_step: the number behind the path, or a variable or tensor that is it; ``None`` for none.
            latest_filename: the name of the state file; only the usual one, ``"checkpoint"``.
            meta_graph_suffix: accepted and ignored.
            write_meta_graph: accepted and ignored: the graph is not written.
            write_state: whether the folder's state file and this saver learn of it.
            strip_default_attrs: accepted and ignored.
            save_debug_info: accepted and ignored.

        Returns:
            The path of the checkpoint.

        Raises:
            TypeError: ``sess`` is no session.
            FailedPreconditionError: a variable has no value.
        """
        del latest_filename, meta_graph_suffix, write_meta_graph, strip_default_attrs, save_debug_info
        if not isinstance(sess, Session):
            raise TypeError(f"'sess' must be a Session; received {sess!r}")
        path = self._numbered(sess, os.fspath(save_path), global_step)
        names = list(self._variables)
        values = sess.run([self._variables[name] for name in names])
        with BundleWriter(path) as writer:
            for name, value in sorted(zip(names, values, strict=True)):
                writer.add(name, _storable(value))
        if write_state:
            self._remember(path)
        return path

    def _numbered(self, sess: Session, path: str, step: Any) -> str:
        if step is None:
            return path
        number = int(sess.run(step)) if hasattr(step, "graph") else int(step)
        return f"{path}-{number:08d}" if self._pad else f"{path}-{number}"

    def _remember(self, path: str) -> None:
        self._kept = [(known, when) for known, when in self._kept if known != path] + [(path, time.time())]
        while self._max_to_keep and len(self._kept) > self._max_to_keep:
            oldest, when = self._kept.pop(0)
            if when > self._next_kept:
                self._next_kept += self._interval
            else:
                remove_checkpoint(oldest)
        paths = self.last_checkpoints or [path]
        write_checkpoint_state(Path(path).parent, paths, [when for _, when in self._kept])

    def restore(self, sess: Session, save_path: str | os.PathLike[str] | None) -> None:
        """Give variables the values of a checkpoint; they need no other first value.

        Args:
            sess: gets the values.
            save_path: the checkpoint's path.

        Raises:
            ValueError: there is no such checkpoint.
            NotFoundError: it has no value for a variable.
            InvalidArgumentError: a value is of another shape or type.
        """
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        path = os.fspath(save_path)
        if not checkpoint_exists(path):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {path}")
        reader = BundleReader(path)
        known = set(reader.keys())
        missing = [name for name in self._variables if name not in known]
        if missing:
            raise NotFoundError(
                f"Restoring from checkpoint failed: Key {missing[0]} not found in checkpoint {path}; it has "
                f"{sorted(known)[:10]}."
            )
        for name, variable in self._variables.items():
            sess.load(variable, self._fitting(name, variable, reader.read(name)))

    def _fitting(self, name: str, variable: GraphVariable, value: np.ndarray) -> np.ndarray:
        wanted: Any = variable.static_shape
        if self._reshape and wanted.is_fully_defined():
            value = value.reshape(wanted.as_list())
        if not wanted.is_compatible_with(value.shape):
            raise InvalidArgumentError(
                f"Assign requires shapes of both tensors to match for {name}: the variable has {wanted}, the "
                f"checkpoint {list(value.shape)}."
            )
        if value.dtype != variable.dtype.dtype:
            expected = variable.dtype.name
            raise InvalidArgumentError(
                f"tensor_name = {name}; expected dtype {expected} does not equal original dtype {value.dtype}"
            )
        return value


def _by_name(var_list: Any) -> dict[str, GraphVariable]:
    if var_list is None:
        graph = get_default_graph()
        both = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS)
        var_list = [one for key in both for one in graph.get_collection(key)]
    pairs = list(var_list.items()) if isinstance(var_list, Mapping) else [(None, one) for one in var_list]
    found: dict[str, GraphVariable] = {}
    for name, variable in pairs:
        if not isinstance(variable, GraphVariable):
            raise TypeError(f"Variable to save is not a Variable: {variable!r}")
        key = variable.op.name if name is None else name
        if key in found:
            raise ValueError(f"At least two variables have the same name: {key}")
        found[key] = variable
    return found


def _storable(value: Any) -> np.ndarray:
    return np.asarray(value, object) if isinstance(value, bytes) else np.asarray(value)


def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """Tell whether there is a checkpoint, ``tf.compat.v1.train.checkpoint_exists``.

    Example:
        >>> checkpoint_exists("no/such")
        False
    """
    return Path(f"{checkpoint_prefix}.index").is_file()


def remove_checkpoint(
    checkpoint_prefix: str, checkpoint_format_version: Any = None, meta_graph_suffix: str = "meta"
) -> None:
    """Delete the files of a checkpoint, ``tf.compat.v1.train.remove_checkpoint``."""
    del checkpoint_format_version
    prefix = Path(checkpoint_prefix)
    for path in prefix.parent.glob(f"{prefix.name}.*"):
        if path.suffix == ".index" or ".data-" in path.name or path.suffix == f".{meta_graph_suffix}":
            path.unlink()


def get_checkpoint_mtimes(checkpoint_prefixes: Sequence[str]) -> list[float]:
    """Return when checkpoints were written, in seconds since 1970; those that are not there are left out."""
    return [Path(f"{path}.index").stat().st_mtime for path in checkpoint_prefixes if checkpoint_exists(path)]


def update_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Write the state file of a folder, ``tf.compat.v1.train.update_checkpoint_state``."""
    del latest_filename
    paths = [path for path in all_model_checkpoint_paths or () if path != model_checkpoint_path]
    write_checkpoint_state(
        save_dir,
        [*paths, model_checkpoint_path],
        all_model_checkpoint_timestamps or (),
        last_preserved_timestamp or 0.0,
    )
