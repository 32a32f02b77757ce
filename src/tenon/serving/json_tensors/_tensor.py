"""One parsed JSON value to one tensor, by TensorFlow Serving's rules of types and shapes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.serving.json_tensors._parse import debug_json, json_type_name

MAX_RANK = 64
"""NumPy holds no tensor of more dimensions."""

Shape = tuple[int, ...]


def _quiet_context() -> Context:
    """Return a context in which NumPy says nothing of floats that become infinite."""
    context = copy_context()
    context.run(np.seterr, over="ignore")
    return context


_QUIET = _quiet_context()


def dense_array(value: Any, dtype: np.dtype[Any], only_numbers: bool) -> np.ndarray:
    """Turn a scalar, nested list or b64 object into a tensor.

    Floats come from any number (too large becomes infinity), integers from JSON integers in the dtype's range, bool
    from true and false, strings from strings and ``{"b64": ...}`` objects. The shape is read off the first element of
    every level.

    Args:
        value: what ``parse_json`` returned, or a part of it.
        dtype: the tensor's dtype; ``object`` for strings, which become ``bytes``.
        only_numbers: the caller knows that ``value`` holds no string, true, false or null. It saves the look at
            every element that the rules need otherwise.

    Returns:
        An array of ``dtype``.

    Raises:
        InvalidArgumentError: a value of another type, out of range, or a ragged list.
        UnimplementedError: JSON carries no tensors of this dtype.

    Example:
        >>> dense_array([[1, 2.5]], np.dtype("float32"), only_numbers=True).tolist()
        [[1.0, 2.5]]
    """
    rule = _RULES.get(dtype)
    if rule is None:
        raise UnimplementedError(
            f"Conversion of JSON Value: {debug_json(value)} to type: {dtype.name} is not supported. "
            "Use gRPC for this input."
        )
    if only_numbers:
        array = _fast_array(value, dtype, rule)
        if array is not None:
            return array
    shape, leaves = _flatten(value)
    return _convert(leaves, dtype, rule).reshape(shape)


def _fast_array(value: Any, dtype: np.dtype[Any], rule: _Rule) -> np.ndarray | None:
    """Let NumPy do all of it, or return ``None`` where NumPy's rules could differ from ours."""
    try:
        array = np.array(value)
    except (ValueError, OverflowError):
        return None
    return rule.cast(array, dtype) if array.dtype.kind in rule.kinds else None


def _cast_float(array: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    if array.dtype.kind != "f":
        return array.astype(dtype)
    quiet = _QUIET.copy()  # a third of the price of `np.errstate`, which makes and drops a context, too
    cast: np.ndarray = quiet.run(array.astype, dtype, copy=False)
    return cast


def _cast_integer(array: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray | None:
    narrow = array.astype(dtype)
    return narrow if (narrow == array).all() else None  # NumPy compares integers of any two dtypes exactly


def _in_range(least: Any, most: Any, dtype: np.dtype[Any]) -> bool:
    limits = np.iinfo(dtype)
    return bool(limits.min <= int(least) and int(most) <= limits.max)


def _flatten(value: Any) -> tuple[Shape, Sequence[Any]]:
    """Return the shape of a nested list and its elements in row-major order; level by level, never recursive."""
    shape: list[int] = []
    items: Sequence[Any] = [value]
    while items and type(items[0]) is list:
        size = len(items[0])
        _check_level(items, size, len(shape))
        shape.append(size)
        items = list(chain.from_iterable(items))
    _check_leaves(items, len(shape))
    return tuple(shape), items


def _check_level(items: Sequence[Any], size: int, level: int) -> None:
    if level == MAX_RANK:
        raise InvalidArgumentError(f"Encountered list at level: {level}; a tensor has at most {MAX_RANK} dimensions.")
    if set(map(type, items)) != {list}:
        wrong = next(item for item in items if type(item) is not list)
        raise InvalidArgumentError(
            f"JSON Value: {debug_json(wrong)} found at incorrect level: {level}; its neighbours there are lists of "
            f"size {size}. Send lists of one size."
        )
    if set(map(len, items)) != {size}:
        wrong = next(item for item in items if len(item) != size)
        raise InvalidArgumentError(
            f"Encountered list at unexpected size: {len(wrong)} at level: {level} expected size: {size}. "
            "A tensor cannot be ragged; pad the list."
        )


def _check_leaves(items: Sequence[Any], level: int) -> None:
    wrong = next((item for item in items if type(item) is list), None)
    if wrong is not None:
        raise InvalidArgumentError(
            f"Encountered list at unexpected level: {level}: {debug_json(wrong)}; its neighbours there are values. "
            "A tensor cannot be ragged."
        )


def _convert(leaves: Sequence[Any], dtype: np.dtype[Any], rule: _Rule) -> np.ndarray:
    if not rule.types.issuperset(map(type, leaves)):
        raise _type_error(next(leaf for leaf in leaves if type(leaf) not in rule.types), rule.name)
    return rule.convert(leaves, dtype)


def _type_error(value: Any, name: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"JSON Value: {debug_json(value)} Type: {json_type_name(value)} is not of expected type: {name}"
    )


def _floats(leaves: Sequence[Any], dtype: np.dtype[Any]) -> np.ndarray:
    try:
        return _cast_float(np.array(leaves, np.float64), dtype)
    except OverflowError:  # an integer above the double range; only the tolerant parser lets one pass
        return _cast_float(np.array([float(str(leaf)) for leaf in leaves]), dtype)


def _integers(leaves: Sequence[Any], dtype: np.dtype[Any]) -> np.ndarray:
    if leaves and not _in_range(min(leaves), max(leaves), dtype):
        wrong = next(leaf for leaf in leaves if not _in_range(leaf, leaf, dtype))
        raise _type_error(wrong, f"{dtype.name}, which it overflows")
    return np.array(leaves, dtype)


def _strings(leaves: Sequence[Any], dtype: np.dtype[Any]) -> np.ndarray:
    array = np.empty(len(leaves), dtype)
    array[:] = [string_bytes(leaf) for leaf in leaves]
    return array


def string_bytes(leaf: Any) -> bytes:
    """Return the bytes that a JSON string or a b64 object stands for.

    Raises:
        InvalidArgumentError: it is another object, or no base64.

    Example:
        >>> string_bytes({"b64": "aGk="})
        b'hi'
    """
    return _base64(leaf) if isinstance(leaf, dict) else bytes(leaf, "utf-8")


def is_base64(value: Any) -> bool:
    """Tell whether a value is an object with the single key ``b64`` and a string under it.

    Example:
        >>> is_base64({"b64": "aGk="}), is_base64({"b64": "aGk=", "x": 1})
        (True, False)
    """
    return isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str)


def _base64(value: Any) -> bytes:
    if not is_base64(value):
        raise InvalidArgumentError(f"JSON Value: {debug_json(value)} not formatted correctly for base64 data")
    text = value["b64"]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidArgumentError(
            f"Unable to base64 decode JSON Value: {debug_json(value)}. Use the standard alphabet."
        ) from error


@dataclass(frozen=True)
class _Rule:
    """How one kind of dtype reads its elements.

    Args:
        name: what TensorFlow calls the dtype.
        types: the Python types of parsed elements that it takes.
        convert: elements that passed to an array of one dimension.
        kinds: the kinds of what NumPy makes of numbers alone that ``cast`` may take.
        cast: such an array to the dtype, or ``None`` if an element is out of range.
    """

    name: str
    types: frozenset[type]
    convert: Callable[[Sequence[Any], np.dtype[Any]], np.ndarray]
    kinds: str = ""
    cast: Callable[[np.ndarray, np.dtype[Any]], np.ndarray | None] = _cast_integer


def _number_rules() -> dict[np.dtype[Any], _Rule]:
    integers = ("int8", "int16", "int32", "int64", "uint8", "uint32", "uint64")
    floats = {"float32": "float", "float64": "double"}
    return {
        **{np.dtype(name): _Rule(name, frozenset({int}), _integers, "iu", _cast_integer) for name in integers},
        **{
            np.dtype(of): _Rule(name, frozenset({int, float}), _floats, "iuf", _cast_float)
            for of, name in floats.items()
        },
    }


_RULES = {
    **_number_rules(),
    np.dtype("bool"): _Rule("bool", frozenset({bool}), np.array),
    np.dtype("object"): _Rule("string", frozenset({str, dict}), _strings),
}
"""Every dtype that JSON carries; TensorFlow Serving's list."""
