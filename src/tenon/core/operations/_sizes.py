"""Static arguments: shapes, sizes and axes, checked by TensorFlow's rules."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.core.tensors import is_symbol


def as_sizes(shape: Any, name: str = "shape") -> tuple[int, ...]:
    """Return a shape as a tuple; one number is a vector's.

    Raises:
        TypeError: a size is no integer.
        InvalidArgumentError: a size is negative.

    Example:
        >>> as_sizes([2, 3]), as_sizes(4)
        ((2, 3), (4,))
    """
    sizes = as_integers(shape, name)
    if any(isinstance(size, int) and size < 0 for size in sizes):
        raise InvalidArgumentError(f"{name}: Dimension {min(sizes)} must be >= 0; received {list(sizes)}.")
    return sizes


def as_integers(values: Any, name: str) -> tuple[int, ...]:
    """Return integers as a tuple, one alone too; symbols of ``jax.export`` are left as they are.

    Raises:
        TypeError: a value is no integer.

    Example:
        >>> as_integers(-1, "axis")
        (-1,)
    """
    return tuple([_as_integer(value, name) for value in (values if isinstance(values, list | tuple) else [values])])


def _as_integer(value: Any, name: str) -> Any:
    if is_symbol(value):
        return value
    try:
        return operator.index(value)
    except TypeError as error:
        raise TypeError(f"{name}: must be of integers; received {value!r}.") from error


def as_axis(axis: Any, rank: int, name: str = "axis") -> int:
    """Return an axis counted from the front.

    Raises:
        InvalidArgumentError: there is no such axis.

    Example:
        >>> as_axis(-1, 3)
        2
    """
    (number,) = as_integers(axis, name)
    if not -rank <= number < rank:
        raise InvalidArgumentError(
            f"{name}: must be in the range [{-rank}, {rank}) of a tensor of rank {rank}; received {number}."
        )
    return number % rank


def as_axes(axes: Any, rank: int, name: str = "axis") -> tuple[int, ...]:
    """Return axes counted from the front, all of them for ``None``.

    Raises:
        InvalidArgumentError: there is no such axis, or one comes twice.

    Example:
        >>> as_axes([0, -1], 3), as_axes(None, 2)
        ((0, 2), (0, 1))
    """
    if axes is None:
        return tuple(range(rank))
    found = tuple([as_axis(axis, rank, name) for axis in (axes if isinstance(axes, Sequence) else [axes])])
    if len(set(found)) != len(found):
        raise InvalidArgumentError(f"{name}: each axis may be given once; received {list(axes)}.")
    return found
