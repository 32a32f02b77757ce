"""Random functions that remember how far they have come: ``tf.random.normal`` and its kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback

from tenon.core._names import export
from tenon.core.random import _samples as samples
from tenon.core.random._arguments import (
    FLOATS,
    STATEFUL_NUMBERS,
    bounds,
    matrix_of_logits,
    number_type,
    parameters,
    static_shape,
)
from tenon.core.random._seeds import SEEDS, as_seed
from tenon.core.recording import executing_eagerly_on_arrays, kernel, run
from tenon.core.tensors import Tensor, array_of, as_dtype, as_tensor, float32, is_symbol, string
from tenon.core.variables import current_scope

_ADVANCED = kernel(samples.advanced)


def _draw(sample: Callable[..., Any], arrays: Sequence[Any], count: int, seed: Any, **attributes: Any) -> Tensor:
    position = _position((sample, attributes.get("dtype")), as_seed(seed), count * samples.BLOCK)
    return as_tensor(run(kernel(sample, **attributes), [position, *arrays]))


def _position(operation: Any, seed: int | None, step: int) -> Any:
    if executing_eagerly_on_arrays():
        return SEEDS.eager_position(operation, seed, step)
    scope = current_scope()
    if scope is None:
        return _position_when_run(operation, seed, step)
    sequence = SEEDS.new_sequence(scope, seed)
    scope.own(sequence)
    position = sequence.value()
    distance = run(kernel(_number, size=step), []) if is_symbol(step) else np.int64(step)
    sequence.assign(as_tensor(run(_ADVANCED, [position.value, distance])))
    return position.value


def _position_when_run(operation: Any, seed: int | None, step: int) -> Any:
    """Ask for the position whenever the program runs: under ``jax.jit`` alone there is nowhere to keep a state."""

    def ask() -> np.ndarray:
        return SEEDS.eager_position(operation, seed, step).view(np.uint32).reshape(3, 2)

    return io_callback(ask, jax.ShapeDtypeStruct((3, 2), jnp.uint32))


def _number(size: Any) -> Any:
    return jnp.asarray(size, jnp.int64)


@export("random.normal")
def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, seed: Any = None, name: str | None = None
) -> Tensor:
    """Return normally distributed numbers, ``tf.random.normal``.

    Args:
        shape: the sizes of the result.
        mean: the mean, of a shape that broadcasts with ``shape``.
        stddev: the standard deviation, of a shape that broadcasts with ``shape``.
        dtype: a floating point type.
        seed: the operation's seed, or ``None``.
        name: ignored.

    Raises:
        InvalidArgumentError: the shape is no vector of sizes.
        TypeError: a parameter does not fit ``dtype``.
        ValueError: there are no normal numbers of ``dtype``.

    Example:
        >>> normal([2, 3], mean=5.0).shape
        TensorShape([2, 3])
    """
    del name
    return _scaled(samples.normal, shape, as_dtype(dtype), (mean, stddev), seed)


@export("random.truncated_normal")
def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, seed: Any = None, name: str | None = None
) -> Tensor:
    """Return normal numbers within two standard deviations of the mean, ``tf.random.truncated_normal``.

    Args:
        shape: the sizes of the result.
        mean: the mean, of a shape that broadcasts with ``shape``.
        stddev: the standard deviation before anything is cut off, of such a shape.
        dtype: a floating point type.
        seed: the operation's seed, or ``None``.
        name: ignored.

    Raises:
        InvalidArgumentError: the shape is no vector of sizes.
        TypeError: a parameter does not fit ``dtype``.
        ValueError: there are no such numbers of ``dtype``.

    Example:
        >>> bool((abs(truncated_normal([100]).numpy()) <= 2).all())
        True
    """
    del name
    return _scaled(samples.truncated_normal, shape, as_dtype(dtype), (mean, stddev), seed)


def _scaled(sample: Callable[..., Any], shape: Any, dtype: Any, values: Sequence[Any], seed: Any) -> Tensor:
    sizes, arrays = static_shape(shape), parameters(dtype, *values)
    return _draw(sample, arrays, math.prod(sizes), seed, shape=sizes, dtype=number_type(dtype, FLOATS).dtype)


@export("random.uniform")
def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = float32, seed: Any = None, name: str | None = None
) -> Tensor:
    """Return numbers that are evenly spread over ``[minval, maxval)``, ``tf.random.uniform``.

    Args:
        shape: the sizes of the result.
        minval: the smallest number; for integers a scalar.
        maxval: the end of the range; ``None`` for 1, which integers may not have.
        dtype: float16, bfloat16, float32, float64, int32 or int64.
        seed: the operation's seed, or ``None``.
        name: ignored.

    Raises:
        InvalidArgumentError: the shape is no vector of sizes, or integers have no number between the bounds.
        TypeError: a bound does not fit ``dtype``.
        ValueError: there are no uniform numbers of ``dtype``, or integers come without ``maxval``.

    Example:
        >>> sorted(set(uniform([100], 1, 3, "int32").numpy().tolist()))
        [1, 2]
    """
    del name
    found, sizes = number_type(dtype, STATEFUL_NUMBERS), static_shape(shape)
    if found.is_integer and maxval is None:
        raise ValueError(f"Must specify maxval for integer dtype {found!r}")
    maximum = 1 if maxval is None else maxval
    sample = samples.uniform_integers if found.is_integer else samples.uniform
    arrays = bounds(found, minval, maximum) if found.is_integer else parameters(found, minval, maximum)
    return _draw(sample, arrays, math.prod(sizes), seed, shape=sizes, dtype=found.dtype)


@export("random.gamma")
def gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = float32, seed: Any = None, name: str | None = None
) -> Tensor:
    """Return numbers of gamma distributions, ``tf.random.gamma``; gradients flow to the parameters.

    Args:
        shape: how many numbers to draw for each pair of parameters.
        alpha: the shape parameter (concentration).
        beta: the inverse scale (rate); ``None`` for 1.
        dtype: a floating point type.
        seed: the operation's seed, or ``None``.
        name: ignored.

    Returns:
        A tensor of ``shape`` followed by the shape of ``alpha`` and ``beta`` together.

    Raises:
        InvalidArgumentError: the shape is no vector of sizes.
        ValueError: there are no such numbers of ``dtype``.

    Example:
        >>> gamma([4], [1.0, 2.0]).shape
        TensorShape([4, 2])
    """
    del name
    found = number_type(dtype, FLOATS)
    arrays = parameters(found, alpha, 1 if beta is None else beta)
    sizes = (*static_shape(shape), *np.broadcast_shapes(*[array.shape for array in arrays]))
    return _draw(samples.gamma, arrays, math.prod(sizes), seed, shape=sizes, dtype=found.dtype)


@export("random.poisson")
def poisson(shape: Any, lam: Any, dtype: Any = float32, seed: Any = None, name: str | None = None) -> Tensor:
    """Return numbers of Poisson distributions, ``tf.random.poisson``.

    Args:
        shape: how many numbers to draw for each rate.
        lam: the rates.
        dtype: float16, bfloat16, float32, float64, int32 or int64.
        seed: the operation's seed, or ``None``.
        name: ignored.

    Returns:
        A tensor of ``shape`` followed by the shape of ``lam``.

    Raises:
        InvalidArgumentError: the shape is no vector of sizes.
        ValueError: there are no such numbers of ``dtype``.

    Example:
        >>> poisson([4], [1.0, 2.0]).shape
        TensorShape([4, 2])
    """
    del name
    found, rates = number_type(dtype, STATEFUL_NUMBERS), array_of(lam)
    sizes = (*static_shape(shape), *rates.shape)
    return _draw(samples.poisson, [rates], math.prod(sizes), seed, shape=sizes, dtype=found.dtype)


@export("random.categorical")
def categorical(logits: Any, num_samples: Any, dtype: Any = None, seed: Any = None, name: str | None = None) -> Tensor:
    """Return classes drawn for each row of logits, ``tf.random.categorical``.

    Args:
        logits: unnormalized log-probabilities, ``(rows, classes)``.
        num_samples: how many classes to draw for each row.
        dtype: int32 or int64; ``None`` for int64.
        seed: the operation's seed, or ``None``.
        name: ignored.

    Returns:
        A tensor ``(rows, num_samples)``.

    Raises:
        InvalidArgumentError: the logits are no matrix, or there is no class.
        ValueError: the dtype is another.

    Example:
        >>> categorical([[0.0, -1e9]], 3).numpy().tolist()
        [[0, 0, 0]]
    """
    del name
    found, array = number_type("int64" if dtype is None else dtype, ("int32", "int64")), matrix_of_logits(logits)
    (count,) = static_shape([num_samples])
    return _draw(samples.categorical, [array], array.shape[0] * count, seed, samples=count, dtype=found.dtype)


@export("random.shuffle")
def shuffle(value: Any, seed: Any = None, name: str | None = None) -> Tensor:
    """Return the rows of a tensor in random order, ``tf.random.shuffle``.

    Args:
        value: a tensor of any dtype.
        seed: the operation's seed, or ``None``.
        name: ignored.

    Example:
        >>> sorted(shuffle([1, 2, 3]).numpy().tolist())
        [1, 2, 3]
    """
    del name
    array = array_of(value)
    if not array.ndim:
        return as_tensor(array)
    if as_dtype(array.dtype) is string:
        order = _draw(samples.permutation, [], len(array), seed, size=len(array))
        return Tensor(array[order.numpy()])
    return _draw(samples.shuffle, [array], array.shape[0], seed)
