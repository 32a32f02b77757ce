"""Run something in both universes, to learn the dtypes and shapes of what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from tenon.compat._mode import replaying
from tenon.compat._operation import GraphTensor
from tenon.compat._samples import SIZES, Sample, sample_of, samples_of, symbol_of, unvalued, without_value
from tenon.core.tensors import DType, Tensor, as_tensor
from tenon.core.tracing import init_scope, trace


class SampleState:
    """Variables and random numbers while something is tried out: nothing changes, nothing is known."""

    def read(self, variable: Any) -> Tensor:
        """Return a symbol for the value of a variable."""
        samples = samples_of(variable.static_shape, variable.dtype)
        assert samples is not None
        return symbol_of(samples[0])

    def assign(self, variable: Any, value: Tensor) -> None:
        """Change nothing."""

    def is_initialized(self, variable: Any) -> bool:
        """Tell that every variable has a value."""
        del variable
        return True

    def position(self, operation: Any) -> Any:
        """Return a symbol for where a random operation takes its numbers."""
        del operation
        return symbol_of(jax.ShapeDtypeStruct((2,), np.dtype(np.int64)))


class SampleEnvironment:
    """The values of symbolic tensors in one universe.

    Args:
        universe: its number.
        ranks: the rank that tensors of unknown rank have for the moment.
        replaced: unknown sizes that are taken as others.

    Attributes:
        asked: the tensors that were asked for.
    """

    def __init__(self, universe: int, rank: int = 1, replaced: int | None = None) -> None:
        self.state = SampleState()
        self.universe = universe
        self.recorder: Any = None
        self.asked: dict[GraphTensor, None] = {}
        self._rank = rank
        self._replaced = replaced

    def get(self, tensor: GraphTensor) -> Tensor:
        """Return the sampled value of a tensor, or a symbol for it."""
        self.asked[tensor] = None
        if tensor.samples is None:
            sample = unvalued((SIZES[self.universe],) * self._rank, tensor.dtype)
        else:
            sample = tensor.samples[self.universe]
        if self._replaced is not None and SIZES[self.universe] in sample.shape:
            shape = [self._replaced if size == SIZES[self.universe] else size for size in sample.shape]
            sample = unvalued(shape, tensor.dtype)
        return symbol_of(sample)


class ValueEnvironment:
    """Values for symbolic tensors, made up: zeros in one universe, counting numbers in the other.

    Args:
        universe: its number.

    Attributes:
        asked: the tensors that were asked for.
    """

    def __init__(self, universe: int) -> None:
        self.state = SampleState()
        self.universe = universe
        self.recorder: Any = None
        self.asked: dict[GraphTensor, None] = {}

    def get(self, tensor: GraphTensor) -> Tensor:
        """Return a value for a tensor."""
        self.asked[tensor] = None
        assert tensor.samples is not None
        sample = tensor.samples[self.universe]
        if isinstance(sample, np.ndarray):
            return as_tensor(sample)
        count = int(np.prod(sample.shape))
        numbers = np.arange(1, count + 1) if self.universe else np.zeros(count)
        return as_tensor(numbers.astype(sample.dtype).reshape(sample.shape))


Described = list[tuple[DType, tuple[Sample, ...] | None]]
"""Dtype and samples of tensors."""

Call = Callable[[Any], tuple[list[Tensor], Any]]


def tried_out(call: Call, inputs: Sequence[GraphTensor], name: str) -> tuple[Described, list[Any]]:
    """Run something in every universe.

    Args:
        call: takes the environment; returns tensors, and anything.
        inputs: the symbolic tensors that it uses.
        name: what messages call it.

    Returns:
        Dtype and samples of each tensor, and what else ``call`` returned in each universe.

    Raises:
        Exception: whatever ``call`` raises in all universes.
    """
    if any(tensor.samples is None for tensor in inputs):
        return _of_unknown_rank(call, name)
    try:
        first = _in_universe(call, SampleEnvironment(0), name)
        second = first if _is_fixed(inputs) else _in_universe(call, SampleEnvironment(1), name)
    except (TypeError, ValueError, IndexError) as error:
        first, second = _with_known_sizes(call, inputs, name) or _with_values(call) or _refused(error)
    return [(dtype, _joined(sample, other)) for (dtype, sample), (_, other) in zip(first[0], second[0], strict=True)], [
        first[1],
        second[1],
    ]


def _is_fixed(inputs: Sequence[GraphTensor]) -> bool:
    """Tell whether the universes do not differ for tensors."""
    for tensor in inputs:
        assert tensor.samples is not None
        one, other = tensor.samples
        if not (one is other or _are_alike(one, other)):
            return False
    return True


def _are_alike(one: Sample, other: Sample) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and np.array_equal(one, other)
    return bool(one.shape == other.shape)


def _joined(one: Sample, other: Sample) -> tuple[Sample, ...] | None:
    return (one, other) if len(one.shape) == len(other.shape) else None


def _in_universe(call: Call, environment: Any, name: str) -> tuple[Any, Any]:
    found: list[Any] = []

    def sampled() -> tuple[list[Any], None]:
        with replaying(environment):
            tensors, extra = call(environment)
        found.append([(tensor.dtype, sample_of(tensor)) for tensor in tensors])
        found.append(extra)
        return [], None

    trace(sampled, [], name)
    return found[0], found[1]


def _refused(error: Exception) -> Any:
    raise error


def _with_values(call: Call) -> tuple[Any, Any] | None:
    """Try values, different ones in each universe: a shape may depend on them."""
    try:
        return _on_values(call, ValueEnvironment(0)), _on_values(call, ValueEnvironment(1))
    except (TypeError, ValueError, IndexError):
        return None


def _on_values(call: Call, environment: ValueEnvironment) -> tuple[Any, Any]:
    with init_scope(), replaying(environment):
        tensors, extra = call(environment)
    return [(tensor.dtype, without_value(sample_of(tensor))) for tensor in tensors], extra


def _with_known_sizes(call: Call, inputs: Sequence[GraphTensor], name: str) -> tuple[Any, Any] | None:
    """Try the sizes that are known for those that are not: they may have to be the same."""
    sizes = {size for tensor in inputs for size in (tensor.static_shape.as_list() if tensor.samples else ())}
    if None in sizes:
        for size in sorted({1, *sizes} - {None}):  # type: ignore[type-var]
            try:
                found = _in_universe(call, SampleEnvironment(0, replaced=size), name)
            except (TypeError, ValueError, IndexError):
                continue
            return found, found
    return None


def _of_unknown_rank(call: Call, name: str) -> tuple[list[Any], list[Any]]:
    errors = []
    for rank in (2, 1, 3, 4, 0):
        try:
            found, extra = _in_universe(call, SampleEnvironment(0, rank), name)
        except (TypeError, ValueError, IndexError) as error:
            errors.append(error)
        else:
            return [(dtype, None) for dtype, _ in found], [extra, extra]
    raise errors[0]
