"""From Python's and NumPy's values to tensors, by TensorFlow's rules for dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.core.recording import kernel, on_device, run
from tenon.core.tensors._dtypes import DType, as_dtype, string
from tenon.core.tensors._known import known_shape
from tenon.core.tensors._shapes import as_shape
from tenon.core.tensors._tensor import Tensor

_SCALARS: Final = {float: np.dtype(np.float32), bool: np.dtype(np.bool_), complex: np.dtype(np.complex128)}
_INT32, _INT64 = np.dtype(np.int32), np.dtype(np.int64)
_RANGE32: Final = range(-(2**31), 2**31)
_STACK = kernel(lambda *values: jnp.stack(values))


def is_tensor_like(value: Any) -> bool:
    """Tell whether a value is a tensor already: a Tensor, a JAX array, or an object that knows its tensor.

    Example:
        >>> is_tensor_like(jnp.ones(1)), is_tensor_like(1.0), is_tensor_like(np.ones(1))
        (True, False, False)
    """
    return (
        isinstance(value, Tensor | jax.Array)
        or hasattr(type(value), "__tf_tensor__")
        or hasattr(type(value), "__jax_array__")
    )


def array_of(value: Any, dtype: DType | None = None, hint: DType | None = None) -> Any:
    """Return what a tensor of ``value`` would wrap, without copying it to a device.

    Args:
        value: a tensor, a variable, a JAX or NumPy array, a number, a string, or nested sequences of those.
        dtype: the dtype that the tensor must have; ``None`` for its natural one: 32-bit for Python's numbers, 64-bit
            for Python integers that need it, and NumPy's own for NumPy's values.
        hint: the dtype to prefer for values of Python and NumPy, where they fit.

    Returns:
        A ``jax.Array`` or tracer, or a NumPy array (of ``bytes`` objects for strings).

    Raises:
        ValueError: the value is ``None`` or not rectangular, or is a tensor of another dtype than ``dtype``.
        TypeError: the value does not fit ``dtype``, or has no tensor.

    Example:
        >>> array_of([1, 2]).dtype, array_of(2.5).dtype, array_of(2, hint=as_dtype("float16")).dtype
        (dtype('int32'), dtype('float32'), dtype('float16'))
    """
    if isinstance(value, Tensor):
        return _checked(value.value, dtype, value)
    if isinstance(value, jax.Array):
        return _checked(value, dtype, value)
    if hasattr(type(value), "__tf_tensor__"):
        return _checked(value.__tf_tensor__(dtype).value, dtype, value)
    if isinstance(value, np.ndarray | np.generic):
        return _of_numpy(np.asarray(value), dtype or hint)
    if hasattr(type(value), "__jax_array__"):
        return _checked(value.__jax_array__(), dtype, value)
    return _of_python(value, dtype, hint)


def _checked(array: Any, dtype: DType | None, value: Any) -> Any:
    if dtype is not None and array.dtype != dtype.dtype:
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype {as_dtype(array.dtype).name}: "
            f"{value!r}. Tensors never change their dtype by themselves: use tf.cast."
        )
    return array


def _of_numpy(array: np.ndarray, dtype: DType | None) -> np.ndarray:
    if array.dtype.kind in "SUO":
        return _of_strings(array, dtype)
    if dtype is None:
        as_dtype(array.dtype)
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if dtype is string:
        raise TypeError(f"Cannot convert {array!r} to a tensor of dtype string; use tf.strings.as_string.")
    with np.errstate(all="ignore"):
        return array.astype(dtype.dtype, copy=False)


def _of_strings(array: np.ndarray, dtype: DType | None) -> np.ndarray:
    if dtype is not None and dtype is not string:
        raise TypeError(
            f"Cannot convert {array.tolist()!r} to a tensor of dtype {dtype.name}; use tf.strings.to_number."
        )
    flat = [_bytes(item) for item in array.ravel().tolist()]
    result = np.empty(len(flat), object)
    result[:] = flat
    return result.reshape(array.shape)


def _bytes(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, bytes):
        return item
    raise ValueError(
        f"Failed to convert a NumPy array to a Tensor (Unsupported object type {type(item).__name__}): {item!r}. "
        "Tensors hold numbers of one type, or strings."
    )


def _of_python(value: Any, dtype: DType | None, hint: DType | None) -> Any:
    if value is None:
        raise ValueError("Attempt to convert a value (None) with an unsupported type (<class 'NoneType'>) to a Tensor.")
    kind = type(value)
    if kind is int or kind in _SCALARS:
        with np.errstate(over="ignore"):
            array = np.asarray(value, None if kind is int else _SCALARS[kind])
        return _of_array(array, value, dtype, hint)
    if kind in (str, bytes):
        return _of_strings(np.array(value, object), dtype)
    if not isinstance(value, list | tuple | range) and not hasattr(value, "__array__"):
        value = _sequence(value)
    if isinstance(value, list | tuple) and _has_tensor(value):
        return _stacked(value, dtype, hint)
    return _of_nested(value, dtype, hint)


def _sequence(value: Any) -> Any:
    if isinstance(value, Sequence) or (hasattr(value, "__len__") and hasattr(value, "__getitem__")):
        return list(value) if not isinstance(value, dict) else _unsupported(value)
    return _unsupported(value)


def _unsupported(value: Any) -> Any:
    raise ValueError(
        f"Attempt to convert a value ({value!r}) with an unsupported type ({type(value)}) to a Tensor. "
        "Give a number, a string, a NumPy array, or nested lists of those."
    )


def _of_nested(value: Any, dtype: DType | None, hint: DType | None) -> Any:
    try:
        array = np.array(value)
    except UnicodeDecodeError:  # text and bytes side by side
        array = np.array(value, object)
    except ValueError as error:
        raise ValueError(f"Can't convert non-rectangular Python sequence to Tensor; received {value!r}.") from error
    if array.dtype.kind == "O" and all(type(item) is int for item in array.flat):
        return _of_array(array, value, dtype, hint)
    if array.dtype.kind in "SUO" or (not array.size and dtype is string):
        return _of_strings(np.array(value, object), dtype)
    if _from_python(value):
        return _of_array(_narrowed(array), value, dtype, hint)
    return _of_numpy(array, dtype or hint)


def _from_python(value: Any) -> bool:
    """Tell whether the first number inside is Python's, which has no width."""
    while isinstance(value, list | tuple | range) and len(value):
        value = value[0]
    return not hasattr(value, "dtype") and not hasattr(value, "__array__")


def _narrowed(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.float64:
        with np.errstate(over="ignore"):
            return array.astype(np.float32)
    return array


def _of_array(array: np.ndarray, value: Any, dtype: DType | None, hint: DType | None) -> np.ndarray:
    """Give numbers of Python the dtype that is wanted, if it can hold their kind; else the hint's, else their own."""
    for wanted in (dtype, hint):
        if wanted is not None and _holds(wanted, array):
            with np.errstate(all="ignore"):
                return np.asarray(value if wanted.is_floating or wanted.is_complex else array).astype(wanted.dtype)
        if array.dtype.kind in "uO" and wanted is hint:
            raise ValueError(f"Can't convert Python sequence with out-of-range integer to Tensor; received {value!r}.")
        if wanted is dtype and dtype is not None:
            raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype {dtype.name}; use tf.cast.")
    if array.dtype.kind != "i":
        return array
    fits = not array.size or (int(array.min()) in _RANGE32 and int(array.max()) in _RANGE32)
    return array.astype(_INT32 if fits else _INT64)


def _holds(dtype: DType, array: np.ndarray) -> bool:
    kinds = {"b": "bifc", "i": "ifc", "u": "fc", "O": "fc", "f": "fc", "c": "c"}
    if dtype is string:
        return False
    if array.dtype.kind == "u":  # Python's integers beyond int64
        return dtype.name == "uint64" or dtype.is_floating or dtype.is_complex
    kind = "b" if dtype.is_bool else "i" if dtype.is_integer else "c" if dtype.is_complex else "f"
    return kind in kinds[array.dtype.kind] or not array.size


def _has_tensor(value: Any) -> bool:
    return any([is_tensor_like(item) or (isinstance(item, list | tuple) and _has_tensor(item)) for item in value])


def _stacked(value: Sequence[Any], dtype: DType | None, hint: DType | None) -> Any:
    """Pack sequences that hold tensors, as TensorFlow does; the tensors say what dtype the numbers beside them get."""
    own = dtype or _first_dtype(value) or hint
    arrays = [array_of(item, own) for item in value]
    if own is string:
        return np.stack(arrays)
    if len({array.shape for array in arrays}) > 1:
        raise ValueError(
            f"Shapes of all inputs must match to be packed; received {[tuple(array.shape) for array in arrays]}."
        )
    return run(_STACK, arrays)


def _first_dtype(value: Any) -> DType | None:
    for item in value:
        if is_tensor_like(item):
            return as_dtype(array_of(item).dtype)
        found = _first_dtype(item) if isinstance(item, list | tuple) else None
        if found is not None:
            return found
    return None


def as_tensor(array: Any) -> Tensor:
    """Wrap an array; one of NumPy's numbers is copied to the device first.

    Example:
        >>> as_tensor(np.arange(2))
        <tf.Tensor: shape=(2,), dtype=int64, numpy=array([0, 1])>
    """
    return Tensor(on_device(array) if isinstance(array, np.ndarray | np.generic) and array.dtype.kind != "O" else array)


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Tensor:
    """Return ``value`` as a tensor, as ``tf.convert_to_tensor``: without copying what is one already.

    Args:
        value: a tensor, a variable, an array, a number, a string, or nested sequences of those.
        dtype: the dtype that the tensor must have, or ``None``.
        dtype_hint: the dtype to prefer where the value has none of its own, or ``None``.
        name: ignored.

    Raises:
        ValueError: the value is ``None`` or not rectangular, or is a tensor of another dtype than ``dtype``.
        TypeError: the value does not fit ``dtype``, or has no tensor.

    Example:
        >>> convert_to_tensor([1.0, 2.0])
        <tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>
    """
    del name
    if isinstance(value, Tensor) and dtype is None:
        return value
    wanted = None if dtype is None else as_dtype(dtype)
    return as_tensor(array_of(value, wanted, None if dtype_hint is None else as_dtype(dtype_hint)))


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Tensor:
    """Return a tensor of Python's or NumPy's values, as ``tf.constant``.

    Args:
        value: a number, a string, a NumPy array, a tensor, or nested sequences of those.
        dtype: the dtype, or ``None`` for the natural one: 32-bit for Python's numbers.
        shape: the shape; one number fills it. ``None`` for the value's own.
        name: ignored.

    Raises:
        ValueError: the value is ``None`` or not rectangular.
        TypeError: the value does not fit ``dtype`` or ``shape``.

    Example:
        >>> constant(1, shape=(2, 2)).numpy().tolist()
        [[1, 1], [1, 1]]
    """
    del name
    tensor = as_tensor(array_of(value, None if dtype is None else as_dtype(dtype)))
    if shape is None or tensor.shape == shape:
        return tensor
    return _filled(np.asarray(tensor.value), as_shape(shape).as_list())


def _filled(array: np.ndarray, shape: list[Any]) -> Tensor:
    count = int(np.prod(shape))
    if array.size not in (1, count):
        raise TypeError(
            f"shape: Eager execution of tf.constant with unsupported shape: the value has {array.size} elements, "
            f"but `shape` {tuple(shape)} has {count}. Give as many elements, or one."
        )
    return as_tensor(np.broadcast_to(array.ravel(), shape) if array.size == 1 else array.reshape(shape))


def constant_value(value: Any) -> Any:
    """Return Python integers (nested lists of them) of a static argument such as an axis or a shape.

    Raises:
        TypeError: the argument is a tensor whose value is not known while a function is traced.

    Example:
        >>> constant_value([convert_to_tensor(2), 3]), constant_value(np.int64(1))
        ([2, 3], 1)
    """
    if isinstance(value, list | tuple):
        return [constant_value(item) for item in value]
    if is_tensor_like(value):
        value = array_of(value)
        if isinstance(value, jax.core.Tracer):
            known = known_shape(value)
            if known is not None:
                return known
            raise TypeError(
                "A shape, axis or size must be known when a function is traced, because XLA compiles for fixed "
                f"shapes; received a tensor that is computed in the function: {Tensor(value)}. Compute it from shapes "
                "or numbers of Python, or make it an argument that is one."
            )
    return np.asarray(value).tolist() if hasattr(value, "dtype") else value


def is_tensor(x: Any) -> bool:
    """Tell whether ``x`` is a tensor, a variable, or an array of JAX, as ``tf.is_tensor``.

    Example:
        >>> is_tensor(constant(1)), is_tensor(1)
        (True, False)
    """
    return is_tensor_like(x)
