"""Strings that a function which is being saved moves about: the program computes which, the host looks them up.

What an operation such as ``tf.tile`` does to strings, the program does to their numbers in a table; after it has run,
the host takes the strings from the table: one ``GatherV2``, whatever the operation was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.core.host_symbols import HostRecorder, StringSymbol, current_recorder
from tenon.core.operations._row import Operation
from tenon.core.recording import kernel, stage
from tenon.core.tensors import Tensor, is_symbol

MOVING: Final = frozenset(
    [
        *("boolean_mask", "broadcast_to", "concat", "expand_dims", "fill", "gather", "gather_nd", "repeat", "reshape"),
        *("reverse", "roll", "slice", "split", "squeeze", "stack", "strided_slice", "tile", "transpose", "unstack"),
        *("where", "identity", "stop_gradient"),
    ]
)
"""Operations that only move elements."""

_IN_PLACE: Final = frozenset(["expand_dims", "reshape", "squeeze", "identity", "stop_gradient"])
"""Those that leave elements in their order."""

_INT32: Final = np.dtype(np.int32)


def is_open(value: Any) -> bool:
    """Tell whether something is only known when the function that is being traced runs.

    Args:
        value: an array, an attribute of an operation, or nested lists and tuples of those.

    Example:
        >>> is_open([np.ones(1), (2, None)])
        False
    """
    if isinstance(value, list | tuple):
        return any(map(is_open, value))
    if isinstance(value, Tensor):
        return value.is_symbolic
    return isinstance(value, jax.core.Tracer | StringSymbol) or is_symbol(value)


def moved(
    row: Operation,
    arrays: Sequence[Any],
    attributes: tuple[Any, ...],
    recorder: HostRecorder,
    call: Callable[[tuple[Any, ...], tuple[Any, ...]], Any],
) -> Any:
    """Return the strings that an operation leaves, as symbols in its structure.

    Args:
        row: one of ``MOVING``.
        arrays: its arrays, with some strings.
        attributes: the rest.
        recorder: writes the steps down.
        call: runs the operation on tensors of numbers.
    """
    tables: list[Any] = []
    start: Any = 0

    def numbered(array: Any) -> Any:
        nonlocal start
        if isinstance(array, tuple):
            return [numbered(item) for item in array]
        if array is None or array.dtype != object:
            return array if array is None else Tensor(array)
        numbers = _numbered(array, start)
        tables.append(array)
        start = start + prod(array.shape)
        return numbers

    found = call(tuple(map(numbered, arrays)), attributes)
    if row.name in _IN_PLACE and isinstance(tables[0], StringSymbol):
        in_place = _reshaped(tables[0], found.value.shape, recorder)
        if in_place is not None:
            return in_place
    table = _joined(tables, recorder)
    return _looked_up(found, table, recorder)


def taken(strings: Any, take: Callable[[Tensor], Tensor]) -> StringSymbol:
    """Return the strings that a function takes of some, as a symbol.

    Args:
        strings: a symbol or an array.
        take: does with numbers what shall be done with the strings.
    """
    recorder = current_recorder()
    assert recorder is not None
    found: StringSymbol = _looked_up(take(_numbered(strings, 0)), _joined([strings], recorder), recorder)
    return found


def _numbered(array: Any, start: Any) -> Tensor:
    """Return the numbers of strings in a table, in which they stand from a place on."""
    return Tensor(stage(kernel(_numbers, size=prod(array.shape), start=start, shape=tuple(array.shape)), ()))


def _numbers(size: Any, start: Any, shape: tuple[Any, ...]) -> Any:
    return (jnp.arange(size, dtype=_INT32) + start).astype(_INT32).reshape(shape)


def _reshaped(strings: StringSymbol, shape: Sequence[Any], recorder: HostRecorder) -> StringSymbol | None:
    """Return the same strings in another shape; ``None`` where more than one size is not known before they come."""
    sizes = [size if isinstance(size, int) else -1 for size in shape]
    if sizes.count(-1) > 1:
        return None
    (made,) = recorder.step("Reshape", [strings, np.array(sizes, np.int32)], {"T": strings.dtype, "Tshape": _INT32})
    return StringSymbol(made, shape, strings.is_late)


def _joined(tables: Sequence[Any], recorder: HostRecorder) -> Any:
    if not any([isinstance(table, StringSymbol) for table in tables]):
        return np.concatenate([np.asarray(table, object).ravel() for table in tables])
    flat = [_reshaped(table, (-1,), recorder) if isinstance(table, StringSymbol) else table.ravel() for table in tables]
    if len(flat) == 1:
        return flat[0]
    attributes = {"N": len(flat), "T": np.dtype(object), "Tidx": _INT32}
    (made,) = recorder.step("ConcatV2", [*flat, np.array(0, np.int32)], attributes)
    return made


def _looked_up(found: Any, table: Any, recorder: HostRecorder) -> Any:
    if isinstance(found, list | tuple):
        return [_looked_up(item, table, recorder) for item in found]
    indices = found.value
    attributes = {"Tparams": np.dtype(object), "Tindices": np.dtype(indices.dtype), "Taxis": _INT32, "batch_dims": 0}
    (made,) = recorder.step("GatherV2", [table, indices, np.array(0, np.int32)], attributes)
    return StringSymbol(made, indices.shape, is_late=True)
