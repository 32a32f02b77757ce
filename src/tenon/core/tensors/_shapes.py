"""Static shapes, as ``tf.TensorShape``: sizes that may be unknown, or no rank at all."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import Any

from jax.export import is_symbolic_dim

Dims = tuple[int | None, ...]


class TensorShape:
    """What is known about the shape of a tensor: each size an integer or ``None``, or nothing at all.

    Args:
        dims: the sizes (an iterable of integers, ``None`` or objects with ``value``), one integer for a vector,
            another shape, or ``None`` for a shape of unknown rank.

    Raises:
        ValueError: a size is negative.
        TypeError: a size is not an integer.

    Example:
        >>> shape = TensorShape([None, 4])
        >>> shape.rank, shape[1], shape.is_compatible_with((7, 4)), shape == [None, 4]
        (2, 4, True, True)
    """

    __slots__ = ("_dims",)

    def __init__(self, dims: Any = None) -> None:
        self._dims = _dims(dims)

    @property
    def rank(self) -> int | None:
        """Number of dimensions, or ``None``."""
        return None if self._dims is None else len(self._dims)

    @property
    def ndims(self) -> int | None:
        """The same as ``rank``."""
        return self.rank

    @property
    def dims(self) -> list[int | None] | None:
        """The sizes as a list, or ``None``."""
        return None if self._dims is None else list(self._dims)

    def as_list(self) -> list[int | None]:
        """Return the sizes as a list.

        Raises:
            ValueError: the rank is unknown.
        """
        return list(self._known())

    def as_tuple(self) -> Dims:
        """Return the sizes as a tuple.

        Raises:
            ValueError: the rank is unknown.
        """
        return self._known()

    def num_elements(self) -> int | None:
        """Return the number of elements, or ``None`` where a size is unknown."""
        if self._dims is None or None in self._dims:
            return None
        total = 1
        for size in self._dims:
            total *= size or 0
        return total

    def is_fully_defined(self) -> bool:
        """Tell whether every size is known."""
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        """Check that every size is known.

        Raises:
            ValueError: one is not.
        """
        if not self.is_fully_defined():
            raise ValueError(f"shape: every size must be known; received {self}.")

    def is_compatible_with(self, other: Any) -> bool:
        """Tell whether one shape could have both descriptions."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return True
        return len(self._dims) == len(other._dims) and all(
            a is None or b is None or a == b for a, b in zip(self._dims, other._dims, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Check that one shape could have both descriptions.

        Raises:
            ValueError: it could not.
        """
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are incompatible.")

    def assert_same_rank(self, other: Any) -> None:
        """Check that the ranks agree, where both are known.

        Raises:
            ValueError: they differ.
        """
        other = as_shape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank.")

    def assert_has_rank(self, rank: int) -> None:
        """Check that the rank is ``rank`` or unknown.

        Raises:
            ValueError: it is another.
        """
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}.")

    def with_rank(self, rank: int) -> TensorShape:
        """Return the shape, with the given rank where it was unknown.

        Raises:
            ValueError: the rank is another.
        """
        return self.merge_with(unknown_shape(rank))

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """Return the shape itself.

        Raises:
            ValueError: its rank is smaller than ``rank``.
        """
        if self.rank is not None and self.rank < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}.")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """Return the shape itself.

        Raises:
            ValueError: its rank is larger than ``rank``.
        """
        if self.rank is not None and self.rank > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}.")
        return self

    def merge_with(self, other: Any) -> TensorShape:
        """Return what both descriptions say together.

        Raises:
            ValueError: they contradict each other.
        """
        other = as_shape(other)
        self.assert_is_compatible_with(other)
        if self._dims is None or other._dims is None:
            return other if self._dims is None else self
        return TensorShape([a if b is None else b for a, b in zip(self._dims, other._dims, strict=True)])

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """Return the narrowest description that fits both shapes."""
        other = as_shape(other)
        if self._dims is None or other._dims is None or len(self._dims) != len(other._dims):
            return unknown_shape()
        return TensorShape([a if a == b else None for a, b in zip(self._dims, other._dims, strict=True)])

    def concatenate(self, other: Any) -> TensorShape:
        """Return the sizes of this shape and then those of ``other``."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return unknown_shape()
        return TensorShape(self._dims + other._dims)

    def _known(self) -> Dims:
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape; give the shape a rank first.")
        return self._dims

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of a shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __iter__(self) -> Iterator[int | None]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._dims)

    def __getitem__(self, key: Any) -> Any:
        if self._dims is None:
            return unknown_shape() if isinstance(key, slice) else None
        return TensorShape(self._dims[key]) if isinstance(key, slice) else self._dims[key]

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == as_shape(other)._dims
        except (TypeError, ValueError):
            return False

    def __hash__(self) -> int:
        return hash(self._dims)

    def __repr__(self) -> str:
        return "TensorShape(None)" if self._dims is None else f"TensorShape({list(self._dims)})"

    def __str__(self) -> str:
        if self._dims is None:
            return "<unknown>"
        sizes = ", ".join("None" if size is None else str(size) for size in self._dims)
        return f"({sizes},)" if len(self._dims) == 1 else f"({sizes})"

    def __reduce__(self) -> Any:
        return TensorShape, (self._dims,)


def as_shape(shape: Any) -> TensorShape:
    """Return ``shape`` as a TensorShape.

    Raises:
        ValueError: a size is negative.
        TypeError: a size is not an integer.

    Example:
        >>> as_shape([2, None])
        TensorShape([2, None])
    """
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank: int | None = None) -> TensorShape:
    """Return a shape of which at most the rank is known.

    Example:
        >>> unknown_shape(2)
        TensorShape([None, None])
    """
    return TensorShape(None if rank is None else [None] * rank)


def _dims(dims: Any) -> Dims | None:
    if dims is None or isinstance(dims, TensorShape):
        return None if dims is None else dims._dims
    if hasattr(dims, "dim"):  # tensorflow.TensorShapeProto
        return None if dims.unknown_rank else tuple(None if dim.size == -1 else dim.size for dim in dims.dim)
    if isinstance(dims, str) or not isinstance(dims, Iterable):
        return (_size(dims),)
    return tuple(_size(size) for size in dims)


def _size(size: Any) -> int | None:
    value = getattr(size, "value", size)
    if value is None or (type(value) is not int and is_symbolic_dim(value)):
        return None
    try:
        known = operator.index(value)
    except TypeError as error:
        raise TypeError(f"shape: a size must be an integer or None; received {size!r}.") from error
    if known < 0:
        raise ValueError(f"shape: a size must not be negative; received {known}.")
    return known
