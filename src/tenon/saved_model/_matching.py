"""Which of a function's programs takes the arguments of a call: TensorFlow's rules for what is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenon.core.tensors import TensorSpec, convert_to_tensor, is_tensor_like
from tenon.core.variables import Variable


class MismatchError(Exception):
    """Arguments do not have the structure that is expected."""


def matched(expected: Any, given: Any, convert: bool) -> list[Any] | None:
    """Return the arrays of arguments that fit a signature; ``None`` for others.

    Args:
        expected: a nested structure with a ``TensorSpec`` for each tensor.
        given: arguments.
        convert: whether what is no tensor may become one.

    Example:
        >>> import numpy as np
        >>> matched([TensorSpec([2]), True], [[1.0, 2.0], True], True)[0].tolist()
        [1.0, 2.0]
        >>> matched([TensorSpec([2]), True], [[1.0, 2.0], False], True) is None
        True
    """
    try:
        return [_array(spec, value, convert) for spec, value in _pairs(expected, given)]
    except MismatchError:
        return None


def _pairs(expected: Any, given: Any) -> Iterator[tuple[TensorSpec, Any]]:
    """Yield specs and what was given for them; check everything else."""
    if isinstance(expected, TensorSpec):
        yield expected, given
    elif isinstance(expected, Mapping):
        if not isinstance(given, Mapping) or set(given) != set(expected):
            raise MismatchError
        for key in sorted(expected):
            yield from _pairs(expected[key], given[key])
    elif isinstance(expected, list | tuple):
        if not _is_alike(expected, given):
            raise MismatchError
        for item, value in zip(expected, given, strict=True):
            yield from _pairs(item, value)
    elif is_tensor(given) or type(given) is not type(expected) or given != expected:
        raise MismatchError


def _is_alike(expected: Sequence[Any], given: Any) -> bool:
    kind = list if isinstance(expected, list) else tuple
    fields = getattr(expected, "_fields", None)
    return isinstance(given, kind) and len(given) == len(expected) and getattr(given, "_fields", None) == fields


def is_tensor(value: Any) -> bool:
    """Tell whether a value has a dtype of its own: a tensor, an array or a variable.

    Example:
        >>> is_tensor(1.0)
        False
    """
    return is_tensor_like(value) or isinstance(value, Variable)


def _array(spec: TensorSpec, value: Any, convert: bool) -> Any:
    if not is_tensor(value) and not convert:
        raise MismatchError
    try:
        array = convert_to_tensor(value, dtype_hint=spec.dtype).value
    except (TypeError, ValueError) as error:
        raise MismatchError from error
    if array.dtype != spec.dtype.dtype or not _fits(spec.shape, array.shape):
        raise MismatchError
    return array


def _fits(wanted: Any, sizes: Sequence[Any]) -> bool:
    if wanted.rank is None:
        return True
    return len(sizes) == wanted.rank and all(
        [want is None or (isinstance(size, int) and size == want) for want, size in zip(wanted, sizes, strict=True)]
    )
