"""Forward-mode differentiation of what ran, ``tf.autodiff.ForwardAccumulator``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenon.core._names import export
from tenon.core.autodiff._tape import UnconnectedGradients, is_variable, leaves_of, like
from tenon.core.recording import Recorder, forward, is_differentiable
from tenon.core.tensors import Tensor, array_of, as_dtype, as_tensor


@export("autodiff.ForwardAccumulator")
class ForwardAccumulator:
    """Computes Jacobian-vector products of what runs inside the block, ``tf.autodiff.ForwardAccumulator``.

    Args:
        primals: a tensor or variable, or a nested structure of them.
        tangents: in the structure of ``primals``, the direction of each, of its shape and dtype.

    Raises:
        ValueError: the structures differ, the same primal comes twice, or a tangent has another shape than its primal.

    Example:
        >>> x = as_tensor(np.float32(3.0))
        >>> with ForwardAccumulator(x, 2.0) as accumulator:
        ...     y = x * x
        >>> accumulator.jvp(y).numpy()
        np.float32(12.0)
    """

    def __init__(self, primals: Any, tangents: Any) -> None:
        self._primals = leaves_of(primals)
        given = leaves_of(tangents)
        if len(given) != len(self._primals):
            raise ValueError(f"tangents: must be one for each of {len(self._primals)} primals; received {len(given)}.")
        if len({id(primal) for primal in self._primals}) != len(self._primals):
            raise ValueError("primals: the same tensor or variable was given twice; add its tangents instead.")
        self._tangents = [_tangent(*pair) for pair in zip(self._primals, given, strict=True)]
        self._recorder = Recorder(watch_variables=False)
        for primal in self._primals:
            if is_variable(primal):
                self._recorder.watch_variable(primal)
            elif is_differentiable(array_of(primal)):
                self._recorder.watch(array_of(primal))

    def __enter__(self) -> ForwardAccumulator:
        if self._recorder.on:
            raise ValueError("Accumulator is already recording: one cannot be entered twice at the same time.")
        self._recorder.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._recorder.__exit__()

    def jvp(self, primals: Any, unconnected_gradients: Any = UnconnectedGradients.NONE) -> Any:
        """Return the tangent of each of ``primals``, which were computed inside the block.

        Args:
            primals: a tensor, or a nested structure of them.
            unconnected_gradients: what tensors get that depend on no primal, ``"none"`` or ``"zero"``.

        Returns:
            A structure like ``primals``.

        Raises:
            ValueError: ``unconnected_gradients`` is none of the two.
        """
        unconnected = UnconnectedGradients(unconnected_gradients)
        targets = leaves_of(primals)
        paused, self._recorder.paused = self._recorder.paused, True
        try:
            sources, tangents = self._directions()
            arrays = [self._array(target) for target in targets]
            found = forward(self._recorder.nodes, sources, tangents, arrays)
        finally:
            self._recorder.paused = paused
        return like(primals, [_result(*pair, unconnected) for pair in zip(arrays, found, strict=True)])

    def _array(self, target: Any) -> Any:
        known = self._recorder.arrays_of(target) if is_variable(target) else []
        return known[-1] if known else array_of(target)

    def _directions(self) -> tuple[Sequence[Any], Sequence[Any]]:
        sources, tangents = [], []
        for primal, tangent in zip(self._primals, self._tangents, strict=True):
            arrays = self._recorder.arrays_of(primal) if is_variable(primal) else [array_of(primal)]
            sources += arrays
            tangents += [tangent] * len(arrays)
        return sources, tangents


def _tangent(primal: Any, tangent: Any) -> Any:
    wanted = array_of(primal)
    array = array_of(tangent, hint=as_dtype(wanted.dtype))
    if array.shape != wanted.shape or array.dtype != wanted.dtype:
        raise ValueError(
            f"tangents: each must have its primal's shape and dtype, {wanted.shape} and {wanted.dtype}; received "
            f"{array.shape} and {array.dtype}."
        )
    return as_tensor(array).value


def _result(array: Any, found: Any | None, unconnected: UnconnectedGradients) -> Tensor | None:
    if found is None:
        return None if unconnected is UnconnectedGradients.NONE else as_tensor(np.zeros(array.shape, array.dtype))
    return as_tensor(found)
