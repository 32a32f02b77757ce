"""What is known of integers that a function computes while it is traced: sizes and places, as sums of unknowns.

    n = tf.shape(x)[0] * 2 + 1     is known as 2 * (the size of x) + 1, where that size is a symbol of ``jax.export``
    stop - start                   is known to be 3 where ``stop`` was computed as ``start + 3``

Read backwards from what computed them. Everything that is not understood is an unknown of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from jax.export import is_symbolic_dim

from tenon.core._jax_internals import InconclusiveSizeError, Producer, identity_of, known_constant, producer

_LARGEST: Final = 64
"""Elements up to which a tensor is looked into: shapes and places have few."""
_DEEPEST: Final = 200
"""Steps back that are taken at most."""


class _UnknownError(Exception):
    """A value is no sum of unknowns."""


@dataclass(frozen=True)
class Sum:
    """An integer as a constant plus multiples of unknowns.

    Attributes:
        constant: an integer, or an expression of symbols of ``jax.export``.
        terms: how often each unknown is in it, by its identity; none is there zero times.
    """

    constant: Any
    terms: Mapping[Any, Any] = field(default_factory=dict)

    def __add__(self, other: Sum) -> Sum:
        terms = dict(self.terms)
        for unknown, count in other.terms.items():
            terms[unknown] = terms.get(unknown, 0) + count
        return Sum(self.constant + other.constant, _without_zeros(terms))

    def __mul__(self, other: Sum) -> Sum:
        if self.terms and other.terms:
            raise _UnknownError
        if self.terms:
            return other * self
        terms = {unknown: count * self.constant for unknown, count in other.terms.items()}
        return Sum(self.constant * other.constant, _without_zeros(terms))

    def __neg__(self) -> Sum:
        return self * Sum(-1)

    def __sub__(self, other: Sum) -> Sum:
        return self + -other

    def __floordiv__(self, other: Sum) -> Sum:
        return Sum(self._alone() // other._alone())

    def __mod__(self, other: Sum) -> Sum:
        return Sum(self._alone() % other._alone())

    def _alone(self) -> Any:
        if self.terms:
            raise _UnknownError
        return self.constant


def _without_zeros(terms: Mapping[Any, Any]) -> dict[Any, Any]:
    return {unknown: count for unknown, count in terms.items() if not (isinstance(count, int) and count == 0)}


def _of_constants(array: np.ndarray) -> np.ndarray:
    return np.array([Sum(int(item)) for item in array.ravel()] + [None], object)[:-1].reshape(array.shape)


def _broadcast(array: np.ndarray, params: Mapping[str, Any]) -> np.ndarray:
    shape = [1] * len(params["shape"])
    for place, size in zip(params["broadcast_dimensions"], array.shape, strict=True):
        shape[place] = size
    return np.broadcast_to(array.reshape(shape), params["shape"])


def _slice(array: np.ndarray, params: Mapping[str, Any]) -> np.ndarray:
    strides = params["strides"] or (1,) * array.ndim
    return array[tuple(map(slice, params["start_indices"], params["limit_indices"], strides))]


def _same(array: np.ndarray, _: Mapping[str, Any]) -> np.ndarray:
    return array


_OF_ONE: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Any]]] = {
    "convert_element_type": _same,
    "copy": _same,
    "stop_gradient": _same,
    "neg": lambda array, _: -array,
    "reshape": lambda array, params: array.reshape(params["new_sizes"]),
    "squeeze": lambda array, params: array.squeeze(tuple(params["dimensions"])),
    "broadcast_in_dim": _broadcast,
    "slice": _slice,
    "reduce_sum": lambda array, params: array.sum(tuple(params["axes"]), initial=Sum(0)),
    "reduce_prod": lambda array, params: array.prod(tuple(params["axes"]), initial=Sum(1)),
    "rev": lambda array, params: np.flip(array, params["dimensions"]),
}
_OF_TWO: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "add": lambda x, y: x + y,
    "add_any": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "floor_divide": lambda x, y: x // y,
    "remainder": lambda x, y: x % y,
}


def _computed(step: Producer, inputs: Sequence[np.ndarray]) -> Any:
    if step.name in _OF_ONE:
        return _OF_ONE[step.name](inputs[0], step.params)
    if step.name in _OF_TWO:
        return _OF_TWO[step.name](*inputs)
    if step.name == "dim_as_value":
        return Sum(step.params["dim"])
    if step.name == "concatenate":
        return np.concatenate(inputs, step.params["dimension"])
    if step.name == "stack":
        return np.stack(inputs, step.params["axis"])
    if step.name == "optimization_barrier":
        return inputs[step.place]
    raise _UnknownError


def _known(value: Any, depth: int, found: dict[int, np.ndarray]) -> np.ndarray:
    constant = known_constant(value)
    if constant is not None:
        return _of_constants(constant)
    key = identity_of(value)
    if key not in found:
        found[key] = _looked_into(value, depth, found)
    return found[key]


def _looked_into(value: Any, depth: int, found: dict[int, np.ndarray]) -> np.ndarray:
    step = producer(value)
    unknown = _unknown(value)
    if step is None or depth > _DEEPEST or not all(_is_small(item) for item in step.inputs):
        return unknown
    inputs = [_known(item, depth + 1, found) for item in step.inputs]
    try:
        result = np.empty(unknown.shape, object)
        result[...] = _computed(step, inputs)
    except (_UnknownError, InconclusiveSizeError, ZeroDivisionError):
        return unknown
    return result


def _is_small(value: Any) -> bool:
    known = all(isinstance(size, int) for size in value.shape)
    return bool(known and value.dtype.kind in "iu" and np.prod(value.shape) <= _LARGEST)


def _unknown(value: Any) -> np.ndarray:
    key = identity_of(value)
    places = np.arange(int(np.prod(value.shape))).reshape(value.shape)
    return np.array([Sum(0, {(key, place): 1}) for place in places.ravel()] + [None], object)[:-1].reshape(value.shape)


def known_integers(*tracers: Any) -> list[np.ndarray] | None:
    """Return what is known of integers that are being traced.

    Args:
        *tracers: arrays of integers, traced or not.

    Returns:
        For each an array of ``Sum``; ``None`` where one holds many numbers, or none that are integers.
    """
    found: dict[int, np.ndarray] = {}
    return [_known(value, 0, found) for value in tracers] if all(map(_is_small, tracers)) else None


def known_shape(tracer: Any) -> Any:
    """Return the values of integers that are being traced, where they are known.

    Args:
        tracer: an array of integers, traced or not.

    Returns:
        A nested list of integers and of expressions of symbols of ``jax.export``; ``None`` where one is not known.

    Example:
        >>> known_shape(np.array([2, 3]))
        [2, 3]
    """
    known = known_integers(tracer)
    if known is None or any(item.terms for item in known[0].ravel()):
        return None
    values = np.array([item.constant for item in known[0].ravel()] + [None], object)[:-1]
    return values.reshape(known[0].shape).tolist()


def known_difference(stop: Any, start: Any) -> Any:
    """Return by how much one integer exceeds another, where that is known though they are not.

    Args:
        stop: a scalar, traced or not.
        start: a scalar, traced or not.

    Returns:
        An integer, or an expression of symbols of ``jax.export``; ``None`` where it is not known.

    Example:
        >>> known_difference(np.int32(5), np.int32(2))
        3
    """
    known = known_integers(stop, start)
    if known is None or known[0].shape or known[1].shape:
        return None
    difference: Sum = known[0][()] - known[1][()]
    return None if difference.terms else difference.constant


def is_symbol(value: Any) -> bool:
    """Tell whether a size is a symbol of ``jax.export``, or computed from some.

    Args:
        value: a size.

    Example:
        >>> is_symbol(3)
        False
    """
    return bool(is_symbolic_dim(value))
