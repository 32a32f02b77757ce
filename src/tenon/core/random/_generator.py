"""Generators: random numbers whose state is a variable that can be saved, copied and split, ``tf.random.Generator``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from tenon.core._names import export
from tenon.core._settings import SETTINGS
from tenon.core.random import _samples as samples
from tenon.core.random._algorithms import Algorithm, as_algorithm, state_size
from tenon.core.random._arguments import FLOATS, NUMBERS, STATEFUL_NUMBERS, number_type, parameters, static_shape
from tenon.core.random._seeds import fresh_number
from tenon.core.random._stateless import trials, uniform_sample
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, array_of, as_tensor, constant_value, float32, int32, int64, uint64
from tenon.core.variables import Variable, state_scope


@export("random.create_rng_state", "random.experimental.create_rng_state")
def create_rng_state(seed: Any, alg: Any) -> Tensor:
    """Return the state of a generator that starts at a seed, ``tf.random.create_rng_state``.

    Args:
        seed: an integer, or a vector of them; longer ones are cut, shorter ones filled with zeros in front.
        alg: the algorithm, which says how long the state is.

    Returns:
        A tensor of int64.

    Raises:
        ValueError: there is no such algorithm.
        TypeError: the seed is no integer.

    Example:
        >>> create_rng_state(1, "philox").numpy().tolist()
        [1, 0, 0]
    """
    return as_tensor(_state_of_seed(seed, as_algorithm(alg)))


def _state_of_seed(seed: Any, algorithm: Algorithm) -> np.ndarray:
    size = state_size(algorithm)
    found = constant_value(seed)
    if isinstance(found, int):
        return np.array([(found >> (64 * place)) & (2**64 - 1) for place in range(size)], np.uint64).view(np.int64)
    if not isinstance(found, list) or not all(isinstance(number, int) for number in found):
        raise TypeError(f"seed: must be an integer or a vector of integers; received {seed!r}.")
    return np.array(([0] * size + found)[-size:] if len(found) < size else found[:size], np.int64)


def _advancing(
    state: Any, *arrays: Any, sample: Callable[..., Any], delta: int, attributes: tuple[tuple[str, Any], ...]
) -> tuple[Any, Any]:
    return sample(state, *arrays, **dict(attributes)), samples.advanced(state, delta)


@export("random.Generator", "random.experimental.Generator")
class Generator:
    """A source of random numbers whose state is a variable, ``tf.random.Generator``.

    The state moves on as TensorFlow's does (by 256 for each number); the numbers are Tenon's own.

    Args:
        copy_from: a generator to copy.
        state: the state to start from, as ``create_rng_state`` makes it.
        alg: the algorithm, which says how long the state is.

    Raises:
        ValueError: neither a generator nor a state with its algorithm is given, or the state has another length.

    Example:
        >>> generator = Generator.from_seed(1)
        >>> generator.normal([2, 3]).shape, generator.state.numpy().tolist()
        (TensorShape([2, 3]), [1537, 0, 0])
    """

    def __init__(self, copy_from: Generator | None = None, state: Any = None, alg: Any = None) -> None:
        if copy_from is not None:
            state, alg = copy_from.state, copy_from.algorithm
        if state is None or alg is None:
            raise ValueError(
                "Generator: `state` and `alg` must both be given, or `copy_from`; or use Generator.from_seed or "
                "Generator.from_non_deterministic_state."
            )
        self._alg = as_algorithm(alg)
        with state_scope(None):
            self._state_var = Variable(self._checked(state), dtype=int64, trainable=False, name="StateVar")

    @classmethod
    def from_state(cls, state: Any, alg: Any) -> Generator:
        """Return a generator that starts from a state.

        Raises:
            ValueError: the state has another length than the algorithm's, or there is no such algorithm.
        """
        return cls(state=state, alg=alg)

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """Return a generator that starts from a seed: an integer, or a vector of them.

        Raises:
            ValueError: there is no such algorithm.
        """
        algorithm = Algorithm.PHILOX if alg is None else as_algorithm(alg)
        return cls(state=_state_of_seed(seed, algorithm), alg=algorithm)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """Return a generator that starts where nobody can foresee.

        Raises:
            RuntimeError: ``tf.config.experimental.enable_op_determinism`` was called.
            ValueError: there is no such algorithm.
        """
        if SETTINGS.op_determinism:
            raise RuntimeError('"from_non_deterministic_state" cannot be called when determinism is enabled.')
        algorithm = Algorithm.PHILOX if alg is None else as_algorithm(alg)
        return cls(state=[fresh_number() for _ in range(state_size(algorithm))], alg=algorithm)

    @classmethod
    def from_key_counter(cls, key: Any, counter: Any, alg: Any) -> Generator:
        """Return a generator with a key and a counter: a vector of two integers for Philox, of one for ThreeFry.

        Raises:
            ValueError: the counter has another length, or there is no such algorithm.
        """
        return cls(state=_joined(key, counter, as_algorithm(alg)), alg=alg)

    def _checked(self, state: Any) -> Any:
        array = array_of(state, None if hasattr(state, "dtype") else int64)
        if array.shape != (state_size(self._alg),):
            raise ValueError(f"Shapes {array.shape} and [{state_size(self._alg)}] are incompatible")
        return np.asarray(array).view(np.int64) if isinstance(array, np.ndarray) else array

    @property
    def state(self) -> Variable:
        """The variable that holds the state: the counter's integers, then the key."""
        return self._state_var

    @property
    def algorithm(self) -> int:
        """The number of the algorithm."""
        return self._alg.value

    @property
    def key(self) -> Tensor:
        """The key: the last integer of the state."""
        return as_tensor(run(_LAST, [self._state_var.value().value]))

    def reset(self, state: Any) -> None:
        """Go on from another state.

        Raises:
            ValueError: the state has another length.
        """
        self._state_var.assign(as_tensor(self._checked(state)))

    def reset_from_seed(self, seed: Any) -> None:
        """Go on from a seed."""
        self.reset(_state_of_seed(seed, self._alg))

    def reset_from_key_counter(self, key: Any, counter: Any) -> None:
        """Go on from a key and a counter.

        Raises:
            ValueError: the counter has another length than the algorithm's.
        """
        self.reset(_joined(key, counter, self._alg))

    def skip(self, delta: Any) -> Tensor:
        """Move on as if ``delta`` numbers had been drawn; return the state before."""
        before = self._state_var.value()
        self._state_var.assign(as_tensor(run(_SKIP, [before.value, array_of(delta)])))
        return before

    def split(self, count: int = 1) -> list[Generator]:
        """Return ``count`` new generators that have nothing in common with this one or each other."""
        keys = self._draw(samples.full_integers, [], (count,), int64.dtype)
        states = run(kernel(_states_of_keys, size=state_size(self._alg)), [keys.value])
        return [Generator(state=as_tensor(state), alg=self._alg) for state in states]

    def make_seeds(self, count: int = 1) -> Tensor:
        """Return seeds for stateless functions, one in each column of a tensor ``(2, count)`` of int64."""
        first = self._draw(samples.full_integers, [], (count,), int64.dtype)
        return as_tensor(run(_SEEDS, [first.value]))

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, name: str | None = None
    ) -> Tensor:
        """Return normally distributed numbers; arguments and errors as in ``tf.random.normal``."""
        del name
        return self._floats(samples.normal, shape, (mean, stddev), dtype)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, name: str | None = None
    ) -> Tensor:
        """Return normal numbers within two standard deviations; arguments as in ``tf.random.truncated_normal``."""
        del name
        return self._floats(samples.truncated_normal, shape, (mean, stddev), dtype)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = float32, name: str | None = None
    ) -> Tensor:
        """Return evenly spread numbers; arguments and errors as in ``tf.random.stateless_uniform``."""
        del name
        found = number_type(dtype, NUMBERS)
        sample, arrays = uniform_sample(found, minval, maxval)
        return self._draw(sample, arrays, static_shape(shape), found.dtype)

    def uniform_full_int(self, shape: Any, dtype: Any = uint64, name: str | None = None) -> Tensor:
        """Return integers that are evenly spread over everything that ``dtype`` holds.

        Raises:
            ValueError: the dtype is not int32, int64, uint32 or uint64.
        """
        del name
        found = number_type(dtype, ("int32", "int64", "uint32", "uint64"))
        return self._draw(samples.full_integers, [], static_shape(shape), found.dtype)

    def binomial(self, shape: Any, counts: Any, probs: Any, dtype: Any = int32, name: str | None = None) -> Tensor:
        """Return numbers of binomial distributions.

        Args:
            shape: the sizes of the result, to which the parameters broadcast.
            counts: how many trials.
            probs: the probability of success of each.
            dtype: a floating point type, int32 or int64.
            name: ignored.

        Raises:
            InvalidArgumentError: the shape is wrong.
            ValueError: there are no such numbers of ``dtype``.
        """
        del name
        found = number_type(dtype, STATEFUL_NUMBERS)
        block = samples.BINOMIAL_BLOCK
        return self._draw(samples.binomial, trials(counts, probs), static_shape(shape), found.dtype, block)

    def _floats(self, sample: Callable[..., Any], shape: Any, values: Sequence[Any], dtype: Any) -> Tensor:
        found = number_type(dtype, FLOATS)
        return self._draw(sample, parameters(found, *values), static_shape(shape), found.dtype)

    def _draw(
        self,
        sample: Callable[..., Any],
        arrays: Sequence[Any],
        shape: tuple[int, ...],
        dtype: np.dtype,
        block: int = samples.BLOCK,
    ) -> Tensor:
        attributes = (("shape", shape), ("dtype", dtype))
        step = kernel(_advancing, sample=sample, delta=math.prod(shape) * block, attributes=attributes)
        drawn, state = run(step, [self._state_var.value().value, *arrays])
        self._state_var.assign(as_tensor(state))
        return as_tensor(drawn)


def _joined(key: Any, counter: Any, algorithm: Algorithm) -> Any:
    counters, keys = array_of(counter), array_of(key)
    if counters.shape != (state_size(algorithm) - 1,):
        raise ValueError(f"Shapes {counters.shape} and [{state_size(algorithm) - 1}] are incompatible")
    return run(_JOIN, [counters, keys])


def _join(counter: Any, key: Any) -> Any:
    return jnp.append(counter.astype(jnp.int64), key.astype(jnp.int64))


def _states_of_keys(keys: Any, size: int) -> tuple[Any, ...]:
    return tuple([jnp.zeros(size, jnp.int64).at[-1].set(key) for key in keys])


def _last(state: Any) -> Any:
    return state[-1]


def _skipped(state: Any, delta: Any) -> Any:
    return samples.advanced(state, delta.astype(jnp.uint64) * samples.BLOCK)


def _columns(first: Any) -> Any:
    return jnp.stack([first, jnp.zeros_like(first)])


_JOIN: Final = kernel(_join)
_LAST: Final = kernel(_last)
_SKIP: Final = kernel(_skipped)
_SEEDS: Final = kernel(_columns)
