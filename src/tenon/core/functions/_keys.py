"""What a call of a traced function is known by: TensorFlow's rules for when a function is traced again.

Tensors count by shape and dtype, numbers and strings of Python by value, objects by weak identity (or by their own
``==``), containers by their form, variables by what they are like. The same walk collects the arrays and the variables.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final

import jax
import numpy as np

from tenon.base import UnimplementedError
from tenon.core._settings import SETTINGS
from tenon.core.nest import Composite
from tenon.core.tensors import Tensor, TensorSpec
from tenon.core.variables import Variable


class _Tensor:
    """Stands in a key where a tensor is."""

    def __repr__(self) -> str:
        return "Tensor"


TENSOR: Final = _Tensor()

_OWN_KIND: Final = "trace type"
"""Stands in a key before a trace type that an object gave of itself."""

_LITERALS: Final = frozenset({int, float, str, bool, bytes, complex, type(None)})

Key = Any


class Call:
    """The arguments of one call, taken apart.

    Attributes:
        key: what of them is static, hashable; ``TENSOR`` where a tensor is.
        arrays: the arrays of the tensors (or specs), in the order of the key.
        variables: the variables, each once, in the order of their first appearance.
    """

    __slots__ = ("arrays", "key", "variables")

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        self.arrays: list[Any] = []
        self.variables: list[Any] = []
        self.key = tuple([self._of(argument) for argument in arguments])

    def shapes(self) -> tuple[Any, ...]:
        """Return shape and dtype of each array; for strings, which are no data of a program, the content.

        The last one says whether results are checked to be finite, which is part of a program too.
        """
        return (*[_shape(array) for array in self.arrays], SETTINGS.check_numerics)

    def _of(self, value: Any) -> Key:
        kind = type(value)
        if kind is Tensor:
            self.arrays.append(value.value)
            return TENSOR
        if kind in _LITERALS:
            return value
        walk = _WALKS.get(kind)
        if walk is None:
            walk = _WALKS[kind] = _walk_for(value)
        return walk(self, value)

    def _array(self, value: Any) -> Key:
        self.arrays.append(value)
        return TENSOR

    def _tensor(self, value: Any) -> Key:
        self.arrays.append(value.value)
        return TENSOR

    def _variable(self, value: Any) -> Key:
        places = [place for place, variable in enumerate(self.variables) if variable is value]
        if not places:
            self.variables.append(value)
        alias = places[0] if places else len(self.variables) - 1
        return Variable, value.shape, value.dtype, value.trainable, alias

    def _sequence(self, value: Any) -> Key:
        return (list if isinstance(value, list) else type(value), *[self._of(item) for item in value])

    def _mapping(self, value: Any) -> Key:
        return (type(value), *[(key, self._of(value[key])) for key in sorted(value)])

    def _attrs(self, value: Any) -> Key:
        return (type(value), *[self._of(getattr(value, field.name)) for field in type(value).__attrs_attrs__])

    def _flattened(self, value: Any) -> Key:
        metadata, components = value.__tf_flatten__()
        return (type(value), metadata, *[self._of(item) for item in components])

    def _composite(self, value: Any) -> Key:
        static = value.__tf_static__() if hasattr(value, "__tf_static__") else None
        return type(value), static, self._of(value.__tf_components__())

    def _composite_spec(self, value: Any) -> Key:
        raise UnimplementedError(
            f"tf.function: cannot be traced for {value}: rows and stored elements are part of a program, because XLA "
            f"compiles for fixed shapes. Give a {value.value_type.__name__} instead of its spec."
        )

    def _method(self, value: Any) -> Key:
        return types.MethodType, value.__func__, self._object(value.__self__)

    def _of_own_kind(self, value: Any) -> Key:
        return _OWN_KIND, value.__tf_tracing_type__(None)

    def _object(self, value: Any) -> Key:
        try:
            reference = weakref.ref(value)
        except TypeError:
            return _hashable(value)
        return reference if type(value).__hash__ is not None else Identity(reference)


class Identity:
    """Stands in a key for an object that cannot be hashed: equal only to the same object."""

    __slots__ = ("_number", "reference")

    def __init__(self, reference: weakref.ref[Any]) -> None:
        self.reference = reference
        self._number = id(reference())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self.reference() is other.reference() is not None

    def __hash__(self) -> int:
        return self._number


def is_composite_spec(value: Any) -> bool:
    """Tell whether a value says what a ragged or sparse tensor will be.

    Example:
        >>> is_composite_spec(TensorSpec([]))
        False
    """
    return hasattr(type(value), "value_type") and not isinstance(value, TensorSpec)


def is_alive(key: Key) -> bool:
    """Tell whether every object that a key knows weakly still exists.

    Example:
        >>> is_alive((1, (list, TENSOR)))
        True
    """
    if isinstance(key, tuple):
        return all([is_alive(part) for part in key])
    reference = key.reference if isinstance(key, Identity) else key
    return not isinstance(reference, weakref.ref) or reference() is not None


def _shape(array: Any) -> Any:
    if isinstance(array, np.ndarray) and array.dtype == object:
        return array.shape, tuple(array.ravel().tolist())
    return array.shape, array.dtype


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError as error:
        raise TypeError(
            f"tf.function: an argument must be a tensor, a container of those, or hashable; received {value!r} of type "
            f"{type(value).__name__}, whose changes a traced function could not see."
        ) from error
    return value


def _walk_for(value: Any) -> Callable[[Call, Any], Key]:
    tests: list[tuple[bool, Callable[[Call, Any], Key]]] = [
        (isinstance(value, Tensor), Call._tensor),
        (isinstance(value, jax.Array | np.ndarray | np.generic | TensorSpec), Call._array),
        (isinstance(value, Variable), Call._variable),
        (isinstance(value, list | tuple), Call._sequence),
        (isinstance(value, Mapping), Call._mapping),
        (hasattr(type(value), "__attrs_attrs__"), Call._attrs),
        (hasattr(type(value), "__tf_flatten__"), Call._flattened),
        (isinstance(value, Composite), Call._composite),
        (is_composite_spec(value), Call._composite_spec),
        (isinstance(value, types.MethodType), Call._method),
        (hasattr(type(value), "__tf_tracing_type__"), Call._of_own_kind),
    ]
    return next((walk for holds, walk in tests if holds), Call._object)


_WALKS: Final[weakref.WeakKeyDictionary[type, Callable[[Call, Any], Key]]] = weakref.WeakKeyDictionary()
"""How values of each type are walked; filled when a type is first met."""
