"""Nested structures of Python as TensorFlow writes them beside functions: ``StructuredValue``, encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tenon.base import InvalidArgumentError, Shape
from tenon.formats import data_type, message_class

_INT64 = range(-(1 << 63), 1 << 63)


def shape_proto(shape: Shape | None) -> Any:
    """Return a ``TensorShapeProto``; a size ``None`` becomes -1, and ``None`` for the whole an unknown rank."""
    proto = message_class("tensorflow.TensorShapeProto")()
    if shape is None:
        proto.unknown_rank = True
    for size in shape or ():
        proto.dim.add(size=-1 if size is None else size)
    return proto


def encoded(value: Any) -> Any:
    """Return the ``StructuredValue`` of a nested structure of specs and values of Python.

    Args:
        value: ``None``, a bool, int, float, str, a tensor's spec, shape or dtype; or a list, tuple, named tuple or dict
            (with text as keys) of such.

    Raises:
        InvalidArgumentError: TensorFlow's files have no place for something in it.

    Example:
        >>> encoded((1, "a")).tuple_value.values[0].int64_value
        1
    """
    proto = message_class("tensorflow.StructuredValue")()
    _encode(value, proto)
    return proto


def _encode(value: Any, proto: Any) -> None:
    scalar = _SCALARS.get(type(value))
    if value is None:
        proto.none_value.SetInParent()
    elif scalar is not None and (type(value) is not int or value in _INT64):
        setattr(proto, scalar, value)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        _encode_named_tuple(value, proto.named_tuple_value)
    elif isinstance(value, list | tuple):
        items = proto.list_value if isinstance(value, list) else proto.tuple_value
        items.SetInParent()
        for item in value:
            _encode(item, items.values.add())
    elif isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        proto.dict_value.SetInParent()
        for key, item in value.items():
            _encode(item, proto.dict_value.fields[key])
    else:
        _encode_type(value, proto)


_SCALARS = {bool: "bool_value", int: "int64_value", float: "float64_value", str: "string_value"}


def _encode_named_tuple(value: Any, proto: Any) -> None:
    proto.name = type(value).__name__
    for name, item in zip(value._fields, value, strict=True):
        pair = proto.values.add(key=name)
        _encode(item, pair.value)


def _encode_type(value: Any, proto: Any) -> None:
    """Encode what describes a tensor: a spec has a shape and a dtype, a shape a rank, a dtype the name of one."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None and type(value).__name__ == "TensorSpec":
        spec = proto.tensor_spec_value
        spec.name, spec.dtype = value.name or "", data_type(getattr(dtype, "dtype", dtype))
        spec.shape.CopyFrom(shape_proto(plain_shape(value.shape)))
    elif type(value).__name__ == "TensorShape":
        proto.tensor_shape_value.CopyFrom(shape_proto(plain_shape(value)))
    elif type(value).__name__ == "DType" or isinstance(value, np.dtype):
        proto.tensor_dtype_value = data_type(getattr(value, "dtype", value))
    else:
        raise InvalidArgumentError(
            f"{value!r} of type {type(value).__name__} cannot stand in a SavedModel: tensors, None, booleans, numbers, "
            "text, and lists, tuples and dicts of them can."
        )


def plain_shape(shape: Any) -> Shape | None:
    """Return a shape of either kind as a tuple; ``None`` where the rank is unknown.

    Example:
        >>> plain_shape((None, 2))
        (None, 2)
    """
    if isinstance(shape, tuple):
        return shape
    return None if shape.rank is None else tuple(shape.as_list())


class FullArgSpec(NamedTuple):
    """The parameters of a Python function, named as in ``inspect.getfullargspec``."""

    args: list[str]
    varargs: str | None = None
    varkw: str | None = None
    defaults: tuple[Any, ...] | None = None
    kwonlyargs: list[str] = []  # noqa: RUF012  # never changed
    kwonlydefaults: dict[str, Any] | None = None
    annotations: dict[str, Any] = {}  # noqa: RUF012  # never changed


def function_spec(names: Sequence[str]) -> Any:
    """Return the ``FunctionSpec`` of a function with these parameters."""
    return spec_proto(FullArgSpec(list(names)), None)


def spec_proto(parameters: FullArgSpec, input_signature: Any) -> Any:
    """Return a ``FunctionSpec``.

    Args:
        parameters: the parameters.
        input_signature: the specs that were stated for them, or ``None``.

    Raises:
        InvalidArgumentError: a default value cannot stand in a SavedModel.
    """
    proto = message_class("tensorflow.FunctionSpec")()
    proto.fullargspec.CopyFrom(encoded(parameters))
    proto.input_signature.CopyFrom(encoded(input_signature))
    return proto
