"""What a tensor must look like, without the tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from tenon.base._errors import InvalidArgumentError

Shape = tuple[int | None, ...]
"""A static shape: ``None`` is a dimension of any size."""


@dataclass(frozen=True)
class TensorSpec:
    """Describe a tensor as ``tf.TensorSpec`` does.

    Args:
        shape: one entry a dimension, ``None`` for any size.
        dtype: anything that ``numpy.dtype`` accepts, and the names and types of ml_dtypes, such as ``"bfloat16"``.
        name: the tensor's name in a signature, or ``None``.

    Raises:
        InvalidArgumentError: a dimension is negative or not an integer, or there is no such dtype.

    Example:
        >>> TensorSpec((None, 4), "float32", "x").accepts((7, 4))
        True
    """

    shape: Shape
    dtype: np.dtype
    name: str | None = None

    def __post_init__(self) -> None:
        for size in self.shape:
            if size is not None and (not isinstance(size, (int, np.integer)) or size < 0):
                raise InvalidArgumentError(
                    f"shape: every dimension must be None or an integer of at least 0; received {self.shape!r}. "
                    "Write None for a dimension of any size."
                )
        object.__setattr__(self, "shape", tuple(None if size is None else int(size) for size in self.shape))
        object.__setattr__(self, "dtype", _dtype(self.dtype))

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Tell whether a concrete ``shape`` fits: same rank, and equal sizes where this spec fixes one."""
        return len(shape) == self.rank and all(
            want is None or want == have for want, have in zip(self.shape, shape, strict=True)
        )


def _dtype(value: Any) -> np.dtype:
    own = getattr(ml_dtypes, value, None) if isinstance(value, str) else None
    try:
        dtype: np.dtype = np.dtype(value if own is None else own)
        return dtype
    except TypeError as error:
        raise InvalidArgumentError(f"dtype: must be a dtype or its name; received {value!r}.") from error
