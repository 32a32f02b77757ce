"""Write the values of objects into a file and give them back, ``tf.train.Checkpoint``."""

from __future__ import annotations

import inspect
import os
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tenon.base import FailedPreconditionError, InvalidArgumentError, NotFoundError, UnimplementedError
from tenon.core.tensors import int64
from tenon.core.tracing import executing_eagerly, init_scope
from tenon.core.variables import Variable, attribute_was_set, observers
from tenon.train._graph import walk
from tenon.train._name_based import NameBasedRestoration
from tenon.train._options import CheckpointOptions
from tenon.train._restoration import Restoration
from tenon.train._source import BundleSource, object_graph
from tenon.train._state_file import PathLike, write_checkpoint_state
from tenon.train._status import CheckpointLoadStatus, InitializationOnlyStatus, LoadStatus, NameBasedStatus
from tenon.train._trackable import TrackableType, children_of, is_trackable, register_trackable
from tenon.train._writing import BackgroundWriter, Snapshot, snapshot, write_snapshot

_COUNTER: Final = "save_counter"
_OWN: Final = frozenset({"_root", "_attached", "_counter", "_writer"})
"""Attributes of a checkpoint that are no part of what it saves."""

Written = Callable[[str], None]


class Checkpoint:
    """A group of objects whose values are saved and restored together, ``tf.train.Checkpoint``.

    Saved are variables: those given, and those that the given modules, Keras objects, lists, tuples and dicts hold, at
    any depth. Files are TensorFlow's: ``PREFIX.index`` and ``PREFIX.data-00000-of-00001``, which appear whole or not at
    all. Values are found again by the attributes on the way to them, so that objects may have other names and classes.

    Args:
        root: the object whose children are saved, or a ``weakref.ref`` of it; left out, the checkpoint itself is it.
        **kwargs: further objects by name; they become attributes. More attributes may be set later.

    Raises:
        InvalidArgumentError: an object cannot be saved, or ``root`` holds another one under the name.

    Example:
        >>> import tempfile
        >>> step = Variable(1)
        >>> path = Checkpoint(step=step).save(tempfile.mkdtemp() + "/ckpt")
        >>> other = Variable(0)
        >>> status = Checkpoint(step=other).restore(path).assert_consumed()
        >>> other.numpy(), path[-6:]
        (np.int32(1), 'ckpt-1')
    """

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        self._root = root
        self._attached: dict[str, Any] = {}
        self._counter: Variable | None = None
        self._writer = BackgroundWriter()
        if root is not None:
            kwargs = {**kwargs, "root": root}
        for name, value in sorted(kwargs.items()):
            _check_trackable(name, _followed(value))
            if root is not None:
                self._attach(name, value)
            setattr(self, name, value)

    def _attach(self, name: str, value: Any) -> None:
        """Make an object a child of the root, which does not know of it."""
        own = dict(children_of(self._top())).get(name)
        if own is None:
            self._attached[name] = value
        elif own is not _followed(value):
            raise InvalidArgumentError(
                f"Cannot create a Checkpoint with keyword argument {name} if root.{name} already exists."
            )

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if observers and name not in _OWN:
            attribute_was_set(self, name)

    @property
    def save_counter(self) -> Any:
        """How often ``save`` was called: an int64 variable, created when it is first asked for."""
        if self._counter is None:
            own = None if self._root is None else dict(children_of(self._top())).get(_COUNTER)
            self._counter = _new_counter() if own is None else own
            self._attached[_COUNTER] = self._counter
        return self._counter

    def save(self, file_prefix: PathLike, options: CheckpointOptions | None = None) -> str:
        """Write a checkpoint ``FILE_PREFIX-NUMBER`` and note it as the latest one of its folder.

        Args:
            file_prefix: a folder, which is created, and the beginning of the files' names.
            options: how to write.

        Returns:
            The path of the checkpoint, for ``restore``.

        Raises:
            UnimplementedError: a function is being traced.
            OSError: the file system refuses; nothing was changed.
        """
        return self.write_numbered(file_prefix, None, _note_latest, options)

    def write_numbered(
        self, file_prefix: PathLike, number: int | None, written: Written, options: CheckpointOptions | None
    ) -> str:
        """Count a checkpoint and write it, for those who keep lists of checkpoints.

        Args:
            file_prefix: a folder, which is created, and the beginning of the files' names.
            number: the number in the names; ``None`` for that of the counter.
            written: called with the path when the checkpoint is on disk.
            options: how to write.

        Returns:
            The path of the checkpoint, for ``restore``.

        Raises:
            UnimplementedError: a function is being traced.
            OSError: the file system refuses; nothing was changed.
        """
        _check_eager("save")
        self.sync()
        self.save_counter.assign_add(1)
        chosen = int(self.save_counter) if number is None else number
        try:
            return self._write(f"{os.fspath(file_prefix)}-{chosen}", options or CheckpointOptions(), [written])
        except BaseException:
            self.save_counter.assign_sub(1)
            raise

    def write(self, file_prefix: PathLike, options: CheckpointOptions | None = None) -> str:
        """Write a checkpoint of exactly this path; it is neither counted nor noted. To be read with ``read``.

        Args:
            file_prefix: the path, without ``.index``; its folder is created. A checkpoint that is there is replaced.
            options: how to write.

        Returns:
            ``file_prefix``.

        Raises:
            UnimplementedError: a function is being traced.
            OSError: the file system refuses; what was there is as it was.
        """
        _check_eager("write")
        self.sync()
        return self._write(os.fspath(file_prefix), options or CheckpointOptions(), [])

    def _write(self, path: str, options: CheckpointOptions, written: list[Written]) -> str:
        callbacks = [*(options.experimental_write_callbacks or ()), *written]
        values = self.snapshot(copied=options.enable_async)

        def run() -> None:
            write_snapshot(path, values)
            for callback in callbacks:
                callback(*[path][: len(inspect.signature(callback).parameters)])

        if options.enable_async:
            self._writer.start(run)
        else:
            run()
        return path

    def snapshot(self, copied: bool = False) -> Snapshot:
        """Return the values as they are now.

        Args:
            copied: whether to copy them to the host's memory, so that a training step may reuse the device's.
        """
        return snapshot(walk(self._top(), self._further()), copied)

    def sync(self) -> None:
        """Wait until what ``enable_async`` writes is on disk; what went wrong on its thread is raised here.

        ``save``, ``write``, ``restore`` and ``read`` do so first.
        """
        self._writer.wait()

    def read(self, save_path: PathLike | None, options: CheckpointOptions | None = None) -> LoadStatus:
        """Give the objects the values of a checkpoint that ``write`` wrote.

        Values of objects that do not exist yet are given when they appear.

        Args:
            save_path: the path of the checkpoint; ``None`` restores nothing.
            options: how to read.

        Returns:
            What became of it.

        Raises:
            NotFoundError: there is no such checkpoint.
            DataLossError: it is damaged.
            InvalidArgumentError: a value has another shape or dtype than its variable.
        """
        self.sync()
        if save_path is None:
            return InitializationOnlyStatus()
        path = os.fspath(save_path)
        source = BundleSource(path)
        graph = object_graph(source, path)
        if graph is None:
            by_name = NameBasedRestoration(source, self._top(), self._further())
            by_name.run()
            return NameBasedStatus(path, by_name)
        skip_slots = options is not None and options.experimental_skip_slot_variables
        return self.start(Restoration(path, source, graph, skip_slots))

    def start(self, restoration: Restoration) -> LoadStatus:
        """Give the objects what a restoration holds, now and as they appear."""
        restoration.start(self._top(), self._further())
        return CheckpointLoadStatus(restoration, self._top(), self._further())

    def restore(self, save_path: PathLike | None, options: CheckpointOptions | None = None) -> LoadStatus:
        """Give the objects the values of a checkpoint that ``save`` wrote.

        Values of objects that do not exist yet are given when they appear. A checkpoint of TensorFlow 1, which goes by
        the names of variables, restores the variables of those names.

        Args:
            save_path: the path of the checkpoint, as ``save`` or ``tf.train.latest_checkpoint`` returned it, or a
                SavedModel directory; ``None`` restores nothing.
            options: how to read.

        Returns:
            What became of it.

        Raises:
            NotFoundError: there is no such checkpoint.
            DataLossError: it is damaged.
            InvalidArgumentError: a value has another shape or dtype than its variable.
        """
        self.save_counter.value()  # create it, so that it is restored
        try:
            return self.read(_inside_saved_model(save_path), options)
        except NotFoundError as error:
            raise NotFoundError(
                f"Error when restoring from checkpoint or SavedModel at {save_path}: {error} Please double-check that "
                "the path is correct. You may be missing the checkpoint suffix (e.g. the '-1' in 'path/to/ckpt-1')."
            ) from error

    def _further(self) -> dict[str, Any]:
        """Return the children of the root of which it does not know."""
        return {name: _followed(value) for name, value in self._attached.items()}

    def _top(self) -> Any:
        """Return the object whose children are saved."""
        if self._root is None:
            return self
        root = _followed(self._root)
        if root is None:
            raise FailedPreconditionError("root: the object of the weak reference is gone. Keep it while it is saved.")
        return root


def _own_children(checkpoint: Checkpoint) -> Mapping[str, Any]:
    return {name: _followed(value) for name, value in vars(checkpoint).items() if name not in _OWN}


register_trackable(Checkpoint, TrackableType(children=_own_children, tells=True))


def _followed(value: Any) -> Any:
    return value() if isinstance(value, weakref.ref) else value


def _new_counter() -> Variable:
    with init_scope():
        return Variable(0, trainable=False, dtype=int64, name=_COUNTER)


def _check_trackable(name: str, value: Any) -> None:
    if not is_trackable(value) or (name == "root" and isinstance(value, list | tuple | dict)):
        raise InvalidArgumentError(
            f"`Checkpoint` was expecting {name} to be a trackable object (a variable, a module, a Keras object, a list "
            f"or dict of those, or an object with _trackable_children), got {value!r}. Wrap a number in tf.Variable."
        )


def _check_eager(method: str) -> None:
    if not executing_eagerly():
        raise UnimplementedError(
            f"Calling tf.train.Checkpoint.{method}() from a function is not supported: files are not written by traced "
            "programs. Call it outside, between the calls of the function."
        )


def _note_latest(path: str) -> None:
    write_checkpoint_state(Path(path).parent, [path])


def _inside_saved_model(path: PathLike | None) -> PathLike | None:
    """Return the path of the checkpoint in a SavedModel directory; another path as it is."""
    if path is None or not any(Path(path, name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
        return path
    return Path(path, "variables", "variables")
