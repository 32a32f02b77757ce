"""Nested structures as TensorFlow writes them beside functions: ``StructuredValue``, decoded."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, Final

from tenon.base import UnimplementedError
from tenon.core.tensors import TensorShape, TensorSpec, as_dtype
from tenon.formats import numpy_dtype


def decoded(proto: Any) -> Any:
    """Return the structure that a ``StructuredValue`` describes, with ``tf.TensorSpec`` for tensors.

    Raises:
        UnimplementedError: there is something in it that Tenon does not write.
    """
    kind = proto.WhichOneof("kind")
    decode = _DECODERS.get(kind)
    if decode is None:
        raise UnimplementedError(f"saved_model.pb: a function takes or returns a {kind}, which Tenon cannot restore.")
    return decode(getattr(proto, kind))


def decoded_shape(proto: Any) -> TensorShape:
    """Return the shape that a ``TensorShapeProto`` describes."""
    return TensorShape(None if proto.unknown_rank else [None if dim.size < 0 else dim.size for dim in proto.dim])


def _spec(proto: Any) -> TensorSpec:
    return TensorSpec(decoded_shape(proto.shape), as_dtype(numpy_dtype(proto.dtype)), proto.name or None)


def _named_tuple(proto: Any) -> Any:
    made = namedtuple(proto.name, [pair.key for pair in proto.values])  # type: ignore[misc]  # its fields are data
    return made(*[decoded(pair.value) for pair in proto.values])


_DECODERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "none_value": lambda _: None,
    "bool_value": bool,
    "int64_value": int,
    "float64_value": float,
    "string_value": str,
    "tensor_spec_value": _spec,
    "tensor_shape_value": decoded_shape,
    "tensor_dtype_value": lambda number: as_dtype(numpy_dtype(number)),
    "list_value": lambda proto: [decoded(value) for value in proto.values],
    "tuple_value": lambda proto: tuple([decoded(value) for value in proto.values]),
    "dict_value": lambda proto: {key: decoded(proto.fields[key]) for key in sorted(proto.fields)},
    "named_tuple_value": _named_tuple,
}
