"""First values of variables: ``tf.zeros_initializer`` and the like."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from tenon.core._names import export
from tenon.core.random._stateful import normal, uniform
from tenon.core.tensors import DType, Tensor, as_dtype, constant, float32


class Initializer(ABC):
    """Gives first values for a shape and dtype."""

    @abstractmethod
    def __call__(self, shape: Any, dtype: Any = float32, **kwargs: Any) -> Tensor:
        """Return values of this shape; keyword arguments (of partitioned variables) are ignored."""

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same again."""


@export("zeros_initializer")
class Zeros(Initializer):
    """Zeros; ``tf.zeros_initializer``.

    Example:
        >>> Zeros()([2]).numpy().tolist()
        [0.0, 0.0]
    """

    def __call__(self, shape: Any, dtype: Any = float32, **kwargs: Any) -> Tensor:
        """Return zeros of this shape.

        Raises:
            ValueError: ``dtype`` is neither numeric nor bool.
        """
        del kwargs
        return _filled(shape, dtype, 0)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments: none."""
        return {}


@export("ones_initializer")
class Ones(Initializer):
    """Ones; ``tf.ones_initializer``.

    Example:
        >>> Ones()([2], "int32").numpy().tolist()
        [1, 1]
    """

    def __call__(self, shape: Any, dtype: Any = float32, **kwargs: Any) -> Tensor:
        """Return ones of this shape.

        Raises:
            ValueError: ``dtype`` is neither numeric nor bool.
        """
        del kwargs
        return _filled(shape, dtype, 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments: none."""
        return {}


@export("constant_initializer")
class Constant(Initializer):
    """A value, or a list of as many values as there are places; ``tf.constant_initializer``.

    Args:
        value: a number, or nested lists or an array of numbers.
        support_partition: ignored.

    Example:
        >>> Constant([1, 2])([2], "float32").numpy().tolist()
        [1.0, 2.0]
    """

    def __init__(self, value: Any = 0, support_partition: bool = False) -> None:
        del support_partition
        self._value = value

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """Return the value in this shape; without a ``dtype``, in its own.

        Raises:
            TypeError: there are not as many values as places.
        """
        del kwargs
        return constant(self._value, dtype, shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"value": self._value}


@export("random_normal_initializer")
class RandomNormal(Initializer):
    """Normally distributed values; ``tf.random_normal_initializer``.

    Args:
        mean: their mean.
        stddev: their standard deviation.
        seed: an integer, for values that repeat.

    Example:
        >>> RandomNormal(stddev=0.1)([3, 2]).shape
        TensorShape([3, 2])
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self._mean, self._stddev, self._seed = mean, stddev, seed

    def __call__(self, shape: Any, dtype: Any = float32, **kwargs: Any) -> Tensor:
        """Return values of this shape.

        Raises:
            ValueError: ``dtype`` is no floating point type.
        """
        del kwargs
        return normal(shape, self._mean, self._stddev, _floating(dtype), self._seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"mean": self._mean, "stddev": self._stddev, "seed": self._seed}


@export("random_uniform_initializer")
class RandomUniform(Initializer):
    """Uniformly distributed values; ``tf.random_uniform_initializer``.

    Args:
        minval: the least value.
        maxval: the upper bound, which is left out.
        seed: an integer, for values that repeat.

    Example:
        >>> bool(abs(RandomUniform()([100]).numpy()).max() <= 0.05)
        True
    """

    def __init__(self, minval: Any = -0.05, maxval: Any = 0.05, seed: int | None = None) -> None:
        self._minval, self._maxval, self._seed = minval, maxval, seed

    def __call__(self, shape: Any, dtype: Any = float32, **kwargs: Any) -> Tensor:
        """Return values of this shape.

        Raises:
            ValueError: ``dtype`` is neither a floating point type nor an integer.
        """
        del kwargs
        wanted = as_dtype(dtype)
        if not wanted.is_floating and not wanted.is_integer:
            raise ValueError(f"Argument `dtype` is expected to be floating point or integer. Received: {wanted!r}.")
        return uniform(shape, self._minval, self._maxval, wanted, self._seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"minval": self._minval, "maxval": self._maxval, "seed": self._seed}


def _filled(shape: Any, dtype: Any, value: int) -> Tensor:
    wanted = as_dtype(dtype)
    if wanted.name == "string":
        raise ValueError(f"Argument `dtype` expected to be numeric or boolean. Received {wanted!r}.")
    return constant(value, wanted, shape)


def _floating(dtype: Any) -> DType:
    wanted = as_dtype(dtype)
    if not wanted.is_floating:
        raise ValueError(f"Argument `dtype` is expected to be floating point. Received: {wanted!r}.")
    return wanted
