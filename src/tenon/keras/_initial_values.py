"""First values of variables come from the host, where Keras on JAX makes a program for each shape.

A model has tens of shapes of weights; each was traced, lowered and compiled, or looked up in the compile cache, once
for its initializer and once for the zeros of its optimizer: half of a small model's second start. What NumPy computes
in microseconds needs no program. Whatever is not plain (traced code, devices that are not CPUs, distributions, other
types than float32, seeds with a state, other generators) goes Keras's way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import jax
import numpy as np

from tenon.core.recording import executing_eagerly_on_arrays
from tenon.keras import _host_random as host_random
from tenon.keras._backend import keras

Function = Callable[..., Any]

_MOST_VALUES: Final = 1 << 24
"""Larger arrays are made where they stay: a program costs less than their copy."""

_FILLED: Final = frozenset({"float32", "float16", "bfloat16", "int32", "uint32", "int8", "uint8", "bool"})

_config: Any = jax.config


def install() -> None:
    """Make initial values on the host; to be called once, before Keras's initializers are wrapped."""
    backend: Any = keras.src.backend
    backend.random.uniform = _uniform(backend.random.uniform)
    backend.random.normal = _normal(backend.random.normal, host_random.normal)
    backend.random.truncated_normal = _normal(backend.random.truncated_normal, host_random.truncated_normal)
    backend.numpy.zeros = _filled(backend.numpy.zeros, 0)
    backend.numpy.ones = _filled(backend.numpy.ones, 1)
    backend.numpy.divide_no_nan = _as_one_program(backend.numpy.divide_no_nan)
    initializers: Any = keras.initializers
    initializers.Orthogonal.__call__ = _orthogonal(initializers.Orthogonal.__call__)


def _size(shape: Any) -> int | None:
    """Return the number of elements; ``None`` where values are not made on the host."""
    if not (isinstance(shape, tuple | list) and all(type(size) is int and size >= 0 for size in shape)):
        return None
    here = executing_eagerly_on_arrays() and jax.default_backend() == "cpu"
    return math.prod(shape) if here and keras.distribution.distribution() is None else None


def _drawn_size(shape: Any, dtype: Any, seed: Any) -> int | None:
    """Return the number of elements; ``None`` where random numbers are not drawn on the host."""
    plain = type(seed) is int and 0 <= seed < 2**32 and (dtype or keras.config.floatx()) == "float32"
    if not (plain and _config.jax_threefry_partitionable and _config.jax_default_prng_impl == "threefry2x32"):
        return None
    size = _size(shape)
    return size if size is not None and size <= host_random.MOST_NUMBERS else None


def _uniform(original: Function) -> Function:
    @wraps(original)
    def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
        size = _drawn_size(shape, dtype, seed) if _are_numbers(minval, maxval) else None
        if size is None:
            return original(shape, minval, maxval, dtype, seed)
        return jax.device_put(host_random.uniform(seed, size, minval, maxval).reshape(shape))

    return uniform


def _normal(original: Function, draw: Callable[[int, int], np.ndarray]) -> Function:
    @wraps(original)
    def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
        size = _drawn_size(shape, dtype, seed) if _are_numbers(mean, stddev) else None
        if size is None:
            return original(shape, mean, stddev, dtype, seed)
        return jax.device_put((draw(seed, size) * np.float32(stddev) + np.float32(mean)).reshape(shape))

    return normal


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) for value in values)


def _filled(original: Function, value: int) -> Function:
    @wraps(original)
    def filled(shape: Any, dtype: Any = None) -> Any:
        kind = dtype or keras.config.floatx()
        size = _size(shape) if kind in _FILLED else None
        if size is None or size > _MOST_VALUES:
            return original(shape, dtype)
        return jax.device_put(np.full(shape, value, kind) if value else np.zeros(shape, kind))

    return filled


def _orthogonal(original: Function) -> Function:
    """Return Keras's ``Orthogonal.__call__``, which takes nine programs, in NumPy's words."""

    @wraps(original)
    def orthogonal(initializer: Any, shape: Any, dtype: Any = None) -> Any:
        size = _drawn_size(shape, dtype, initializer.seed) if len(shape) > 1 else None
        if not size:
            return original(initializer, shape, dtype)
        rows, columns = size // shape[-1], shape[-1]
        numbers = host_random.normal(initializer.seed, size)
        q, r = np.linalg.qr(numbers.reshape(max(rows, columns), min(rows, columns)))
        q *= np.sign(np.diag(r))
        return jax.device_put(np.float32(initializer.gain) * (q.T if rows < columns else q).reshape(shape))

    return orthogonal


def _as_one_program(original: Function) -> Function:
    """Return a function of two arrays that is compiled as a whole where its operations were compiled one by one."""
    compiled = jax.jit(original)

    @wraps(original)
    def function(x1: Any, x2: Any) -> Any:
        arrays = [keras.src.backend.convert_to_tensor(value) for value in (x1, x2)]
        whole = executing_eagerly_on_arrays() and all(isinstance(array, jax.Array) for array in arrays)
        return (compiled if whole else original)(*arrays)

    return function
