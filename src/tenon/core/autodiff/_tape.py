"""Reverse-mode differentiation of what ran, ``tf.GradientTape``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import chain, islice
from typing import Any

import jax.numpy as jnp
import numpy as np
import optree

from tenon.base import InvalidArgumentError
from tenon.core.recording import Recorder, backward, is_differentiable, kernel, run
from tenon.core.tensors import Tensor, TensorShape, array_of, as_dtype, as_tensor, is_tensor_like


class UnconnectedGradients(Enum):
    """What the gradient of a source is that the target does not depend on, ``tf.UnconnectedGradients``."""

    NONE = "none"
    ZERO = "zero"


class GradientTape:
    """Records operations to differentiate them afterwards, ``tf.GradientTape``.

    Operations on watched tensors are recorded inside the block: Tenon's, JAX's, Keras layers'. Trainable variables are
    watched when they are read. The derivative is compiled once for each structure of recorded operations.

    Args:
        persistent: whether ``gradient`` and ``jacobian`` may be called more than once.
        watch_accessed_variables: whether trainable variables are watched when they are read.

    Example:
        >>> x = Tensor(jnp.array(3.0))
        >>> with GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = jnp.square(x)
        >>> tape.gradient(y, x)
        <tf.Tensor: shape=(), dtype=float32, numpy=6.0>
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_variables = watch_accessed_variables
        self._recorder: Recorder | None = None
        self._active: Recorder | None = None
        self._watched: tuple[Any, ...] = ()

    def __enter__(self) -> GradientTape:
        if self._active is not None:
            raise ValueError("Tape is already recording: one tape cannot be entered twice at the same time.")
        self._recorder = self._recorder or Recorder(self._watch_variables)
        self._active = self._recorder
        self._active.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._active is not None
        self._active.__exit__()
        self._active = None

    def watch(self, tensor: Any) -> None:
        """Record what is computed from ``tensor``, or from each of a nested structure of tensors and variables.

        Raises:
            ValueError: something in it is no tensor, or the tape does not record.
        """
        recorder = self._recording("watch")
        for leaf in leaves_of(tensor):
            if not is_tensor_like(leaf):
                raise ValueError(
                    f"Passed in object {leaf!r} of type {type(leaf).__name__!r}, not tf.Tensor or tf.Variable."
                )
            if is_variable(leaf):
                recorder.watch_variable(leaf)
            elif is_differentiable(array_of(leaf)):
                recorder.watch(array_of(leaf))

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Record nothing inside the block.

        Raises:
            ValueError: the tape does not record.
        """
        recorder = self._recording("stop_recording")
        recorder.paused = True
        try:
            yield
        finally:
            recorder.paused = False

    def reset(self) -> None:
        """Forget everything recorded so far, and what was watched.

        Raises:
            ValueError: the tape does not record.
        """
        self._recording("reset")
        self.__exit__()
        self._recorder = None
        self.__enter__()

    def watched_variables(self) -> tuple[Any, ...]:
        """Return the variables that were watched, in the order of their first reading."""
        return tuple(self._recorder.read_variables()) if self._recorder is not None else self._watched

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """Return the gradient of the sum of all targets with respect to each source.

        Args:
            target: a tensor, or a nested structure of them.
            sources: a tensor or variable, or a nested structure of them, each watched.
            output_gradients: what to start from, in the structure of ``target``; ``None`` for ones.
            unconnected_gradients: what sources get that the target does not depend on, ``"none"`` or ``"zero"``.

        Returns:
            A structure like ``sources``: tensors of the sources' shapes and dtypes, or ``None``.

        Raises:
            RuntimeError: the tape was used before and is not persistent.
            ValueError: ``unconnected_gradients`` is none of the two, or a source is no tensor.
        """
        recorder = self._used("gradient")
        unconnected = UnconnectedGradients(unconnected_gradients)
        leaves = leaves_of(target)
        targets = [array_of(leaf) for leaf in leaves]
        starts = _starts(targets, output_gradients)
        pairs = [pair for pair in zip(targets, starts, strict=True) if is_differentiable(pair[0])]
        flat = leaves_of(sources)
        arrays = [_arrays(recorder, source, leaves, targets) for source in flat]
        with self._done(recorder):
            rest = iter(backward(recorder.nodes, [a for a, _ in pairs], [*chain(*arrays)], [b for _, b in pairs]))
            results = [
                _result(source, list(islice(rest, len(own))), unconnected)
                for source, own in zip(flat, arrays, strict=True)
            ]
        return like(sources, results)

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """Return the derivative of every element of ``target`` with respect to every element of each source.

        Args:
            target: a tensor.
            sources: a tensor or variable, or a nested structure of them, each watched.
            unconnected_gradients: what sources get that the target does not depend on, ``"none"`` or ``"zero"``.
            parallel_iterations: ignored: everything is done at once.
            experimental_use_pfor: ignored.

        Returns:
            A structure like ``sources``: tensors of shape ``target.shape + source.shape``, or ``None``.

        Raises:
            RuntimeError: the tape was used before and is not persistent.
        """
        del parallel_iterations, experimental_use_pfor
        array = array_of(target)
        units = np.eye(array.size, dtype=array.dtype).reshape(array.size, *array.shape)
        return self._rows(target, array, sources, UnconnectedGradients(unconnected_gradients), units, array.shape)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """Return the Jacobian of each row of ``target`` with respect to the same row of ``source``.

        Args:
            target: a tensor whose row ``i`` depends on row ``i`` of ``source`` only.
            source: a tensor with as many rows.
            unconnected_gradients: what to return where the target does not depend on the source.
            parallel_iterations: ignored: everything is done at once.
            experimental_use_pfor: ignored.

        Returns:
            A tensor of shape ``(rows, *target.shape[1:], *source.shape[1:])``, or ``None``.

        Raises:
            RuntimeError: the tape was used before and is not persistent.
            ValueError: the first dimensions differ.
        """
        del parallel_iterations, experimental_use_pfor
        array, given = array_of(target), array_of(source)
        if not array.ndim or not given.ndim or array.shape[0] != given.shape[0]:
            raise ValueError(
                "Need first dimension of target shape and source shape to be the same; received "
                f"{TensorShape(array.shape)} and {TensorShape(given.shape)}."
            )
        inner = array.shape[1:]
        count = int(np.prod(inner))
        units = np.eye(count, dtype=array.dtype).reshape(count, 1, *inner)
        starts = np.broadcast_to(units, (count, *array.shape))
        found = self._rows(target, array, source, UnconnectedGradients(unconnected_gradients), starts, (count,))
        if found is None:
            return None
        return as_tensor(run(kernel(_rows_first, inner=inner), [found.value]))

    def _rows(
        self, target: Any, array: Any, sources: Any, unconnected: UnconnectedGradients, starts: Any, shape: Any
    ) -> Any:
        recorder = self._used("jacobian")
        flat = leaves_of(sources)
        arrays = [_arrays(recorder, source, [target], [array]) for source in flat]
        with self._done(recorder):
            rest = iter(backward(recorder.nodes, [array], [*chain(*arrays)], [starts], batched=True))
            rows = [
                _result(source, list(islice(rest, len(own))), unconnected, len(starts))
                for source, own in zip(flat, arrays, strict=True)
            ]
            unfold = kernel(_unfold, shape=tuple(shape))
            results = [None if row is None else as_tensor(run(unfold, [row.value])) for row in rows]
        return like(sources, results)

    def _recording(self, method: str) -> Recorder:
        if self._active is None:
            raise ValueError(f"{method}: the tape is not recording; call it inside the block `with tf.GradientTape()`.")
        return self._active

    def _used(self, method: str) -> Recorder:
        if self._recorder is None:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians): "
                f"{method} was called again, or before anything was recorded. Use tf.GradientTape(persistent=True)."
            )
        return self._recorder

    @contextmanager
    def _done(self, recorder: Recorder) -> Iterator[None]:
        """Let go of the recording after a derivative was taken, if the tape is not persistent."""
        paused = recorder.paused
        recorder.paused = paused or not self._persistent
        try:
            yield
        finally:
            recorder.paused = paused
            if not self._persistent:
                self._watched = tuple(recorder.read_variables())
                self._recorder = None


def leaves_of(structure: Any) -> list[Any]:
    """Return the leaves of a nested structure; ``None`` is one.

    Example:
        >>> leaves_of({"a": [1, None]})
        [1, None]
    """
    leaves: list[Any] = optree.tree_leaves(structure, is_leaf=is_tensor_like, none_is_leaf=True)
    return leaves


def like(structure: Any, leaves: Sequence[Any]) -> Any:
    """Return other leaves in a structure.

    Example:
        >>> like({"a": [1, None]}, [2, 3])
        {'a': [2, 3]}
    """
    return optree.tree_unflatten(optree.tree_structure(structure, is_leaf=is_tensor_like, none_is_leaf=True), leaves)


def is_variable(value: Any) -> bool:
    """Tell whether a value is a variable, of Tenon or Keras.

    Example:
        >>> is_variable(1.0)
        False
    """
    return hasattr(value, "assign") and hasattr(value, "trainable")


def _arrays(recorder: Recorder, source: Any, targets: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """Return the arrays that a source had; a source that is a target too counts, watched or not."""
    if is_variable(source):
        found = recorder.arrays_of(source)
        known = set(map(id, found))
        own = zip(targets, values, strict=True)
        return [*found, *[value for target, value in own if target is source and id(value) not in known][:1]]
    if not is_tensor_like(source):
        raise ValueError(
            f"sources: must be tensors or variables; received {source!r} of type {type(source).__name__!r}."
        )
    array = array_of(source)
    return [array] if recorder.is_live(array) or any([value is array for value in values]) else []


def _starts(targets: Sequence[Any], output_gradients: Any) -> list[Any | None]:
    if output_gradients is None:
        return [None] * len(targets)
    given = leaves_of(output_gradients)
    if len(targets) == 1 and len(given) != 1:
        given = [output_gradients]  # the rows of one tensor
    if len(given) != len(targets):
        raise ValueError(f"output_gradients: must be one for each of {len(targets)} targets; received {len(given)}.")
    return [_start(target, start) for target, start in zip(targets, given, strict=True)]


def _start(target: Any, given: Any) -> Any | None:
    if given is None:
        return None
    array = array_of(given, hint=as_dtype(target.dtype))
    if array.shape != target.shape:
        raise InvalidArgumentError(
            f"output_gradients: must have the shape of the target, {target.shape}; received {array.shape}."
        )
    return array


def _result(
    source: Any, found: Sequence[Any | None], unconnected: UnconnectedGradients, rows: int | None = None
) -> Tensor | None:
    known = [gradient for gradient in found if gradient is not None]
    if known:
        return as_tensor(known[0] if len(known) == 1 else run(_SUM, known))
    if unconnected is UnconnectedGradients.NONE:
        return None
    array = array_of(source)
    return as_tensor(np.zeros(array.shape if rows is None else (rows, *array.shape), array.dtype))


def _sum(*arrays: Any) -> Any:
    return sum(arrays[1:], arrays[0])


_SUM = kernel(_sum)


def _unfold(rows: Any, shape: tuple[int, ...]) -> Any:
    return rows.reshape(*shape, *rows.shape[1:])


def _rows_first(found: Any, inner: tuple[int, ...]) -> Any:
    """From ``(elements, rows, *source)`` to ``(rows, *inner, *source)``."""
    moved = jnp.moveaxis(found, 1, 0)
    return moved.reshape(moved.shape[0], *inner, *moved.shape[2:])
