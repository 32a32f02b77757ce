"""``tf.experimental.numpy.random``: numbers by chance, from the global generator of ``tf.random``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenon.core._names import NAMES, export
from tenon.core.numpy_api._dtypes import default_float
from tenon.core.numpy_api._functions import PATH
from tenon.core.numpy_api._more import array
from tenon.core.operations import add, multiply, subtract
from tenon.core.tensors import Tensor, as_dtype, constant_value


def _sizes(size: Any) -> list[int]:
    found = [] if size is None else constant_value(size)
    return found if isinstance(found, list) else [found]


@export(PATH + "random.seed")
def seed(s: Any) -> None:
    """Set the seed of all numbers by chance, as ``numpy.random.seed``.

    Args:
        s: an integer.
    """
    NAMES["random.set_seed"](constant_value(s))


@export(PATH + "random.standard_normal")
def standard_normal(size: Any = None) -> Tensor:
    """Return numbers of the normal distribution, as ``numpy.random.standard_normal``.

    Args:
        size: sizes; ``None`` for one number.

    Example:
        >>> standard_normal([2]).dtype
        tf.float64
    """
    return NAMES["random.normal"](_sizes(size), dtype=default_float())  # type: ignore[no-any-return]


@export(PATH + "random.randn")
def randn(*args: int) -> Tensor:
    """Return numbers of the normal distribution, as ``numpy.random.randn``.

    Args:
        *args: sizes.

    Example:
        >>> randn(2, 3).shape
        TensorShape([2, 3])
    """
    return standard_normal(list(args))


@export(PATH + "random.uniform")
def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Tensor:
    """Return numbers between two, as ``numpy.random.uniform``.

    Args:
        low: the least.
        high: what all are below.
        size: sizes; ``None`` for those of the bounds.

    Example:
        >>> uniform(size=[2]).dtype
        tf.float64
    """
    bounds = np.broadcast_shapes(array(low).numpy().shape, array(high).numpy().shape)
    sizes = list(bounds) if size is None else _sizes(size)
    unit = NAMES["random.uniform"](sizes, dtype=default_float())
    first, last = array(low, default_float()), array(high, default_float())
    found: Tensor = add(multiply(unit, subtract(last, first)), first)
    return found


@export(PATH + "random.random")
def random(size: Any = None) -> Tensor:
    """Return numbers from 0 to below 1, as ``numpy.random.random``.

    Args:
        size: sizes; ``None`` for one number.

    Example:
        >>> random([2]).shape
        TensorShape([2])
    """
    return uniform(0.0, 1.0, [] if size is None else size)


@export(PATH + "random.rand")
def rand(*size: int) -> Tensor:
    """Return numbers from 0 to below 1, as ``numpy.random.rand``.

    Args:
        *size: sizes.

    Example:
        >>> rand(2).shape
        TensorShape([2])
    """
    return uniform(0.0, 1.0, list(size))


@export(PATH + "random.randint")
def randint(low: int, high: int | None = None, size: Any = None, dtype: Any = np.int64) -> Tensor:
    """Return integers, as ``numpy.random.randint``.

    Args:
        low: the least; what all are below, from 0 on, where ``high`` is not given.
        high: what all are below, or ``None``.
        size: sizes; ``None`` for one number.
        dtype: an integer dtype.

    Example:
        >>> randint(5, size=[2]).dtype
        tf.int64
    """
    first, last = (0, low) if high is None else (low, high)
    found = NAMES["random.uniform"](_sizes(size), first, last, dtype="int64")
    return NAMES["cast"](found, as_dtype(dtype))  # type: ignore[no-any-return]


@export(PATH + "random.poisson")
def poisson(lam: Any = 1.0, size: Any = None) -> Tensor:
    """Return numbers of events, as ``numpy.random.poisson``.

    Args:
        lam: how many are expected.
        size: sizes; ``None`` for those of ``lam``.

    Example:
        >>> poisson(2.0, [3]).shape
        TensorShape([3])
    """
    found = NAMES["random.poisson"](_sizes(size), array(lam, "float64"))
    return NAMES["cast"](found, "int64")  # type: ignore[no-any-return]
