"""Where windows stand: TensorFlow's strides, dilations, data formats and paddings, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.core.tensors import is_symbol

_FORMATS = {1: ("NWC", "NCW"), 2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Windows:
    """The windows of a convolution or a pool, one number or pair for each spatial dimension.

    Attributes:
        sizes: elements that a window covers.
        strides: from one window to the next.
        dilations: from one element of a window to the next.
        pads: what is added before and after.
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: Pairs

    @property
    def symbolic(self) -> bool:
        """Whether the padding depends on sizes that are symbols of ``jax.export``."""
        return any(is_symbol(size) for pad in self.pads for size in pad)

    def counts(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """Return how many windows fit into dimensions of these lengths."""
        return tuple(
            [
                at_least_0((length + sum(pad) - _extent(size, dilation)) // stride + 1)
                for length, size, stride, dilation, pad in zip(
                    lengths, self.sizes, self.strides, self.dilations, self.pads, strict=True
                )
            ]
        )


def at_least_0(size: Any) -> Any:
    """Return a size, 0 instead of a negative one; a symbol of ``jax.export`` is left as it is."""
    return size if is_symbol(size) else max(0, size)


def _extent(size: int, dilation: int) -> int:
    return (size - 1) * dilation + 1


def channels_come_first(data_format: str | None, rank: int) -> bool:
    """Tell whether channels stand before the ``rank`` spatial dimensions.

    Raises:
        InvalidArgumentError: TensorFlow has no such format.
    """
    last, first = _FORMATS[rank]
    if data_format in (None, "", last):
        return False
    if data_format == first or (isinstance(data_format, str) and data_format.startswith("NC")):
        return True
    if isinstance(data_format, str) and data_format.startswith("N") and data_format.endswith("C"):
        return False
    raise InvalidArgumentError(f"data_format: must be {last!r} or {first!r}; received {data_format!r}.")


def windows(
    sizes: Sequence[int], lengths: Sequence[int], strides: Any, padding: Any, dilations: Any, channels_first: bool
) -> Windows:
    """Return where windows stand.

    Args:
        sizes: elements that a window covers in each spatial dimension.
        lengths: the spatial dimensions.
        strides: one number, one for each spatial dimension, or one for each dimension.
        padding: ``"SAME"``, ``"VALID"``, or pairs for each dimension.
        dilations: as ``strides``; ``None`` for ones.
        channels_first: where the channels stand, in numbers for each dimension.

    Raises:
        InvalidArgumentError: a number is missing, not positive, or for a dimension that has no windows.
    """
    steps = for_each(strides, len(sizes), channels_first, "strides")
    gaps = for_each(dilations, len(sizes), channels_first, "dilations")
    extents = [_extent(size, gap) for size, gap in zip(sizes, gaps, strict=True)]
    return Windows(tuple(sizes), steps, gaps, _pads(padding, lengths, extents, steps, channels_first))


def for_each(value: Any, rank: int, channels_first: bool, argument: str) -> tuple[int, ...]:
    """Return one positive number for each spatial dimension.

    Raises:
        InvalidArgumentError: the numbers are too many, too few, not positive, or for batches or channels.
    """
    given = (1,) if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)
    if len(given) == rank + 2:
        _only_spatial(given, channels_first, argument)
        given = spatial(given, channels_first)
    found = given * rank if len(given) == 1 else given
    if len(found) != rank or any(not isinstance(number, int) or number < 1 for number in found):
        raise InvalidArgumentError(
            f"{argument}: must be positive integers, 1, {rank} or {rank + 2} of them; received {value!r}."
        )
    return found


def spatial(values: Sequence[Any], channels_first: bool) -> tuple[Any, ...]:
    """Return what belongs to the spatial dimensions, of one value for each dimension."""
    return tuple(values[2:] if channels_first else values[1:-1])


def _only_spatial(values: Sequence[Any], channels_first: bool, argument: str) -> None:
    if values[0] != 1 or values[1 if channels_first else -1] != 1:
        raise InvalidArgumentError(
            f"{argument}: must be 1 for the batch and the channels; received {list(values)}. "
            "Windows move only over the spatial dimensions."
        )


def _pads(
    padding: Any, lengths: Sequence[int], extents: Sequence[int], strides: Sequence[int], channels_first: bool
) -> Pairs:
    if isinstance(padding, str) and padding.upper() in ("SAME", "VALID"):
        if padding.upper() == "VALID":
            return ((0, 0),) * len(lengths)
        return tuple([_same(*numbers) for numbers in zip(lengths, extents, strides, strict=True)])
    return _explicit(padding, len(lengths), channels_first)


def _same(length: int, extent: int, stride: int) -> tuple[int, int]:
    """As many windows as strides begin in the dimension; an odd rest is added after it."""
    total = at_least_0((-(-length // stride) - 1) * stride + extent - length)
    return total // 2, total - total // 2


def _explicit(padding: Any, rank: int, channels_first: bool) -> Pairs:
    pairs = tuple(map(tuple, padding)) if _are_pairs(padding) else ()
    if len(pairs) != rank + 2 or min(map(min, pairs)) < 0:
        raise InvalidArgumentError(
            f"padding: must be 'SAME', 'VALID', or {rank + 2} pairs of sizes to add before and after each dimension; "
            f"received {padding!r}."
        )
    if pairs[0] != (0, 0) or pairs[1 if channels_first else -1] != (0, 0):
        raise InvalidArgumentError(
            f"padding: nothing can be added to the batch and the channels; received {padding!r}."
        )
    return spatial(pairs, channels_first)


def _are_pairs(padding: Any) -> bool:
    return isinstance(padding, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in padding
    )


def with_one_batch(values: Any, rank: int) -> tuple[Any, tuple[int, ...]]:
    """Join the dimensions before the last ``rank`` into one; return the values and those dimensions.

    Raises:
        InvalidArgumentError: there is none to join.
    """
    outer = values.shape[: values.ndim - rank]
    if values.ndim <= rank:
        raise InvalidArgumentError(
            f"input: must have at least {rank + 1} dimensions; received {list(values.shape)}. "
            "Use tf.expand_dims to make a batch of one."
        )
    return (values if len(outer) == 1 else values.reshape(prod(outer), *values.shape[-rank:])), outer
