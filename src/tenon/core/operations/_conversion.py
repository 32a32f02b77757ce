"""From the arguments of a call to arrays, by TensorFlow's rules: one dtype for each type variable, never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._row import Operation, Parameter
from tenon.core.operations._types import NUMERIC
from tenon.core.recording import executing_eagerly_on_arrays, on_device
from tenon.core.tensors import DTYPES, Tensor, array_of, as_dtype, int32, is_tensor_like

Dtypes = Mapping[str, np.dtype | None]
Step = Callable[[Any, Dtypes], Any]

_VARIABLES: Final = ("T", "U", "V")
_SCALARS: Final = frozenset({float, int, bool, complex})
_LEGACY: Final = {"float32": "float", "float64": "double", "float16": "half"}


class MismatchError(InvalidArgumentError, TypeError):
    """A tensor of another dtype than the operation or its other tensors need.

    TensorFlow raises ``InvalidArgumentError`` for it eagerly and ``TypeError`` in functions; this one is both.
    """


def conversion(row: Operation) -> Callable[[Sequence[Any]], list[Any]]:
    """Return what converts the tensors of a call, in their order, to arrays (lists to tuples of arrays).

    Raises:
        InvalidArgumentError: (the returned function) dtypes do not fit.
    """
    parameters = row.tensors
    steps = [_step(row, place, parameter) for place, parameter in enumerate(parameters)]
    variables = [
        (variable, tuple([(place, p.many) for place, p in enumerate(parameters) if p.kind == variable]))
        for variable in _VARIABLES
        if any(p.kind == variable for p in parameters)
    ]

    allowed = frozenset([DTYPES[name].dtype for name in row.types or NUMERIC])
    alike = all(p.kind == "T" and not p.many for p in parameters)

    def convert(values: Sequence[Any]) -> list[Any]:
        if alike:  # as nearly always: tensors of one dtype
            arrays = [value.value for value in values if type(value) is Tensor]
            if len(arrays) == len(values) and arrays and arrays[0].dtype in allowed and _have_one_dtype(arrays):
                return arrays
            if len(values) == 1 and values[0] is not None:
                array = array_of(values[0])
                _check_type(row, array.dtype)
                return [array]
        dtypes = {variable: _shared_dtype(_at(values, places)) for variable, places in variables}
        _check_type(row, dtypes.get("T"))
        return [step(value, dtypes) for step, value in zip(steps, values, strict=True)]

    return convert


def _have_one_dtype(arrays: Sequence[Any]) -> bool:
    first = arrays[0].dtype
    return all([array.dtype is first for array in arrays])


def number_beside(value: Any, dtype: np.dtype) -> Any:
    """Return a Python number, that stands beside a tensor of ``dtype``, as an array of that dtype where it fits.

    At top level the array is on the device and remembered: programs use the same few numbers again and again.
    """
    if not executing_eagerly_on_arrays():
        return array_of(value, None, as_dtype(dtype))
    return _remembered(value, dtype, type(value).__name__, None if value else repr(value))


@lru_cache(maxsize=1 << 12)
def _remembered(value: Any, dtype: np.dtype, kind: str, zero: str | None) -> Any:
    del kind, zero  # they tell 1 from 1.0 and 0.0 from -0.0, which are equal
    array = array_of(value, None, as_dtype(dtype))
    return on_device(array) if array.dtype.kind != "O" else array


def is_number(value: Any) -> bool:
    """Tell whether a value is a number of Python.

    Example:
        >>> is_number(1.0), is_number(np.float32(1.0))
        (True, False)
    """
    return type(value) in _SCALARS


def _at(values: Sequence[Any], places: Iterable[tuple[int, bool]]) -> list[Any]:
    found: list[Any] = []
    for place, many in places:
        value = values[place]
        if value is not None:
            found.extend(value if many and not _is_one_value(value) else (value,))
    return found


def _is_one_value(value: Any) -> bool:
    """Tell whether what stands for a list of tensors is one tensor, or numbers of Python that share a dtype."""
    if is_tensor_like(value):
        return True
    return isinstance(value, list | tuple) and bool(value) and all(type(item) in _SCALARS for item in value)


def _shared_dtype(values: Sequence[Any]) -> np.dtype | None:
    """Return the dtype of the first tensor; where there is none, that of the first value."""
    for value in values:
        if type(value) is Tensor:
            dtype: np.dtype = value.value.dtype
            return dtype
    for value in values:
        if is_tensor_like(value):
            return array_of(value).dtype  # type: ignore[no-any-return]
    given = [value for value in values if value is not None]
    return array_of(given[0]).dtype if given else None


def _step(row: Operation, place: int, parameter: Parameter) -> Step:
    one = _converter(row, place, parameter)
    if parameter.many:
        return lambda values, dtypes: _listed(one, values, dtypes, row.composed)
    if parameter.default == "None":
        return lambda value, dtypes: None if value is None else one(value, dtypes)
    return one


def _listed(one: Step, values: Any, dtypes: Any, composed: bool) -> Any:
    if values is None:
        return None
    if composed and (is_tensor_like(values) or isinstance(values, np.ndarray)):
        return one(values, dtypes)
    return tuple([one(value, dtypes) for value in values])


def _converter(row: Operation, place: int, parameter: Parameter) -> Step:
    kind = parameter.kind
    assert kind is not None
    if kind == "any":
        return lambda value, _: array_of(value)
    if kind == "index":
        return lambda value, _: _index(row, parameter, value)
    if kind in _VARIABLES:
        return lambda value, dtypes: _of_dtype(row, place, value, dtypes[kind])
    fixed = as_dtype(kind)
    return lambda value, _: _of_fixed(row, place, value, fixed)


def _of_dtype(row: Operation, place: int, value: Any, dtype: Any) -> Any:
    if type(value) is Tensor:
        array = value.value
    elif type(value) in _SCALARS and not row.composed:
        array = number_beside(value, dtype)
    else:
        array = array_of(value, None, as_dtype(dtype))
    if array.dtype != dtype:
        raise _mismatch(row, place, dtype, array.dtype)
    return array


def _of_fixed(row: Operation, place: int, value: Any, dtype: Any) -> Any:
    if not is_tensor_like(value):
        return array_of(value, dtype)
    array = array_of(value)
    if array.dtype != dtype.dtype:
        raise _mismatch(row, place, dtype.dtype, array.dtype)
    return array


def _index(row: Operation, parameter: Parameter, value: Any) -> Any:
    array = array_of(value, None, None if hasattr(value, "dtype") else int32)
    if array.dtype.kind not in "iu":
        raise MismatchError(
            f"tf.{row.name}: {parameter.name} must be a tensor of int32 or int64; received one of {array.dtype}. "
            f"Use tf.cast. [Op:{row.name}]"
        )
    return array


def _mismatch(row: Operation, place: int, wanted: np.dtype, received: np.dtype) -> MismatchError:
    names = [_LEGACY.get(name, name) for name in (as_dtype(wanted).name, as_dtype(received).name)]
    return MismatchError(
        f"cannot compute {row.name} as input #{place}(zero-based) was expected to be a {names[0]} tensor but is a "
        f"{names[1]} tensor. Tensors never change their dtype by themselves: use tf.cast. [Op:{row.name}]"
    )


def _check_type(row: Operation, dtype: np.dtype | None) -> None:
    if dtype is None:
        return
    name = as_dtype(dtype).name
    allowed = row.types if row.types is not None else NUMERIC
    if name in allowed or (name == "string" and (row.strings is not None or row.host)):
        return
    raise MismatchError(
        f"tf.{row.name}: Value for attr 'T' of {_LEGACY.get(name, name)} is not in the list of allowed values: "
        f"{', '.join(sorted(allowed))}. Use tf.cast. [Op:{row.name}]"
    )
