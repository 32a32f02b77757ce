"""From one dtype to another."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.core.operations._table import operation


def _cast(x: Any, dtype: Any) -> Any:
    if np.dtype(x.dtype) == np.dtype(dtype):
        return x
    return jnp.real(x).astype(dtype) if x.dtype.kind == "c" and dtype.kind != "c" else x.astype(dtype)


cast = operation(
    "dtypes.cast cast",
    "x: T, dtype: dtype",
    _cast,
    "Returns the tensor in another dtype; fractions are cut off, integers wrap.",
    "[1.7, -1.7], tf.int32",
)
