"""Assertions on what is known without a value: shapes, ranks, types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tenon.core._names import export
from tenon.core.tensors import (
    DType,
    Tensor,
    array_of,
    as_dtype,
    constant_value,
    convert_to_tensor,
    float32,
    is_tensor_like,
)

Size = Any


def _said(message: str | None) -> str:
    return f"{message}.  " if message else ""


def _shape(value: Any) -> list[int | None]:
    shape = value.shape if hasattr(value, "shape") else convert_to_tensor(value).shape
    return list(shape.as_list() if hasattr(shape, "as_list") else shape)


def _tuple_text(shape: Sequence[Any]) -> str:
    return str(tuple(shape))


def _rank(value: Any) -> int:
    if is_tensor_like(value) or hasattr(value, "dtype"):
        dtype = as_dtype(array_of(value).dtype)
    else:
        dtype = convert_to_tensor(value).dtype
    if not dtype.is_integer:
        raise TypeError(f"tensor must be of type tf.int32; got {dtype!r}")
    found = constant_value(value)
    if not isinstance(found, int):
        raise ValueError(f"Rank must be a scalar.  Received {value!r}.")
    return found


def _check_rank(x: Any, rule: str, holds: bool, message: str | None) -> None:
    if not holds:
        shape = _shape(x)
        raise ValueError(
            f"{_said(message)}Tensor  must have rank {rule}.  Received rank {len(shape)}, shape {_tuple_text(shape)}"
        )


@export("debugging.assert_rank", "assert_rank")
def assert_rank(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Refuse a tensor that has not ``rank`` dimensions, ``tf.debugging.assert_rank``.

    Args:
        x: a tensor.
        rank: an integer.
        message: what the error begins with.
        name: ignored.

    Raises:
        ValueError: it has more or fewer, or the rank is no scalar.
        TypeError: the rank is no integer.

    Example:
        >>> assert_rank([1, 2], 1)
    """
    del name
    wanted = _rank(rank)
    _check_rank(x, str(wanted), len(_shape(x)) == wanted, message)


@export("debugging.assert_rank_at_least")
def assert_rank_at_least(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Refuse a tensor that has fewer than ``rank`` dimensions, ``tf.debugging.assert_rank_at_least``.

    Args:
        x: a tensor.
        rank: an integer.
        message: what the error begins with.
        name: ignored.

    Raises:
        ValueError: it has fewer, or the rank is no scalar.
        TypeError: the rank is no integer.

    Example:
        >>> assert_rank_at_least([[1, 2]], 1)
    """
    del name
    wanted = _rank(rank)
    _check_rank(x, f"at least {wanted}", len(_shape(x)) >= wanted, message)


@export("debugging.assert_rank_in")
def assert_rank_in(x: Any, ranks: Iterable[Any], message: str | None = None, name: str | None = None) -> None:
    """Refuse a tensor that has none of several numbers of dimensions, ``tf.debugging.assert_rank_in``.

    Args:
        x: a tensor.
        ranks: integers.
        message: what the error begins with.
        name: ignored.

    Raises:
        ValueError: it has none of them, or a rank is no scalar.
        TypeError: a rank is no integer.

    Example:
        >>> assert_rank_in([1, 2], (0, 1))
    """
    del name
    wanted = [_rank(rank) for rank in ranks]
    _check_rank(x, f"in {_tuple_text(wanted)}", len(_shape(x)) in wanted, message)


@export("debugging.assert_scalar")
def assert_scalar(tensor: Any, message: str | None = None, name: str | None = None) -> None:
    """Refuse a tensor that has dimensions, ``tf.debugging.assert_scalar``.

    Args:
        tensor: a tensor.
        message: what the error begins with.
        name: ignored.

    Raises:
        ValueError: it has some.

    Example:
        >>> assert_scalar(1)
    """
    del name
    shape = _shape(tensor)
    if shape:
        raise ValueError(f"{_said(message)}Expected scalar shape, saw shape: {_tuple_text(shape)}.")


@export("debugging.assert_type")
def assert_type(tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None) -> None:
    """Refuse a tensor of another dtype than ``tf_type``, ``tf.debugging.assert_type``.

    Args:
        tensor: a tensor.
        tf_type: a dtype.
        message: what the error begins with.
        name: ignored.

    Raises:
        TypeError: it has another.

    Example:
        >>> assert_type(1, "int32")
    """
    del name
    wanted, found = as_dtype(tf_type), convert_to_tensor(tensor).dtype
    if found != wanted:
        raise TypeError(f"{_said(message)}tensor must be of type {wanted!r}; got {found!r}")


@export("debugging.assert_integer")
def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> None:
    """Refuse a tensor that is not of integers, ``tf.debugging.assert_integer``.

    Args:
        x: a tensor.
        message: what the error begins with.
        name: ignored.

    Raises:
        TypeError: it is not.

    Example:
        >>> assert_integer([1, 2])
    """
    del name
    found = convert_to_tensor(x).dtype
    if not found.is_integer:
        raise TypeError(f'{_said(message)}Expected "x" to be integer type.  Found: tensor of dtype {found!r}')


@export("debugging.assert_same_float_dtype")
def assert_same_float_dtype(tensors: Iterable[Any] | None = None, dtype: Any = None) -> DType:
    """Return the floating point dtype that all tensors have, ``tf.debugging.assert_same_float_dtype``.

    Args:
        tensors: tensors; ``None`` among them is passed over.
        dtype: the dtype they must have; ``None`` for that of the first, or float32 where there is none.

    Raises:
        ValueError: they have several, or one that is not of floating point numbers.

    Example:
        >>> assert_same_float_dtype([np.float32(1), np.float32(2)])
        tf.float32
    """
    given = [convert_to_tensor(tensor) for tensor in tensors or () if tensor is not None]
    wanted = as_dtype(dtype) if dtype is not None else given[0].dtype if given else float32
    for tensor in given:
        if tensor.dtype != wanted:
            raise ValueError(f"{tensor!s}, type={tensor.dtype}, must be of the same type ({wanted}).")
    if not wanted.is_floating:
        raise ValueError(f"Expected floating point type, got {wanted}.")
    return wanted


@export("debugging.assert_proper_iterable")
def assert_proper_iterable(values: Any) -> None:
    """Refuse ``values`` that cannot be iterated over, or are one value though they can: strings, arrays, tensors.

    Raises:
        TypeError: it is refused.

    Example:
        >>> assert_proper_iterable([1, 2])
    """
    if isinstance(values, str | bytes | np.ndarray) or is_tensor_like(values):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


@export("debugging.is_numeric_tensor")
def is_numeric_tensor(tensor: Any) -> bool:
    """Tell whether something is a tensor of numbers, ``tf.debugging.is_numeric_tensor``; booleans are none.

    Example:
        >>> is_numeric_tensor(convert_to_tensor(1.0)), is_numeric_tensor(convert_to_tensor("a"))
        (True, False)
    """
    if not isinstance(tensor, Tensor):
        return False
    dtype = tensor.dtype
    return dtype.is_floating or dtype.is_integer or dtype.is_complex


_ANY: Final = (".", "")
_REST: Final = ("*", "...")


def _is_any(size: Size) -> bool:
    return size is None or (isinstance(size, str) and size in _ANY)


def _is_rest(size: Size) -> bool:
    return size is ... or (isinstance(size, str) and size in _REST)


@export("debugging.assert_shapes")
def assert_shapes(
    shapes: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
) -> None:
    """Refuse tensors whose shapes do not fit together, ``tf.debugging.assert_shapes``.

    Args:
        shapes: pairs of a tensor and its sizes, or a dictionary of them. A size is a number, a letter or word that
            stands for the same number everywhere, or ``None`` or ``"."`` for any number; a first ``"*"`` or ``...``
            is for any number of dimensions.
        data: ignored: shapes are known before there are values.
        summarize: ignored.
        message: what the error begins with.
        name: ignored.

    Raises:
        ValueError: a shape does not fit.

    Example:
        >>> assert_shapes([(np.zeros((2, 3)), ("N", "Q")), (np.zeros(3), ("Q",))])
    """
    del data, summarize, name
    known: dict[Any, tuple[int, str]] = {}
    for tensor, sizes in list(shapes.items() if isinstance(shapes, Mapping) else shapes):
        _check_shape(convert_to_tensor(tensor), sizes, known, _said(message))


def _check_shape(tensor: Tensor, sizes: Any, known: dict[Any, tuple[int, str]], said: str) -> None:
    described = f"Tensor shape={_tuple_text(_shape(tensor))} dtype={tensor.dtype.name}"
    if not hasattr(sizes, "__iter__") and not hasattr(sizes, "__getitem__"):
        raise ValueError(
            f"{said}{described}.  Specified shape must be an iterable.  An iterable has the attribute `__iter__` or "
            f"`__getitem__`.  Received specified shape: {sizes}"
        )
    wanted, shape = list(sizes), _shape(tensor)
    open_start = bool(wanted) and _is_rest(wanted[0])
    wanted = wanted[1:] if open_start else wanted
    if not open_start and len(wanted) < 2 and len(shape) < 2:
        wanted, shape = wanted or [1], shape or [1]  # one number and a vector of one are the same here
    if len(shape) < len(wanted) or (len(shape) > len(wanted) and not open_start):
        rule = f"at least {len(wanted)}" if open_start else str(len(wanted)) if len(wanted) > 1 else "in (0, 1)"
        raise ValueError(
            f"{said}{described} must have rank {rule}.  Received rank {len(shape)}, shape {_tuple_text(shape)}"
        )
    for place, size in enumerate(wanted, start=len(shape) - len(wanted)):
        _check_size(shape, place, size, known, said, described)


def _check_size(
    shape: Sequence[int | None], place: int, size: Size, known: dict[Any, tuple[int, str]], said: str, described: str
) -> None:
    actual = shape[place]
    if _is_any(size) or actual is None:
        return
    number = _number(size)
    if number is None:
        number, source = known.setdefault(size, (actual, f"Specified by {described.lower()} dimension {place}"))
    else:
        source = "Specified explicitly"
    if number != actual:
        raise ValueError(
            f"{said}{source}.  {described} dimension {place} must have size {number}.  Received size {actual}, shape "
            f"{_tuple_text(shape)}"
        )


def _number(size: Size) -> int | None:
    if isinstance(size, str) and not size.isdigit():
        return None
    return int(constant_value(size)) if not isinstance(size, str) else int(size)
