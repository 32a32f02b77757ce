"""What Orbax needs to hear of Tenon: which arrays to write and read where, and which steps to keep.

Each step has a folder. ``state`` in it holds the arrays, ``info`` as JSON what Orbax's arrays cannot hold (strings,
arrays without elements) and the object graph of a ``Checkpoint``.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.tensors import Tensor
from tenon.core.variables import held_array
from tenon.formats import make_ndarray, make_tensor_proto, message_class
from tenon.train._keys import OBJECT_GRAPH, VARIABLE_VALUE
from tenon.train._retention import RetentionPolicy, SavedStep
from tenon.train._trackable import type_of
from tenon.train._writing import Snapshot

_STATE: Final = "state"
_INFO: Final = "info"
_OTHERS: Final = "others"


class Preservation:
    """A retention policy as Orbax asks it.

    Args:
        policy: the policy.
        metrics: what was measured at each step.
    """

    def __init__(self, policy: RetentionPolicy, metrics: Mapping[int, Mapping[str, float]]) -> None:
        self._policy = policy
        self._metrics = metrics

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> list[bool]:
        """Tell for each of Orbax's checkpoints whether it stays."""
        del context
        saved = [SavedStep(each.step, each.time.timestamp(), self._metrics.get(each.step, {})) for each in checkpoints]
        saved.sort(key=lambda each: each.time)
        kept = self._policy.kept(saved) | {each.step for each in saved[-1:]} | {max(each.step for each in saved)}
        return [each.step in kept for each in checkpoints]


def make_manager(
    orbax: Any, directory: str, policy: RetentionPolicy, metrics: Mapping[int, Mapping[str, float]]
) -> Any:
    """Return Orbax's manager of a folder; what killed processes left in it is deleted."""
    return orbax.CheckpointManager(
        Path(directory).absolute(),
        item_handlers={_STATE: orbax.PyTreeCheckpointHandler(), _INFO: orbax.JsonCheckpointHandler()},
        options=orbax.CheckpointManagerOptions(
            cleanup_tmp_directories=True, preservation_policy=Preservation(policy, metrics)
        ),
    )


def save_arguments(orbax: Any, state: Any, info: Mapping[str, Any]) -> Any:
    """Return what Orbax's manager saves."""
    return orbax.args.Composite(**{_STATE: orbax.args.PyTreeSave(state), _INFO: orbax.args.JsonSave(info)})


def packed_checkpoint(values: Snapshot) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the state and the info of the values of a ``Checkpoint``."""
    plain = {key: array for key, array in values.tensors.items() if _is_plain(array)}
    others = {
        key: _text(make_tensor_proto(array).SerializeToString())
        for key, array in values.tensors.items()
        if key not in plain
    }
    others[OBJECT_GRAPH] = _text(make_tensor_proto(values.graph).SerializeToString())
    return plain or {_OTHERS: np.zeros(1)}, {_OTHERS: others}


def as_arrays(tree: Any) -> Any:
    """Return a pytree with arrays for tensors, variables and numbers; what only describes an array stays.

    Raises:
        InvalidArgumentError: a leaf is nothing of that, or has no elements.
    """
    leaves, structure = jax.tree_util.tree_flatten_with_path(tree, is_leaf=_is_wrapper)
    return jax.tree_util.tree_unflatten(structure, [_leaf(path, value) for path, value in leaves])


def _is_wrapper(value: Any) -> bool:
    cls: Any = type(value)
    kind = type_of(cls)
    return isinstance(value, Tensor) or (kind is not None and kind.has_tensors)


def _leaf(path: Any, value: Any) -> Any:
    if isinstance(value, jax.ShapeDtypeStruct):
        return value
    array = value.value if isinstance(value, Tensor) else value
    if not isinstance(value, Tensor) and _is_wrapper(value):
        cls: Any = type(value)
        array = type_of(cls).tensors(value)[VARIABLE_VALUE]  # type: ignore[union-attr]  # _is_wrapper asked for it
    array = array if isinstance(array, jax.Array) else np.array(array)
    if not _is_plain(array):
        raise InvalidArgumentError(
            f"checkpoint_or_pytree{jax.tree_util.keystr(path)}: must be an array of numbers with at least one element, "
            f"a tensor, a variable or a number; received {value!r}. Save other things beside the arrays."
        )
    return array


def _is_plain(array: Any) -> bool:
    return array.size > 0 and getattr(array.dtype, "kind", "") not in "OSUMm"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class OrbaxSource:
    """The tensors of one step.

    Args:
        orbax: the module.
        manager: Orbax's manager of the folder.
        step: the number.
    """

    def __init__(self, orbax: Any, manager: Any, step: int) -> None:
        self.name = f"{manager.directory}/{step}"
        self._orbax = orbax
        self._manager = manager
        self._step = step
        self._metadata = manager.item_metadata(step)[_STATE].tree
        found = manager.restore(step, args=orbax.args.Composite(**{_INFO: orbax.args.JsonRestore()}))
        self._others: Mapping[str, str] = found[_INFO].get(_OTHERS, {})

    def keys(self) -> Collection[str]:
        """Return the keys of all tensors."""
        return {*self._metadata, *self._others} - {_OTHERS}

    def fetch(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return tensors by key: each where the present value of the object is that will get it."""
        like = {key: _present(value) for key, value in wanted.items() if key not in self._others}
        read = self._read(like, {key: self._place(value) for key, value in like.items()}, partial=True) if like else {}
        return {**read, **{key: self._other(key) for key in wanted if key in self._others}}

    def pytree(self) -> Any:
        """Return everything as NumPy arrays."""
        return self._read(None, jax.tree.map(lambda _: self._place(None), self._metadata))

    def pytree_like(self, like: Any) -> Any:
        """Return everything in the structure of ``like``, arrays where its leaves say.

        Raises:
            InvalidArgumentError: the structure, a shape or a dtype is another one.
        """
        try:
            read = self._read(like, jax.tree.map(self._place, like))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidArgumentError(f"target: does not fit what was saved in {self.name}: {error}") from error
        for (path, wanted), found in zip(jax.tree_util.tree_leaves_with_path(like), jax.tree.leaves(read), strict=True):
            if (tuple(wanted.shape), wanted.dtype) != (tuple(found.shape), found.dtype):
                raise InvalidArgumentError(
                    f"target{jax.tree_util.keystr(path)}: has shape {tuple(wanted.shape)} and dtype {wanted.dtype}; "
                    f"saved in {self.name} are {tuple(found.shape)} and {found.dtype}."
                )
        return read

    def _read(self, like: Any, places: Any, partial: bool = False) -> Any:
        arguments = self._orbax.args.PyTreeRestore(item=like, restore_args=places, partial_restore=partial)
        with jax.enable_x64(True):
            return self._manager.restore(self._step, args=self._orbax.args.Composite(**{_STATE: arguments}))[_STATE]

    def _place(self, value: Any) -> Any:
        sharding = getattr(value, "sharding", None)
        if sharding is None:
            return self._orbax.RestoreArgs(restore_type=np.ndarray)
        return self._orbax.ArrayRestoreArgs(sharding=sharding)

    def _other(self, key: str) -> Any:
        proto = message_class("tensorflow.TensorProto").FromString(base64.b64decode(self._others[key]))
        return make_ndarray(proto)


def _present(value: Any) -> Any:
    """Return the array that a variable holds, if it was put somewhere on purpose; else zero, which stands for any."""
    array = held_array(value) if hasattr(value, "__dict__") else None
    return array if getattr(array, "committed", False) else 0
