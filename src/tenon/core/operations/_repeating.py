"""More of the same: tile, repeat, pad; and the same in another order: reverse, roll."""

from __future__ import annotations

from math import prod
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._gather import EVERY, is_string, on_host, outside, selected
from tenon.core.operations._masks import values_of
from tenon.core.operations._sizes import as_axes, as_axis, as_integers, as_sizes
from tenon.core.operations._table import operation
from tenon.core.recording import kernel, run
from tenon.core.tensors import array_of, as_dtype, string

_FLAT: Final = kernel(jnp.ravel)


def _module(array: Any) -> Any:
    """Return what computes with an array: NumPy for strings."""
    return np if isinstance(array, np.ndarray) and array.dtype == object else jnp


def _tile(array: Any, multiples: Any) -> Any:
    counts = as_sizes(multiples, "multiples")
    if len(counts) != array.ndim or not isinstance(multiples, list | tuple):
        raise InvalidArgumentError(
            f"tf.tile: Expected multiples argument to be a vector of length {array.ndim} but got {multiples}."
        )
    return _module(array).tile(array, counts)


tile = operation(
    "tile",
    "input: T, multiples",
    _tile,
    "Returns the tensor repeated along each dimension.",
    "[[1.0, 2.0]], [2, 3]",
    strings=_tile,
)


def _repeat(array: Any, repeats: Any, axis: Any) -> Any:
    counts = values_of(repeats, "tf.repeat", "how many elements there will be")
    if counts.ndim > 1 or (counts < 0).any():
        raise InvalidArgumentError(
            f"tf.repeat: Expected multiples >= 0, one number or one for each element; received {counts.tolist()}."
        )
    merged = max(array.ndim, 1) if axis is None else 1
    if not array.ndim:
        array = array.reshape(1) if isinstance(array, np.ndarray) else run(_FLAT, [array])
    place = 0 if axis is None else as_axis(axis, array.ndim)
    length = prod(array.shape[place : place + merged])
    if counts.size == 1 and not is_string(array):
        return run(kernel(_repeated, count=int(counts.reshape(())), axis=None if axis is None else place), [array])
    if counts.size not in (1, length):
        raise InvalidArgumentError(
            f"tf.repeat: repeats must be one number or {length}, as many as there are elements; received {counts.size}."
        )
    return selected(array, np.repeat(np.arange(length), counts), place, merged)


def _repeated(array: Any, count: int, axis: int | None) -> Any:
    return jnp.repeat(array, count, axis)


repeat = operation(
    "repeat",
    "input: T, repeats: index, axis=None",
    _repeat,
    "Returns the tensor with each element repeated along an axis, or flattened and repeated.",
    "[[1.0, 2.0], [3.0, 4.0]], [1, 2], 1",
    types=EVERY,
    composed=True,
)


def _reverse(array: Any, axis: Any) -> Any:
    if not isinstance(axis, list | tuple):
        raise InvalidArgumentError(f"tf.reverse: axis must be a list of axes; received {axis}.")
    return _module(array).flip(array, as_axes(axis, array.ndim))


reverse = operation(
    "reverse",
    "tensor: T, axis",
    _reverse,
    "Returns the tensor with its elements in reverse order along each of the axes.",
    "[[1.0, 2.0], [3.0, 4.0]], [1]",
    strings=_reverse,
)


def _rolled(array: Any, shifts: Any, axes: tuple[int, ...]) -> Any:
    xp = _module(array)
    for place, axis in enumerate(axes):
        array = xp.roll(array, shifts[place], axis)
    return array


def _roll(array: Any, shift: Any, axis: Any) -> Any:
    axes = tuple([as_axis(number, array.ndim) for number in as_integers(axis, "axis")])
    shifts = shift.reshape(-1) if isinstance(shift, np.ndarray) else run(_FLAT, [shift])
    if shifts.shape != (len(axes),):
        raise InvalidArgumentError(
            f"tf.roll: shift and axis must have the same size; received shift of shape {list(shift.shape)} and axis "
            f"{axis}."
        )
    if isinstance(array, np.ndarray) and array.dtype == object:
        return _rolled(array, np.asarray(shifts), axes)
    return run(kernel(_rolled, axes=axes), [array, shifts])


roll = operation(
    "roll",
    "input: T, shift: index, axis",
    _roll,
    "Returns the tensor with its elements moved along axes; what leaves at one end enters at the other.",
    "[[1.0, 2.0, 3.0]], 1, 1",
    strings=_roll,
    composed=True,
)


def _reversed(array: Any, lengths: Any, seq_axis: int, batch_axis: int) -> Any:
    places = jnp.arange(array.shape[seq_axis])
    counts = lengths[:, None]
    sources = jnp.where(places < counts, counts - 1 - places, places)  # [batch, sequence]
    sources = sources if batch_axis < seq_axis else sources.T
    shape = [size if axis in (batch_axis, seq_axis) else 1 for axis, size in enumerate(array.shape)]
    return jnp.take_along_axis(array, sources.reshape(shape), seq_axis)


def _reverse_sequence(array: Any, seq_lengths: Any, seq_axis: Any, batch_axis: Any) -> Any:
    if seq_axis is None:
        raise TypeError("tf.reverse_sequence: seq_axis must be an integer; received None.")
    places = (as_axis(seq_axis, array.ndim, "seq_axis"), as_axis(batch_axis or 0, array.ndim, "batch_axis"))
    if places[0] == places[1]:
        raise InvalidArgumentError(f"tf.reverse_sequence: seq_axis and batch_axis must differ; received {places[0]}.")
    length, batch = [array.shape[place] for place in places]
    if seq_lengths.shape != (batch,):
        raise InvalidArgumentError(
            f"tf.reverse_sequence: seq_lengths must have one length for each of {batch} batches; received a tensor of "
            f"shape {list(seq_lengths.shape)}."
        )
    known = on_host(seq_lengths)
    if known is not None and outside(known, length + 1).any():
        raise InvalidArgumentError(
            f"tf.reverse_sequence: seq_lengths must be in [0, {length}]; received {known.tolist()}."
        )
    if is_string(array):
        places_of = np.arange(array.size).reshape(array.shape)
        return array.ravel()[np.asarray(_reversed(places_of, np.asarray(known), *places))]
    return run(kernel(_reversed, seq_axis=places[0], batch_axis=places[1]), [array, seq_lengths])


reverse_sequence = operation(
    "reverse_sequence",
    "input: T, seq_lengths: index, seq_axis=None, batch_axis=None",
    _reverse_sequence,
    "Returns the tensor with the first ``seq_lengths`` elements of each batch in reverse order.",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [2, 3], 1",
    types=EVERY,
    composed=True,
)

_MODES: Final = {"CONSTANT": "constant", "REFLECT": "reflect", "SYMMETRIC": "symmetric"}


def _padded(array: Any, value: Any, widths: Any, mode: str) -> Any:
    return jnp.pad(array, widths, mode, **({"constant_values": value} if mode == "constant" else {}))


def _padded_strings(array: np.ndarray, value: bytes, widths: Any, mode: str) -> np.ndarray:
    if mode != "constant":
        return np.pad(array, widths, mode)  # type: ignore[call-overload,no-any-return]  # its modes are literals
    sizes = [before + size + after for (before, after), size in zip(widths, array.shape, strict=True)]
    result = np.full(sizes, value, object)
    result[tuple([slice(before, before + size) for (before, _), size in zip(widths, array.shape, strict=True)])] = array
    return result


def _pad(array: Any, paddings: Any, mode: str, constant_values: Any) -> Any:
    widths = _widths(array, paddings)
    chosen = _MODES.get(mode.upper())
    if chosen is None:
        raise ValueError(f"tf.pad: mode must be one of {', '.join(_MODES)}; received {mode!r}.")
    most = {"constant": 0, "reflect": -1, "symmetric": 0}[chosen]
    for (before, after), length in zip(widths, array.shape, strict=True):
        if chosen != "constant" and max(before, after) > length + most:
            raise InvalidArgumentError(
                f"tf.pad: paddings must be no greater than the dimension size{' less 1' if most else ''} in mode "
                f"{mode}: {before}, {after} greater than {length + most}."
            )
    dtype = as_dtype(array.dtype)
    plain = isinstance(constant_values, int | float) and not constant_values
    if dtype is string:
        return _padded_strings(array, b"" if plain else array_of(constant_values, dtype)[()], widths, chosen)
    value = np.zeros((), array.dtype) if plain or chosen != "constant" else array_of(constant_values, dtype)
    return run(kernel(_padded, widths=widths, mode=chosen), [array, value])


def _widths(array: Any, paddings: Any) -> tuple[tuple[int, int], ...]:
    pairs = tuple([as_sizes(pair, "paddings") for pair in paddings]) if isinstance(paddings, list | tuple) else ()
    if len(pairs) != array.ndim or any(len(pair) != 2 for pair in pairs):
        raise InvalidArgumentError(
            f"tf.pad: paddings must be a matrix of the shape [{array.ndim}, 2] for a tensor of shape "
            f"{list(array.shape)}; received {paddings}."
        )
    return tuple([(before, after) for before, after in pairs])


pad = operation(
    "pad",
    'tensor: T, paddings, mode="CONSTANT", constant_values: value = 0',
    _pad,
    "Returns the tensor with elements added before and behind along each dimension: a constant, or its own mirrored.",
    "[[1.0, 2.0]], [[1, 0], [0, 2]], constant_values=9.0",
    strings=_pad,
    composed=True,
)
