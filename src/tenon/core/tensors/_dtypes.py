"""TensorFlow's dtypes: names, kinds, limits, and how they meet NumPy's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import ml_dtypes
import numpy as np

_finfo: Any = ml_dtypes.finfo
_iinfo: Any = ml_dtypes.iinfo


class DType:
    """The type of a tensor's elements, ``tf.DType``.

    Equal to everything that means the same: ``tf.float32 == "float32" == numpy.float32``.

    Args:
        name: TensorFlow's name, such as ``"float32"``.
        numpy: the NumPy dtype behind it; ``object`` for strings.
        number: its number in ``tensorflow.DataType``.

    Example:
        >>> float32.name, float32.size, float32.is_floating, float32 == "float32"
        ('float32', 4, True, True)
    """

    __slots__ = ("_name", "_number", "_numpy")

    def __init__(self, name: str, numpy: Any, number: int) -> None:
        self._name = name
        self._numpy = np.dtype(numpy)
        self._number = number

    @property
    def name(self) -> str:
        """TensorFlow's name of the type."""
        return self._name

    @property
    def as_datatype_enum(self) -> int:
        """The number in ``tensorflow.DataType``."""
        return self._number

    @property
    def as_numpy_dtype(self) -> Any:
        """The NumPy scalar type, such as ``numpy.float32``; ``object`` for strings."""
        return object if self._name == "string" else self._numpy.type

    @property
    def dtype(self) -> Any:
        """The NumPy dtype: ``numpy.dtype(tf.float32)`` works through it."""
        return self._numpy

    @property
    def __numpy_dtype__(self) -> Any:
        return self._numpy

    @property
    def base_dtype(self) -> DType:
        """The type itself: Tenon has no reference types."""
        return self

    @property
    def real_dtype(self) -> DType:
        """The type of the real part; the type itself where it is not complex."""
        return _REAL.get(self, self)

    @property
    def is_numpy_compatible(self) -> bool:
        """Whether tensors of the type are NumPy arrays."""
        return self._name not in ("resource", "variant")

    @property
    def is_floating(self) -> bool:
        """Whether it is a real floating point type, bfloat16 and float8 included."""
        return self._name.startswith(("float", "bfloat"))

    @property
    def is_complex(self) -> bool:
        """Whether it is a complex type."""
        return self._name.startswith("complex")

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer type, signed or not; ``bool`` is none."""
        return self._name.startswith(("int", "uint"))

    @property
    def is_unsigned(self) -> bool:
        """Whether it is an integer type without sign."""
        return self._name.startswith("uint")

    @property
    def is_bool(self) -> bool:
        """Whether it is ``bool``."""
        return self._name == "bool"

    @property
    def size(self) -> int:
        """Bytes of one element; 1 for types that have none, as in TensorFlow."""
        return 1 if self._numpy.kind == "O" else self._numpy.itemsize

    @property
    def min(self) -> Any:
        """The smallest value.

        Raises:
            TypeError: the type is complex, a string or a handle.
        """
        return self._limits().min if not self.is_bool else False

    @property
    def max(self) -> Any:
        """The largest value.

        Raises:
            TypeError: the type is complex, a string or a handle.
        """
        return self._limits().max if not self.is_bool else True

    @property
    def limits(self) -> tuple[Any, Any]:
        """Smallest and largest value, as ``tf.DType.limits``."""
        return self.min, self.max

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor of dtype ``other`` may stand where this type is wanted: only the same type."""
        return self == as_dtype(other)

    def _limits(self) -> Any:
        if self.is_floating:
            return _finfo(self._numpy)
        if self.is_integer:
            return _iinfo(self._numpy)
        raise TypeError(f"dtype: only real numbers have limits; received {self!r}.")

    def __eq__(self, other: object) -> bool:
        if other is None or isinstance(other, DType):
            return self is other
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self._name)

    def __int__(self) -> int:
        return self._number

    def __repr__(self) -> str:
        return f"tf.{self._name}"

    def __str__(self) -> str:
        return f"<dtype: {self._name!r}>"

    def __reduce__(self) -> Any:
        return as_dtype, (self._name,)


half = float16 = DType("float16", np.float16, 19)
float32 = DType("float32", np.float32, 1)
double = float64 = DType("float64", np.float64, 2)
bfloat16 = DType("bfloat16", ml_dtypes.bfloat16, 14)
float8_e5m2 = DType("float8_e5m2", ml_dtypes.float8_e5m2, 24)
float8_e4m3fn = DType("float8_e4m3fn", ml_dtypes.float8_e4m3fn, 25)
int4 = DType("int4", ml_dtypes.int4, 29)
int8 = DType("int8", np.int8, 6)
int16 = DType("int16", np.int16, 5)
int32 = DType("int32", np.int32, 3)
int64 = DType("int64", np.int64, 9)
uint4 = DType("uint4", ml_dtypes.uint4, 30)
uint8 = DType("uint8", np.uint8, 4)
uint16 = DType("uint16", np.uint16, 17)
uint32 = DType("uint32", np.uint32, 22)
uint64 = DType("uint64", np.uint64, 23)
complex64 = DType("complex64", np.complex64, 8)
complex128 = DType("complex128", np.complex128, 18)
bool_ = DType("bool", np.bool_, 10)
string = DType("string", np.object_, 7)
resource = DType("resource", np.object_, 20)
variant = DType("variant", np.object_, 21)

DTYPES: Final[Mapping[str, DType]] = {
    dtype.name: dtype
    for dtype in (
        *(float16, float32, float64, bfloat16, float8_e5m2, float8_e4m3fn, int4, int8, int16, int32, int64, uint4),
        *(uint8, uint16, uint32, uint64, complex64, complex128, bool_, string, resource, variant),
    )
}
"""Every dtype by TensorFlow's name."""

_REAL: Final = {complex64: float32, complex128: float64}
_ALIASES: Final = {"half": float16, "double": float64, "float": float32, "str": string, "object": string}
_PYTHON: Final[Mapping[Any, DType]] = {float: float32, int: int32, bool: bool_, complex: complex128, str: string}
_CACHE: dict[Any, DType] = {}


def as_dtype(type_value: Any) -> DType:
    """Return the dtype that ``type_value`` means, as ``tf.as_dtype``.

    Args:
        type_value: a dtype, its name, its number, a NumPy dtype or scalar type, or a Python type. Python's ``float``
            and ``int`` are 32 bits wide, as everywhere in TensorFlow.

    Raises:
        TypeError: there is no such dtype in TensorFlow.

    Example:
        >>> as_dtype("float32"), as_dtype(int), as_dtype(np.float64)
        (tf.float32, tf.int32, tf.float64)
    """
    try:
        return _CACHE[type_value]
    except (KeyError, TypeError):
        return _resolved(type_value)


def _resolved(type_value: Any) -> DType:
    refusal = f"dtype: cannot convert {type_value!r} to a TensorFlow dtype; write one such as tf.float32."
    if type_value is None:  # NumPy would take it for float64
        raise TypeError(refusal)
    try:
        dtype = np.dtype(type_value)
    except TypeError as error:
        raise TypeError(refusal) from error
    if dtype.kind in "SU":
        return string
    found = _CACHE.get(dtype) or _CACHE.get(dtype.newbyteorder("="))
    if found is None:
        raise TypeError(f"dtype: TensorFlow has no tensors of {dtype}; convert to one of {sorted(DTYPES)}.")
    return found


_CACHE.update(DTYPES)
_CACHE.update(_ALIASES)
_CACHE.update(_PYTHON)
for _dtype in DTYPES.values():
    _CACHE.update({_dtype: _dtype, _dtype.as_datatype_enum: _dtype, _dtype.as_datatype_enum + 100: _dtype})
    if _dtype.dtype.kind != "O":
        _CACHE.update({_dtype.dtype: _dtype, _dtype.dtype.type: _dtype})
_CACHE.update({bytes: string, object: string, np.dtype(object): string})
