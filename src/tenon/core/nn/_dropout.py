"""Dropout: elements set to 0 by chance, and the others scaled up, so that sums stay what they are on average."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from tenon.core import random
from tenon.core._names import export
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, array_of, as_dtype, as_tensor, constant_value, convert_to_tensor

Sampler = Callable[..., Any]
"""Takes ``shape`` and ``dtype`` by name; returns numbers spread evenly from 0 to 1."""


def _kept(values: Any, chances: Any, rate: Any) -> Any:
    rate = rate.astype(values.dtype)
    return jnp.where(chances >= rate, values / (1 - rate), 0)


_KEPT = kernel(_kept)


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    if noise_shape is None:
        return x.value.shape
    given = constant_value(noise_shape.as_list() if hasattr(noise_shape, "as_list") else noise_shape)
    if len(given) != x.ndim:
        return given
    return [own if size is None else size for own, size in zip(x.value.shape, given, strict=True)]


def _checked_rate(rate: Any) -> Any:
    array = array_of(rate)
    known = None if isinstance(array, jax.core.Tracer) or array.ndim else float(array)
    if array.ndim or (known is not None and not 0 <= known < 1):
        raise ValueError(f"rate: `rate` must be a scalar tensor or a float in the range [0, 1); received {rate!r}.")
    return array


def _dropped(x: Any, rate: Any, sampler: Sampler, noise_shape: Any) -> Tensor:
    values = convert_to_tensor(x)
    if not values.dtype.is_floating:
        raise ValueError(
            "x: `x.dtype` must be a floating point tensor as `x` will be scaled; received the dtype "
            f"{values.dtype.name}. Use tf.cast."
        )
    chance = _checked_rate(rate)
    if isinstance(rate, int | float) and rate == 0:
        return values
    chances = sampler(shape=_noise_shape(values, noise_shape), dtype=values.dtype)
    return as_tensor(run(_KEPT, [values.value, array_of(chances, as_dtype(values.dtype)), chance]))


@export("nn.dropout")
def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Tensor:
    """Set elements to 0 with probability ``rate`` and scale the others by ``1 / (1 - rate)``, ``tf.nn.dropout``.

    Args:
        x: a tensor of floating point numbers.
        rate: a probability in ``[0, 1)``: a number or a scalar tensor; the number 0 returns ``x``.
        noise_shape: the shape of the decisions, which broadcasts with ``x``; ``None`` for that of ``x``, as a whole or
            for one size.
        seed: the operation's seed, or ``None``; with ``tf.random.set_seed``, by TensorFlow's rules.
        name: ignored.

    Raises:
        ValueError: ``rate`` is out of range, or ``x`` is not of floating point numbers.

    Example:
        >>> sorted(set(dropout([1.0] * 100, 0.5, seed=1).numpy().tolist()))
        [0.0, 2.0]
    """
    del name
    return _dropped(x, rate, partial(random.uniform, seed=seed), noise_shape)


@export("nn.experimental.stateless_dropout")
def stateless_dropout(
    x: Any, rate: Any, seed: Any, rng_alg: Any = None, noise_shape: Any = None, name: str | None = None
) -> Tensor:
    """Set elements to 0 as ``dropout``, the same ones for the same seed, ``tf.nn.experimental.stateless_dropout``.

    Args:
        x: a tensor of floating point numbers.
        rate: a probability in ``[0, 1)``.
        seed: two integers.
        rng_alg: accepted; the bits are always Tenon's own.
        noise_shape: the shape of the decisions, as for ``dropout``.
        name: ignored.

    Raises:
        InvalidArgumentError: ``seed`` is not two integers.
        ValueError: ``rate`` is out of range, or ``x`` is not of floating point numbers.

    Example:
        >>> first, second = (stateless_dropout([1.0] * 9, 0.5, [1, 2]).numpy() for _ in range(2))
        >>> (first == second).all()
        np.True_
    """
    del name
    sampler = partial(random.stateless_uniform, seed=seed, alg=rng_alg or "auto_select")
    return _dropped(x, rate, sampler, noise_shape)


@export("nn.experimental.general_dropout")
def general_dropout(
    x: Any, rate: Any, uniform_sampler: Sampler, noise_shape: Any = None, name: str | None = None
) -> Tensor:
    """Set elements to 0 as ``dropout``, by numbers of your own, ``tf.nn.experimental.general_dropout``.

    Args:
        x: a tensor of floating point numbers.
        rate: a probability in ``[0, 1)``.
        uniform_sampler: takes ``shape`` and ``dtype`` by name; returns numbers spread evenly from 0 to 1. Where they
            are below ``rate``, elements become 0.
        noise_shape: the shape of the decisions, as for ``dropout``.
        name: ignored.

    Raises:
        ValueError: ``rate`` is out of range, or ``x`` is not of floating point numbers.

    Example:
        >>> general_dropout([1.0, 2.0], 0.5, lambda shape, dtype: [0.1, 0.9]).numpy().tolist()
        [0.0, 4.0]
    """
    del name
    return _dropped(x, rate, uniform_sampler, noise_shape)
