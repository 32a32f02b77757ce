"""From values to arrays by NumPy's rules: 64 bits unless stated, and one dtype for what is computed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
import numpy as np

from tenon.core.recording import kernel, run
from tenon.core.tensors import array_of, as_dtype, is_tensor_like


@dataclass(slots=True)
class _Preference:
    """What ``experimental_enable_numpy_behavior`` sets.

    Attributes:
        float32: whether Python's numbers with a point are float32.
    """

    float32: bool = False


PREFERENCE: Final = _Preference()
"""What this process prefers."""


def default_float() -> np.dtype:
    """Return the dtype of Python's numbers with a point."""
    return np.dtype(np.float32 if PREFERENCE.float32 else np.float64)


def array_like(value: Any) -> Any:
    """Return an array of anything: of 64 bits for Python's numbers."""
    if is_tensor_like(value):
        return array_of(value)
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    leaves = jax.tree_util.tree_leaves(value)
    if any([is_tensor_like(leaf) for leaf in leaves]):
        return _stacked(value)
    array = np.asarray(value)
    if array.dtype.kind in "SUO":
        return array_of(value)
    own = any([isinstance(leaf, np.ndarray | np.generic) for leaf in leaves])
    return array if own or array.dtype != np.float64 else array.astype(default_float())


def _stacked(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return array_like(value)
    return run(kernel(_stack), promoted([array_like(item) for item in value]))


def _stack(*arrays: Any) -> Any:
    return jax.numpy.stack(arrays)


def is_weak(value: Any) -> bool:
    """Tell whether a value is a number of Python, which takes the dtype of what stands beside it."""
    return type(value) in (bool, int, float, complex)


def result_dtype(values: Sequence[Any]) -> np.dtype:
    """Return the dtype in which values are computed with each other."""
    parts = [value if is_weak(value) else np.dtype(array_like(value).dtype) for value in values]
    found = np.result_type(*parts)
    if all([is_weak(part) for part in parts]) and found == np.float64:
        return default_float()
    return _narrowed(found, parts)


def _narrowed(found: np.dtype, parts: Sequence[Any]) -> np.dtype:
    """With float32 preferred, integers beside float32 do not make float64 of it."""
    wide = any([isinstance(part, np.dtype) and part in (np.float64, np.complex128) for part in parts])
    if not PREFERENCE.float32 or wide:
        return found
    return {np.dtype(np.float64): np.dtype(np.float32), np.dtype(np.complex128): np.dtype(np.complex64)}.get(
        found, found
    )


def cast(array: Any, dtype: Any) -> Any:
    """Return an array of another dtype."""
    wanted = np.dtype(dtype)
    if array.dtype == wanted:
        return array
    return array.astype(wanted) if isinstance(array, np.ndarray) else run(kernel(_astype, dtype=wanted.name), [array])


def _astype(array: Any, dtype: str) -> Any:
    return array.astype(as_dtype(dtype).dtype)


def promoted(values: Sequence[Any]) -> list[Any]:
    """Return arrays of one dtype."""
    dtype = result_dtype(values)
    return [cast(array_like(value), dtype) for value in values]


def floating(values: Sequence[Any]) -> list[Any]:
    """Return arrays of one dtype, which is a floating point or complex one."""
    arrays = promoted(values)
    return [cast(array, default_float()) if array.dtype.kind in "iub" else array for array in arrays]


def dtype_of(value: Any) -> np.dtype | None:
    """Return NumPy's dtype of what a ``dtype`` argument says."""
    if value is None:
        return None
    return default_float() if value is float else np.dtype(np.int64) if value is int else as_dtype(value).dtype
