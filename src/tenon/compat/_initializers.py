"""What gives variables their first values, as 1.x has it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from tenon.compat._ops import op
from tenon.compat._random import random_normal, random_uniform, truncated_normal
from tenon.core.tensors import as_dtype, float32


class Initializer(ABC):
    """A function of a shape and a dtype."""

    dtype: Any = float32

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        """Return a tensor of first values.

        Args:
            shape: the variable's sizes.
            dtype: its type; ``None`` for the initializer's.
            partition_info: accepted and ignored.
        """
        del partition_info
        return self._values(_sizes(shape), as_dtype(self.dtype if dtype is None else dtype))

    @abstractmethod
    def _values(self, shape: list[int], dtype: Any) -> Any:
        """Return the values for sizes and a type."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Return an initializer of arguments."""
        return cls(**config)


def _sizes(shape: Any) -> list[int]:
    return [int(size) for size in (shape.as_list() if hasattr(shape, "as_list") else shape)]


class zeros_initializer(Initializer):  # noqa: N801  # TensorFlow's name
    """Zeros, or the empty value of the type.

    Args:
        dtype: the type where none is asked for.
    """

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        return op("zeros")(shape, dtype)


class ones_initializer(Initializer):  # noqa: N801
    """Ones; arguments as of ``zeros_initializer``."""

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        return op("ones")(shape, dtype)


class constant_initializer(Initializer):  # noqa: N801
    """Given values.

    Args:
        value: a number, or as many as the variable has, in any nesting.
        dtype: the type where none is asked for.
        verify_shape: whether the values must have the variable's shape.
    """

    def __init__(self, value: Any = 0, dtype: Any = float32, verify_shape: bool = False) -> None:
        self.value = value
        self.dtype = as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: Any = None, verify_shape: bool | None = None
    ) -> Any:
        """Return the values.

        Args:
            shape: the variable's sizes.
            dtype: its type; ``None`` for the initializer's.
            partition_info: accepted and ignored.
            verify_shape: whether the values must have that shape; ``None`` for what the initializer says.

        Raises:
            TypeError: they must have it and do not.
            ValueError: there are too many.
        """
        del partition_info
        kind = as_dtype(self.dtype if dtype is None else dtype)
        return self._repeated(_sizes(shape), kind, self._verify_shape if verify_shape is None else verify_shape)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        return self._repeated(shape, dtype, self._verify_shape)

    def _repeated(self, sizes: list[int], kind: Any, verify_shape: bool) -> Any:
        given = np.asarray(self.value)
        if verify_shape and list(given.shape) != sizes:
            raise TypeError(f"Expected Tensor's shape: {tuple(sizes)}, got {tuple(given.shape)}.")
        count = math.prod(sizes)
        if given.size > count:
            raise ValueError(f"Too many elements provided. Takes at most {count}, but got {given.size}")
        flat = np.concatenate([given.ravel(), np.repeat(given.ravel()[-1:], count - given.size)])
        return op("constant")(flat.reshape(sizes), kind)


class random_uniform_initializer(Initializer):  # noqa: N801
    """Numbers evenly spread between two.

    Args:
        minval: the smallest.
        maxval: the end; ``None`` for 1.
        seed: the operation's seed.
        dtype: the type where none is asked for.
    """

    def __init__(self, minval: Any = 0.0, maxval: Any = None, seed: Any = None, dtype: Any = float32) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        return random_uniform(shape, self.minval, self.maxval, dtype, self.seed)


class random_normal_initializer(Initializer):  # noqa: N801
    """Normally distributed numbers.

    Args:
        mean: their mean.
        stddev: their standard deviation.
        seed: the operation's seed.
        dtype: the type where none is asked for.
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: Any = None, dtype: Any = float32) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        return random_normal(shape, self.mean, self.stddev, dtype, self.seed)


class truncated_normal_initializer(Initializer):  # noqa: N801
    """Normal numbers within two standard deviations; arguments as of ``random_normal_initializer``."""

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: Any = None, dtype: Any = float32) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        return truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class variance_scaling_initializer(Initializer):  # noqa: N801
    """Random numbers whose spread goes by the sizes of a layer.

    Args:
        scale: a factor of the variance.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``: by which size it goes.
        distribution: ``"truncated_normal"`` (or ``"normal"``), ``"untruncated_normal"`` or ``"uniform"``.
        seed: the operation's seed.
        dtype: the type where none is asked for.

    Raises:
        ValueError: an argument is none of those.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        dtype: Any = float32,
    ) -> None:
        if scale <= 0:
            raise ValueError(f"Argument `scale` must be a positive float. Received: {scale}")
        if mode not in _MODES:
            raise ValueError(f"Argument `mode` should be one of {_MODES}. Received: {mode}")
        self.scale = scale
        self.mode = mode
        self.distribution = "truncated_normal" if distribution == "normal" else distribution
        if self.distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(f"Argument `distribution` should be one of 'uniform', ...; received: {distribution}")
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        fan_in, fan_out = _fans(shape)
        sizes = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}
        variance = self.scale / max(1.0, sizes[self.mode])
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random_uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        return truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED, dtype, self.seed)


_MODES: Final = ("fan_in", "fan_out", "fan_avg")
_TRUNCATED: Final = 0.87962566103423978
"""The standard deviation of a standard normal distribution that is cut off at two."""


def _fans(shape: Sequence[int]) -> tuple[float, float]:
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class glorot_uniform_initializer(Initializer):  # noqa: N801
    """Uniform numbers by both sizes of a layer (Xavier).

    Args:
        seed: the operation's seed.
        dtype: the type where none is asked for.
    """

    def __init__(self, seed: Any = None, dtype: Any = float32) -> None:
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        return variance_scaling_initializer(1.0, "fan_avg", "uniform", self.seed)(shape, dtype)


class glorot_normal_initializer(Initializer):  # noqa: N801
    """Normal numbers by both sizes of a layer; arguments as of ``glorot_uniform_initializer``."""

    def __init__(self, seed: Any = None, dtype: Any = float32) -> None:
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        return variance_scaling_initializer(1.0, "fan_avg", "truncated_normal", self.seed)(shape, dtype)


def he_normal(seed: Any = None) -> Initializer:
    """Return the initializer of normal numbers for layers with ``relu``."""
    return variance_scaling_initializer(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: Any = None) -> Initializer:
    """Return the initializer of uniform numbers for layers with ``relu``."""
    return variance_scaling_initializer(2.0, "fan_in", "uniform", seed)


def lecun_normal(seed: Any = None) -> Initializer:
    """Return the initializer of normal numbers by the size of the input."""
    return variance_scaling_initializer(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: Any = None) -> Initializer:
    """Return the initializer of uniform numbers by the size of the input."""
    return variance_scaling_initializer(1.0, "fan_in", "uniform", seed)


class uniform_unit_scaling_initializer(Initializer):  # noqa: N801
    """Uniform numbers that keep the size of what flows through a layer.

    Args:
        factor: a factor.
        seed: the operation's seed.
        dtype: the type where none is asked for.
    """

    def __init__(self, factor: float = 1.0, seed: Any = None, dtype: Any = float32) -> None:
        self.factor = factor
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        limit = math.sqrt(3.0 / max(1.0, float(math.prod(shape[:-1])))) * self.factor
        return random_uniform(shape, -limit, limit, dtype, self.seed)


class orthogonal_initializer(Initializer):  # noqa: N801
    """A random orthogonal matrix.

    Args:
        gain: a factor.
        seed: the operation's seed.
        dtype: the type where none is asked for.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None, dtype: Any = float32) -> None:
        self.gain = gain
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        if len(shape) < 2:
            raise ValueError(
                "The tensor to initialize, specified by argument `shape` must be at least two-dimensional. Received "
                f"shape={shape}"
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        numbers = random_normal([max(rows, columns), min(rows, columns)], dtype=dtype, seed=self.seed)
        q, r = op("linalg.qr")(numbers, full_matrices=False)
        q = q * op("math.sign")(op("linalg.diag_part")(r))
        if rows < columns:
            q = op("linalg.matrix_transpose")(q)
        return op("reshape")(q, shape) * self.gain


class identity_initializer(Initializer):  # noqa: N801
    """The identity matrix.

    Args:
        gain: a factor.
        dtype: the type where none is asked for.
    """

    def __init__(self, gain: float = 1.0, dtype: Any = float32) -> None:
        self.gain = gain
        self.dtype = as_dtype(dtype)

    def _values(self, shape: list[int], dtype: Any) -> Any:
        if len(shape) != 2:
            raise ValueError(
                "The tensor to initialize, specified by argument `shape` must be at least two-dimensional. Received "
                f"shape={shape}"
            )
        return op("eye")(*shape, dtype=dtype) * self.gain
