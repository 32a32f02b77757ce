"""From one dtype to another."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.core.operations._table import operation
from tenon.core.operations._types import NUMBERS
from tenon.core.recording import Kernel, kernel, run

_NARROW = frozenset({"int8", "int16", "uint8", "uint16"})


def _cast(x: Any, dtype: Any) -> Any:
    """Return the very array where it has the dtype already."""
    return x if x.dtype == dtype else run(_cast_kernel(dtype), (x,))


@lru_cache
def _cast_kernel(dtype: Any) -> Kernel:
    return kernel(_converted, dtype=dtype)


def _converted(x: Any, dtype: Any) -> Any:
    numbers = jnp.real(x) if x.dtype.kind == "c" and dtype.kind != "c" else x
    if dtype.name in _NARROW and numbers.dtype.kind not in "iub":
        return numbers.astype(jnp.int32).astype(dtype)  # too large a number wraps, as in TensorFlow
    return numbers.astype(dtype)


def _saturate_cast(value: Any, dtype: Any) -> Any:
    numbers = jnp.real(value) if value.dtype.kind == "c" and dtype.kind != "c" else value
    if dtype.kind == "c" or dtype == np.bool_ or numbers.dtype == dtype:
        return numbers.astype(dtype)
    low, high = _limits(numbers.dtype, dtype)
    return jnp.clip(numbers, low, high).astype(dtype)


def _limits(given: Any, wanted: Any) -> tuple[Any, Any]:
    """Return the numbers of dtype ``given`` that are the limits of ``wanted``, rounded towards zero."""
    limits = jnp.iinfo(wanted) if wanted.kind in "iu" else jnp.finfo(wanted)
    own = jnp.iinfo(given) if given.kind in "iu" else jnp.finfo(given)
    low, high = max(limits.min, own.min), min(limits.max, own.max)
    if given.kind in "iu":
        return int(low), int(high)
    return _inside(given, low), _inside(given, high)


def _inside(dtype: Any, limit: Any) -> Any:
    number = np.asarray(limit, dtype)
    return np.nextafter(number, np.zeros((), dtype)) if abs(int(number)) > abs(int(limit)) else number


def _bitcast(x: Any, type: Any) -> Any:
    return jax.lax.bitcast_convert_type(x, type)


cast = operation(
    "dtypes.cast cast",
    "x: T, dtype: dtype",
    _cast,
    "Returns the tensor in another dtype; fractions are cut off, integers wrap.",
    "[1.7, -1.7], tf.int32",
    composed=True,
)
saturate_cast = operation(
    "dtypes.saturate_cast saturate_cast",
    "value: T, dtype: dtype",
    _saturate_cast,
    "Returns the tensor in another dtype; what does not fit becomes the nearest number that does.",
    "[300.0, -5.0, 17.5], tf.uint8",
    types=NUMBERS,
)
bitcast = operation(
    "bitcast",
    "input: T, type: dtype",
    _bitcast,
    "Returns the same bits read as another dtype; where sizes differ, the last dimension comes or goes.",
    "[1.0, 2.0], tf.int32",
    types=NUMBERS,
    differentiable=False,
)
