"""Sizes as 1.x has them: ``shape[0].value``, under ``disable_v2_behavior``."""

from __future__ import annotations

from typing import Any

from tenon.compat._mode import PROCESS
from tenon.core.tensors import TensorShape


class Dimension(int):
    """A size that is known, which is also an integer, ``tf.compat.v1.Dimension``.

    Example:
        >>> Dimension(3).value, Dimension(3) + 1
        (3, 4)
    """

    __slots__ = ()

    def __new__(cls, value: Any) -> Any:
        """Return a known size; ``None`` gives one that is not."""
        return UnknownDimension() if value is None else super().__new__(cls, int(value))

    @property
    def value(self) -> int:
        """The size."""
        return int(self)


def _unknown(self: Any, other: Any = None) -> UnknownDimension:
    del self, other
    return UnknownDimension()


class UnknownDimension:
    """A size that is not known: arithmetic with it gives another, comparison ``None``.

    Attributes:
        value: ``None``.
    """

    value = None

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = __mod__ = _unknown

    def __eq__(self, other: object) -> Any:
        return True if other is None else None

    def __ne__(self, other: object) -> Any:
        return False if other is None else None

    def __hash__(self) -> int:
        return hash(None)

    def __int__(self) -> int:
        raise TypeError("__int__ returned non-int (type NoneType)")

    def __repr__(self) -> str:
        return "Dimension(None)"


class DimensionShape(TensorShape):
    """A shape whose sizes have ``value``."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return DimensionShape(found) if isinstance(found, TensorShape) else Dimension(found)

    def __iter__(self) -> Any:
        return iter([Dimension(size) for size in self.as_list()])

    @property
    def dims(self) -> Any:
        """The sizes as a list, or ``None``."""
        return None if self.rank is None else list(self)


def shape_for_users(shape: TensorShape) -> TensorShape:
    """Return a shape as the behaviour that is switched on has it."""
    return DimensionShape(shape) if PROCESS.dimensions else shape


def dimension_value(dimension: Any) -> int | None:
    """Return a size as Python's integer or ``None``, ``tf.compat.dimension_value``.

    Args:
        dimension: a ``Dimension``, an integer or ``None``.

    Example:
        >>> dimension_value(Dimension(3)), dimension_value(None)
        (3, None)
    """
    value = getattr(dimension, "value", dimension)
    return None if value is None else int(value)


def dimension_at_index(shape: TensorShape, index: int) -> Any:
    """Return a size of a shape as a ``Dimension``, ``tf.compat.dimension_at_index``.

    Args:
        shape: the shape.
        index: which size.

    Example:
        >>> dimension_at_index(TensorShape([3]), 0).value
        3
    """
    return Dimension(None if shape.rank is None else shape.as_list()[index])
