"""The tensor: an immutable array with TensorFlow's manners around a ``jax.Array``, or around strings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import jax
import numpy as np

from tenon.core._jax_internals import enter_64_bit_mode, set_64_bit_mode
from tenon.core.host_symbols import StringSymbol
from tenon.core.recording import on_device
from tenon.core.tensors._dtypes import DType, as_dtype
from tenon.core.tensors._shapes import TensorShape

_ARRAY_NAMES: Final = frozenset(
    {
        *("T", "mT", "at", "astype", "ravel", "transpose", "reshape", "clip", "size", "tolist", "item", "copy"),
        *("mean", "sum", "min", "max", "any", "all", "prod", "std", "var", "argmax", "argmin", "cumsum"),
        *("flatten", "squeeze", "swapaxes", "round", "dot", "nbytes", "itemsize", "sharding", "devices"),
        *("block_until_ready", "is_fully_addressable"),
    }
)
"""What tensors take over from JAX's arrays; TensorFlow's have it only after ``experimental_enable_numpy_behavior``."""

_ASSIGNMENTS: Final = frozenset({"assign", "assign_add", "assign_sub"})


class Tensor:
    """An array of numbers or strings that never changes, ``tf.Tensor``.

    Make one with ``tf.constant`` or ``tf.convert_to_tensor``. The constructor wraps and neither copies nor checks.

    Args:
        value: a ``jax.Array`` (or one that JAX is tracing), or a NumPy array of ``bytes`` objects for strings.

    Attributes:
        value: what it wraps.
        part: the part of a variable that it was read from, which has ``assign``; not there for other tensors.

    Example:
        >>> tensor = Tensor(jax.numpy.ones((2, 3)))
        >>> tensor.shape, tensor.dtype, tensor.numpy().tolist()
        (TensorShape([2, 3]), tf.float32, [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    """

    __slots__ = ("__weakref__", "part", "value")

    __array_priority__ = 100

    part: Any

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return as_dtype(self.value.dtype)

    @property
    def shape(self) -> TensorShape:
        """The sizes of the dimensions; ``None`` for one that is a symbol of ``jax.export``."""
        return TensorShape([size if isinstance(size, int) else None for size in self.value.shape])

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return int(self.value.ndim)

    @property
    def device(self) -> str:
        """TensorFlow's name of the device that holds the tensor."""
        return f"/job:localhost/replica:0/task:0/device:{_device(self.value)}"

    @property
    def is_symbolic(self) -> bool:
        """Whether the tensor is an argument or a result inside a function that is being traced."""
        return isinstance(self.value, jax.core.Tracer | StringSymbol)

    def get_shape(self) -> TensorShape:
        """Return the shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Check that the shape is as stated.

        Raises:
            ValueError: it is not.
        """
        if not self.shape.is_compatible_with(shape):
            raise ValueError(f"Tensor's shape {self.shape} is not compatible with supplied shape {TensorShape(shape)}.")

    def numpy(self) -> Any:
        """Return the value as a NumPy array, or as a NumPy scalar or ``bytes`` where it has no dimension.

        Raises:
            AttributeError: the tensor is being traced and has no value yet.
        """
        if self.is_symbolic:
            raise AttributeError(
                "numpy: a tensor inside a function that is being traced has no value yet; received a symbolic tensor "
                f"of shape {self.shape}. Return it from the function, or use tf.print or tf.py_function."
            )
        array = np.array(self.value)
        return array[()] if array.ndim == 0 else array

    def ref(self) -> Reference:
        """Return a hashable reference to this very tensor, for dictionaries and sets."""
        return Reference(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.is_symbolic:
            raise NotImplementedError(
                "Cannot convert a symbolic tf.Tensor to a numpy array. This error may indicate that you're trying to "
                "pass a Tensor to a NumPy call, which is not supported while a function is traced; use tf's operations."
            )
        array = np.asarray(self.value, dtype=None if dtype is None else np.dtype(dtype))
        return array.copy() if copy else array

    def __jax_array__(self) -> jax.Array:
        if not isinstance(self.value, jax.Array):
            raise TypeError("Tensors of strings are no JAX arrays.")
        return self.value

    def __dlpack__(self, **options: Any) -> Any:
        return self.value.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.value.__dlpack_device__()

    def __hash__(self) -> int:
        raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")

    def __bool__(self) -> bool:
        if self.is_symbolic:
            raise _symbolic_as_bool(self)
        return bool(self.value)

    def __int__(self) -> int:
        return int(self._scalar())

    def __float__(self) -> float:
        return float(self._scalar())

    def __complex__(self) -> complex:
        return complex(self._scalar())

    def __index__(self) -> int:
        return int(self._scalar().__index__())

    def __round__(self, digits: int | None = None) -> Any:
        return round(float(self), digits)

    def _scalar(self) -> Any:
        if self.value.ndim:
            raise TypeError(f"only 0-dimensional arrays can be converted to Python scalars; received {self.shape}.")
        if self.is_symbolic:
            raise TypeError(
                "A symbolic tensor has no value while a function is traced; use tf.cast instead of Python's types."
            )
        return np.asarray(self.value)[()]

    def __len__(self) -> int:
        if not self.value.ndim:
            raise TypeError("Scalar tensor has no `len()`")
        return int(self.value.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self.value.ndim:
            raise TypeError("Cannot iterate over a scalar tensor.")
        return (self[i] for i in range(len(self)))

    def __getattr__(self, name: str) -> Any:
        if name == "name":
            raise AttributeError("Tensor.name is undefined when eager execution is enabled.")
        if name in _ASSIGNMENTS and hasattr(self, "part"):
            return getattr(self.part, name)
        if name not in _ARRAY_NAMES or not isinstance(self.value, jax.Array):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        found = _in_64_bit_mode(getattr, self.value, name)
        return partial(_method_called, self, name, found) if callable(found) else _wrapped(found)

    def __format__(self, spec: str) -> str:
        return format(str(self) if self.is_symbolic else self.numpy(), spec)

    def __repr__(self) -> str:
        if self.is_symbolic:
            return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}>"
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={numpy_text(self.numpy())}>"

    def __str__(self) -> str:
        if self.is_symbolic:
            return f"Tensor(shape={self.shape}, dtype={self.dtype.name})"
        return f"tf.Tensor({_on_own_lines(str(self.numpy()))}, shape={self.shape}, dtype={self.dtype.name})"

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: Any) -> Tensor:
        return self

    def __reduce__(self) -> Any:
        return _unpickled, (np.asarray(self.value),)

    __getitem__: Callable[[Tensor, Any], Tensor]  # set by the operations, which stand above this module


def install_method(name: str, method: Callable[..., Any]) -> None:
    """Give tensors a method: the operations stand above tensors and bring the operators of Python.

    Args:
        name: the method's name, such as ``"__add__"``.
        method: takes the tensor and the arguments of the call.

    Example:
        >>> install_method("__pos__", lambda tensor: tensor)
        >>> (+Tensor(jax.numpy.ones(1))).shape
        TensorShape([1])
        >>> del Tensor.__pos__
    """
    setattr(Tensor, name, method)


class Reference:
    """A hashable reference to a tensor or variable: equal only to references to the same object.

    Args:
        referent: the tensor or variable.

    Example:
        >>> tensor = Tensor(jax.numpy.ones(1))
        >>> tensor.ref() == tensor.ref(), tensor.ref().deref() is tensor
        (True, True)
    """

    __slots__ = ("_referent",)

    def __init__(self, referent: Any) -> None:
        self._referent = referent

    def deref(self) -> Any:
        """Return the object."""
        return self._referent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._referent is other._referent

    def __hash__(self) -> int:
        return id(self._referent)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._referent!r}>"


def numpy_text(value: Any) -> str:
    """Return what ``repr`` of a tensor or variable shows of its value.

    Args:
        value: what ``numpy()`` returned.

    Example:
        >>> numpy_text(np.float32(0.5)), numpy_text(np.ones(1))
        ('0.5', 'array([1.])')
    """
    return _on_own_lines(repr(value.item() if isinstance(value, np.generic) else value))


def _on_own_lines(text: str) -> str:
    return f"\n{text}" if "\n" in text else text


def _device(value: Any) -> str:
    if not isinstance(value, jax.Array) or isinstance(value, jax.core.Tracer):
        return "CPU:0"
    device = min(value.devices(), key=lambda device: device.id)
    return f"{device.platform.upper()}:{device.id}"


def _in_64_bit_mode(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    before = enter_64_bit_mode()
    try:
        return function(*args, **kwargs)
    finally:
        set_64_bit_mode(before)


def _method_called(tensor: Tensor, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if "out" in kwargs and not tensor.is_symbolic:  # only NumPy says so: np.mean(tensor) gives what NumPy gives
        return getattr(np.asarray(tensor.value), name)(*args, **kwargs)
    arrays = [arg.value if isinstance(arg, Tensor) else arg for arg in args]
    return _wrapped(_in_64_bit_mode(method, *arrays, **kwargs))


def _wrapped(value: Any) -> Any:
    return Tensor(value) if isinstance(value, jax.Array) else value


def _unpickled(array: np.ndarray) -> Tensor:
    return Tensor(array if array.dtype == object else on_device(array))


def _symbolic_as_bool(tensor: Tensor) -> TypeError:
    return TypeError(
        f"Using a symbolic `tf.Tensor` as a Python `bool` is not allowed; received one of shape {tensor.shape}. "
        "Use tf.cond, or write the `if` inside a tf.function so that AutoGraph can stage it."
    )


def _flatten(tensor: Tensor) -> tuple[tuple[Any], None]:
    return (tensor.value,), None


def _unflatten(_: None, children: tuple[Any]) -> Tensor:
    return Tensor(children[0])


jax.tree_util.register_pytree_node(Tensor, _flatten, _unflatten)
