"""Random functions without memory: the same seed gives the same numbers, wherever and whenever."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.random import _samples as samples
from tenon.core.random._algorithms import as_algorithm
from tenon.core.random._arguments import (
    FLOATS,
    NUMBERS,
    STATEFUL_NUMBERS,
    bounds,
    checked_ending,
    matrix_of_logits,
    number_type,
    parameters,
    static_shape,
)
from tenon.core.recording import kernel, run
from tenon.core.tensors import DType, Tensor, array_of, as_tensor, float32, int32, int64, string


def _seed(seed: Any, size: int = 2) -> Any:
    array = array_of(seed)
    if array.dtype.name not in ("int32", "int64", "uint32", "uint64"):
        raise InvalidArgumentError(f"seed: must be a tensor of int32 or int64; received one of {array.dtype}.")
    if array.shape != (size,):
        raise InvalidArgumentError(f"seed must have shape [{size}], not {list(array.shape)}")
    return array


def _draw(sample: Callable[..., Any], seed: Any, arrays: Sequence[Any], **attributes: Any) -> Tensor:
    return as_tensor(run(kernel(_of_seed, sample=sample, attributes=tuple(attributes.items())), [_seed(seed), *arrays]))


def _of_seed(seed: Any, *arrays: Any, sample: Callable[..., Any], attributes: Any) -> Any:
    return sample(seed.astype(jnp.int64), *arrays, **dict(attributes))


@export("random.stateless_uniform")
def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Return numbers that are evenly spread over ``[minval, maxval)``, ``tf.random.stateless_uniform``.

    Args:
        shape: the sizes of the result.
        seed: two integers.
        minval: the smallest number; for integers a scalar, or ``None`` with ``maxval`` for everything the dtype holds.
        maxval: the end of the range; ``None`` for 1, which integers may not have alone.
        dtype: a floating point type, int32, int64, uint32 or uint64 (these two only over everything).
        name: ignored.
        alg: accepted; the bits are always Tenon's own.

    Raises:
        InvalidArgumentError: the seed or the shape is wrong, or integers have no number between the bounds.
        TypeError: a bound does not fit ``dtype``.
        ValueError: there are no such numbers of ``dtype``, or one of two bounds is missing.

    Example:
        >>> a, b = (stateless_uniform([3], seed=[1, 2]).numpy() for _ in range(2))
        >>> (a == b).all()
        np.True_
    """
    del name
    as_algorithm(alg)
    found, sizes = number_type(dtype, NUMBERS), static_shape(shape)
    sample, arrays = uniform_sample(found, minval, maxval)
    return _draw(sample, seed, arrays, shape=sizes, dtype=found.dtype)


def uniform_sample(dtype: DType, minval: Any, maxval: Any) -> tuple[Callable[..., Any], list[Any]]:
    """Return what draws uniform numbers of a dtype, and its parameters.

    Raises:
        InvalidArgumentError: integers have no number between the bounds.
        ValueError: one of two bounds is missing, or unsigned integers have bounds.
    """
    if not dtype.is_integer:
        return samples.uniform, parameters(dtype, minval, 1 if maxval is None else maxval)
    if (minval is None) != (maxval is None):
        raise ValueError(
            f"For integer `dtype` argument {dtype!r}, argument `minval` and `maxval` must be both None or not None. "
            f"Got `minval`={minval} and `maxval`={maxval}."
        )
    if minval is None:
        return samples.full_integers, []
    if dtype.is_unsigned:
        raise ValueError(
            f"Argument `dtype` got invalid value {dtype!r} when argument `minval` is not None. Draw signed integers, "
            "or unsigned ones over everything they hold."
        )
    return samples.uniform_integers, bounds(dtype, minval, maxval)


@export("random.stateless_normal")
def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Return normally distributed numbers, ``tf.random.stateless_normal``.

    Args:
        shape: the sizes of the result.
        seed: two integers.
        mean: the mean, of a shape that broadcasts with ``shape``.
        stddev: the standard deviation, of a shape that broadcasts with ``shape``.
        dtype: a floating point type.
        name: ignored.
        alg: accepted; the bits are always Tenon's own.

    Raises:
        InvalidArgumentError: the seed or the shape is wrong.
        TypeError: a parameter does not fit ``dtype``.
        ValueError: there are no normal numbers of ``dtype``.

    Example:
        >>> stateless_normal([2, 3], seed=[1, 2]).shape
        TensorShape([2, 3])
    """
    del name
    return _scaled(samples.normal, shape, seed, (mean, stddev), dtype, alg)


@export("random.stateless_truncated_normal")
def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Return normal numbers within two standard deviations of the mean, ``tf.random.stateless_truncated_normal``.

    Args:
        shape: the sizes of the result.
        seed: two integers.
        mean: the mean, of a shape that broadcasts with ``shape``.
        stddev: the standard deviation before anything is cut off, of such a shape.
        dtype: a floating point type.
        name: ignored.
        alg: accepted; the bits are always Tenon's own.

    Raises:
        InvalidArgumentError: the seed or the shape is wrong.
        TypeError: a parameter does not fit ``dtype``.
        ValueError: there are no such numbers of ``dtype``.

    Example:
        >>> bool((abs(stateless_truncated_normal([100], seed=[1, 2]).numpy()) <= 2).all())
        True
    """
    del name
    return _scaled(samples.truncated_normal, shape, seed, (mean, stddev), dtype, alg)


def _scaled(sample: Callable[..., Any], shape: Any, seed: Any, values: Sequence[Any], dtype: Any, alg: Any) -> Tensor:
    as_algorithm(alg)
    found = number_type(dtype, FLOATS)
    return _draw(sample, seed, parameters(found, *values), shape=static_shape(shape), dtype=found.dtype)


@export("random.stateless_parameterized_truncated_normal")
def stateless_parameterized_truncated_normal(
    shape: Any,
    seed: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    name: str | None = None,
) -> Tensor:
    """Return normal numbers between bounds, ``tf.random.stateless_parameterized_truncated_normal``.

    Args:
        shape: the sizes of the result; must end with the shape of the parameters together.
        seed: two integers.
        means: the means before anything is cut off.
        stddevs: the standard deviations before anything is cut off.
        minvals: the smallest numbers.
        maxvals: the largest numbers.
        name: ignored.

    Raises:
        InvalidArgumentError: the seed or the shape is wrong.

    Example:
        >>> drawn = stateless_parameterized_truncated_normal([100], [1, 2], minvals=0.0, maxvals=1.0).numpy()
        >>> bool(((drawn >= 0) & (drawn <= 1)).all())
        True
    """
    del name
    found = next((value.dtype for value in (means, stddevs, minvals, maxvals) if hasattr(value, "dtype")), float32)
    dtype = number_type(found, FLOATS)
    arrays = parameters(dtype, means, stddevs, minvals, maxvals)
    return _ending(samples.parameterized_truncated_normal, shape, seed, arrays, dtype)


def _ending(sample: Callable[..., Any], shape: Any, seed: Any, arrays: Sequence[Any], dtype: DType) -> Tensor:
    sizes = static_shape(shape)
    checked_ending(sizes, arrays)
    return _draw(sample, seed, arrays, shape=sizes, dtype=dtype.dtype)


@export("random.stateless_gamma")
def stateless_gamma(
    shape: Any, seed: Any, alpha: Any, beta: Any = None, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """Return numbers of gamma distributions, ``tf.random.stateless_gamma``; gradients flow to the parameters.

    Args:
        shape: the sizes of the result; must end with the shape of the parameters together.
        seed: two integers.
        alpha: the shape parameter (concentration).
        beta: the inverse scale (rate); ``None`` for 1.
        dtype: a floating point type.
        name: ignored.

    Raises:
        InvalidArgumentError: the seed or the shape is wrong.
        ValueError: there are no such numbers of ``dtype``.

    Example:
        >>> stateless_gamma([4, 2], [1, 2], alpha=[1.0, 2.0]).shape
        TensorShape([4, 2])
    """
    del name
    found = number_type(dtype, FLOATS)
    return _ending(samples.gamma, shape, seed, parameters(found, alpha, 1 if beta is None else beta), found)


@export("random.stateless_poisson")
def stateless_poisson(shape: Any, seed: Any, lam: Any, dtype: Any = int32, name: str | None = None) -> Tensor:
    """Return numbers of Poisson distributions, ``tf.random.stateless_poisson``.

    Args:
        shape: the sizes of the result; must end with the shape of ``lam``.
        seed: two integers.
        lam: the rates.
        dtype: float16, bfloat16, float32, float64, int32 or int64.
        name: ignored.

    Raises:
        InvalidArgumentError: the seed or the shape is wrong.
        ValueError: there are no such numbers of ``dtype``.

    Example:
        >>> stateless_poisson([4, 2], [1, 2], lam=[1.0, 2.0]).shape
        TensorShape([4, 2])
    """
    del name
    return _ending(samples.poisson, shape, seed, [array_of(lam)], number_type(dtype, STATEFUL_NUMBERS))


@export("random.stateless_binomial")
def stateless_binomial(
    shape: Any, seed: Any, counts: Any, probs: Any, output_dtype: Any = int32, name: str | None = None
) -> Tensor:
    """Return numbers of binomial distributions, ``tf.random.stateless_binomial``.

    Args:
        shape: the sizes of the result; must end with the shape of the parameters together.
        seed: two integers.
        counts: how many trials.
        probs: the probability of success of each.
        output_dtype: float16, bfloat16, float32, float64, int32 or int64.
        name: ignored.

    Raises:
        InvalidArgumentError: the seed or the shape is wrong.
        ValueError: there are no such numbers of ``output_dtype``.

    Example:
        >>> stateless_binomial([2], [1, 2], counts=10.0, probs=1.0).numpy().tolist()
        [10, 10]
    """
    del name
    arrays = trials(counts, probs)
    return _ending(samples.binomial, shape, seed, arrays, number_type(output_dtype, STATEFUL_NUMBERS))


def trials(counts: Any, probs: Any) -> list[Any]:
    """Return the parameters of binomial distributions as arrays of one floating point type.

    Raises:
        ValueError: a tensor has another dtype than the other.
    """
    known = next((value.dtype for value in (probs, counts) if hasattr(value, "dtype")), float32)
    return parameters(number_type(known, FLOATS), counts, probs)


@export("random.stateless_categorical")
def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = int64, name: str | None = None
) -> Tensor:
    """Return classes drawn for each row of logits, ``tf.random.stateless_categorical``.

    Args:
        logits: unnormalized log-probabilities, ``(rows, classes)``.
        num_samples: how many classes to draw for each row.
        seed: two integers.
        dtype: int32 or int64.
        name: ignored.

    Returns:
        A tensor ``(rows, num_samples)``.

    Raises:
        InvalidArgumentError: the seed is wrong, the logits are no matrix, or there is no class.
        ValueError: the dtype is another.

    Example:
        >>> stateless_categorical([[0.0, -1e9]], 3, seed=[1, 2]).numpy().tolist()
        [[0, 0, 0]]
    """
    del name
    found = number_type(dtype, ("int32", "int64"))
    (count,) = static_shape([num_samples])
    return _draw(samples.categorical, seed, [matrix_of_logits(logits)], samples=count, dtype=found.dtype)


@export("random.experimental.stateless_shuffle")
def stateless_shuffle(value: Any, seed: Any, alg: Any = "auto_select", name: str | None = None) -> Tensor:
    """Return the rows of a tensor in random order, ``tf.random.experimental.stateless_shuffle``.

    Args:
        value: a tensor of any dtype.
        seed: two integers.
        alg: accepted; the bits are always Tenon's own.
        name: ignored.

    Raises:
        InvalidArgumentError: the seed is wrong.

    Example:
        >>> sorted(stateless_shuffle([1, 2, 3], seed=[1, 2]).numpy().tolist())
        [1, 2, 3]
    """
    del name
    as_algorithm(alg)
    array = array_of(value)
    if not array.ndim:
        return as_tensor(array)
    if as_tensor(array).dtype is string:
        return Tensor(array[_draw(samples.permutation, seed, [], size=len(array)).numpy()])
    return _draw(samples.shuffle, seed, [array])


@export("random.split", "random.experimental.stateless_split")
def split(seed: Any, num: Any = 2, alg: Any = "auto_select") -> Tensor:
    """Return new seeds made of one, ``tf.random.split``.

    Args:
        seed: two integers.
        num: how many to make.
        alg: accepted; the bits are always Tenon's own.

    Returns:
        A tensor ``(num, 2)`` of the seed's dtype.

    Raises:
        InvalidArgumentError: the seed is wrong.

    Example:
        >>> split([1, 2], 3).shape
        TensorShape([3, 2])
    """
    as_algorithm(alg)
    array = _seed(seed)
    return _draw(samples.full_integers, array, [], shape=static_shape([num, 2]), dtype=np.dtype(array.dtype))


@export("random.fold_in", "random.experimental.stateless_fold_in")
def fold_in(seed: Any, data: Any, alg: Any = "auto_select") -> Tensor:
    """Return a new seed made of one and a number, ``tf.random.fold_in``.

    Args:
        seed: two integers.
        data: one integer, such as the number of a step.
        alg: accepted; the bits are always Tenon's own.

    Returns:
        A tensor ``(2,)`` of the dtype of ``data``.

    Raises:
        InvalidArgumentError: the seed is wrong, or the data is no scalar.

    Example:
        >>> fold_in([1, 2], 3).shape
        TensorShape([2])
    """
    as_algorithm(alg)
    number = array_of(data)
    if number.ndim:
        raise InvalidArgumentError(f"data: must be one integer; received shape {list(number.shape)}.")
    return as_tensor(run(_FOLD, [_seed(seed), number]))


def _folded(seed: Any, number: Any) -> Any:
    hashed = samples.full_integers(seed.astype(jnp.int64), shape=(), dtype=np.dtype(number.dtype))
    return jnp.stack([hashed, number])


_FOLD = kernel(_folded)


@export("random.experimental.index_shuffle")
def index_shuffle(index: Any, seed: Any, max_index: Any) -> Tensor:
    """Return where indices go in a random order of ``[0, max_index]``, ``tf.random.experimental.index_shuffle``.

    The order is never written down, so that ``max_index`` may be as large as its dtype allows.

    Args:
        index: one index, or a vector of them, each in ``[0, max_index]``.
        seed: three integers, or one such row for each index.
        max_index: the last index, or one for each index.

    Returns:
        A tensor of the shape and dtype of ``index``.

    Raises:
        InvalidArgumentError: the seed has another shape.

    Example:
        >>> sorted(int(index_shuffle(i, [1, 2, 3], 4)) for i in range(5))
        [0, 1, 2, 3, 4]
    """
    indices = array_of(index)
    seeds, last = array_of(seed), parameters(as_tensor(indices).dtype, max_index)[0]
    if seeds.shape not in ((3,), (*indices.shape, 3)):
        raise InvalidArgumentError(f"Seed must be a vector of size [3] or a matrix of size [n, 3]; got {seeds.shape}.")
    return as_tensor(run(kernel(samples.shuffled_index), [indices, seeds, last]))
