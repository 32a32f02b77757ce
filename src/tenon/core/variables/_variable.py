"""Variables: tensors that change, ``tf.Variable``."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import FailedPreconditionError
from tenon.core.recording import Kernel, kernel, new_identity, on_device, run
from tenon.core.tensors import (
    DType,
    Reference,
    Tensor,
    TensorShape,
    array_of,
    as_dtype,
    as_shape,
    as_tensor,
    convert_to_tensor,
    numpy_text,
)
from tenon.core.variables._naming import full_name
from tenon.core.variables._observers import observers, variable_is_used
from tenon.core.variables._scope import current_scope, read_array, written_array


class VariableSynchronization(Enum):
    """When the copies of a distributed variable meet, ``tf.VariableSynchronization``."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(Enum):
    """How the copies of a distributed variable are joined, ``tf.VariableAggregation``."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


_counter: Final = itertools.count()
_ADD: Final = kernel(jnp.add)
_SUBTRACT: Final = kernel(jnp.subtract)


class Variable:
    """A tensor that can be given new values, and that tapes watch by themselves, ``tf.Variable``.

    Args:
        initial_value: anything that becomes a tensor, or a function without arguments that returns it.
        trainable: whether tapes watch it and optimizers change it; ``None`` for yes.
        validate_shape: whether the shape must stay that of the initial value; without it any shape may be assigned.
        caching_device: accepted and ignored.
        name: the name; ``None`` for ``"Variable"``. Name scopes are put before it.
        variable_def: not taken.
        dtype: the dtype, or ``None`` for the initial value's.
        import_scope: accepted and ignored.
        constraint: a function of the new value, applied by optimizers.
        synchronization: kept for strategies of distribution.
        aggregation: kept for strategies of distribution.
        shape: a static shape that values may have, with ``None`` for sizes that change; ``None`` for the initial one.
        experimental_enable_variable_lifting: accepted and ignored.

    Raises:
        ValueError: there is no initial value, or it does not fit the shape.
        TypeError: the initial value does not fit the dtype.

    Example:
        >>> variable = Variable([1.0, 2.0])
        >>> variable.assign_add([1.0, 1.0]).numpy().tolist()
        [2.0, 3.0]
    """

    __array_priority__ = 100

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: None = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Callable[[Any], Any] | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: Any = None,
        experimental_enable_variable_lifting: bool = True,
    ) -> None:
        del caching_device, variable_def, import_scope, experimental_enable_variable_lifting
        if initial_value is None:
            raise ValueError("The `initial_value` arg to `tf.Variable` must be given; received None.")
        self._name = full_name(name or "Variable") + ":0"
        self._trainable = synchronization is not VariableSynchronization.ON_READ if trainable is None else trainable
        self._constraint = constraint
        self._synchronization = synchronization
        self._aggregation = aggregation
        self._unique_id = next(_counter)
        array = _initial_array(initial_value, None if dtype is None else as_dtype(dtype))
        self._dtype = as_dtype(array.dtype)
        self._shape = self._static_shape(TensorShape(array.shape), shape, validate_shape)
        self._raw_value: Any = None
        self._begin(array)

    def _static_shape(self, initial: TensorShape, shape: Any, validate_shape: bool) -> TensorShape:
        if not validate_shape and shape is None:
            return TensorShape(None)
        stated = initial if shape is None else as_shape(shape)
        if not stated.is_compatible_with(initial):
            raise ValueError(
                f"The initial value's shape ({initial}) is not compatible with the explicitly supplied `shape` "
                f"argument ({stated})."
            )
        return stated

    def _begin(self, array: Any) -> None:
        symbolic = isinstance(array, jax.core.Tracer)
        if not symbolic:
            self._raw_value = array if isinstance(array, np.ndarray) else new_identity(array)
        scope = current_scope()
        if scope is not None:
            scope.create(self, array if symbolic else None)

    def _load(self) -> Any:
        if observers:
            variable_is_used(self)
        return read_array(self, self._raw_value, self._trainable)

    def _store(self, array: Any) -> None:
        if observers:
            variable_is_used(self)
        kept = written_array(self, array) if not isinstance(array, np.ndarray) else array
        if kept is not None:
            self._raw_value = kept

    @property
    def name(self) -> str:
        """The name, with its name scopes and ``:0``."""
        return self._name

    @property
    def path(self) -> str:
        """The name as Keras writes it: without ``:0``."""
        return self._name.removesuffix(":0")

    @property
    def _shared_name(self) -> str:
        return self.path

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape: that of every value."""
        return self._shape

    @property
    def trainable(self) -> bool:
        """Whether tapes watch the variable by themselves."""
        return self._trainable

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """The function that optimizers apply to new values, or ``None``."""
        return self._constraint

    @property
    def synchronization(self) -> VariableSynchronization:
        """When copies meet."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """How copies are joined."""
        return self._aggregation

    @property
    def device(self) -> str:
        """TensorFlow's name of the device that holds the value."""
        return self.value().device

    @property
    def initial_value(self) -> Tensor:
        """TensorFlow's graphs have it; there is none here.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("This property is not supported when eager execution is enabled.")

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    def value(self) -> Tensor:
        """Return the value as a tensor; later assignments do not change it."""
        return Tensor(self._load())

    def read_value(self) -> Tensor:
        """Return the value as a tensor; later assignments do not change it."""
        return self.value()

    def numpy(self) -> Any:
        """Return a NumPy copy of the value.

        Raises:
            NotImplementedError: a function is being traced.
        """
        tensor = self.value()
        if tensor.is_symbolic:
            raise NotImplementedError("numpy() is only available when eager execution is enabled; use tf.py_function.")
        return tensor.numpy()

    def get_shape(self) -> TensorShape:
        """Return the static shape."""
        return self._shape

    def set_shape(self, shape: Any) -> None:
        """Narrow the static shape.

        Raises:
            ValueError: the shapes contradict each other.
        """
        self._shape = self._shape.merge_with(shape)

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Return whether there is a value: always true."""
        del name
        return convert_to_tensor(True)

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Give the variable a new value.

        Args:
            value: anything that becomes a tensor of the variable's dtype and of a shape that fits.
            use_locking: ignored.
            name: ignored.
            read_value: whether to return the variable.

        Returns:
            The variable, or ``None``.

        Raises:
            ValueError: the shape does not fit, or a tensor has another dtype.
            TypeError: a value of Python does not fit the dtype.
        """
        del use_locking, name
        array = array_of(value, self._dtype)
        if not self._shape.is_compatible_with(array.shape):
            raise ValueError(
                f"Cannot assign value to variable '{self._name}': Shape mismatch. The variable shape {self._shape}, "
                f"and the assigned value shape {TensorShape(array.shape)} are incompatible."
            )
        self._store(on_device(array) if isinstance(array, np.ndarray) and array.dtype.kind != "O" else array)
        return self if read_value else None

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Add ``delta`` to the value; arguments and errors as in ``assign``."""
        return self.assign(self._changed(_ADD, delta), use_locking, name, read_value)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Subtract ``delta`` from the value; arguments and errors as in ``assign``."""
        return self.assign(self._changed(_SUBTRACT, delta), use_locking, name, read_value)

    def _changed(self, change: Kernel, delta: Any) -> Tensor:
        return Tensor(run(change, (self._load(), array_of(delta, self._dtype))))

    def ref(self) -> Reference:
        """Return a hashable reference to this very variable."""
        return Reference(self)

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Tensor:
        del dtype, name
        return self.value()

    def __jax_array__(self) -> Any:
        return self._load()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.value().__array__(dtype, copy)

    def __hash__(self) -> int:
        raise TypeError("Variable is unhashable. Instead, use variable.ref() as the key.")

    def __bool__(self) -> bool:
        return bool(self.value())

    def __int__(self) -> int:
        return int(self.value())

    def __float__(self) -> float:
        return float(self.value())

    def __complex__(self) -> complex:
        return complex(self.value())

    def __index__(self) -> int:
        return self.value().__index__()

    def __iter__(self) -> Any:
        return iter(self.value())

    def __len__(self) -> int:
        return len(self.value())

    def __repr__(self) -> str:
        value = self.value()
        shown = "" if value.is_symbolic else f", numpy={numpy_text(value.numpy())}"
        return f"<tf.Variable {self._name!r} shape={self._shape} dtype={self._dtype.name}{shown}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        copied = Variable(
            self.value(),
            trainable=self._trainable,
            dtype=self._dtype,
            constraint=self._constraint,
            synchronization=self._synchronization,
            aggregation=self._aggregation,
            shape=self._shape,
        )
        copied._name = self._name
        memo[id(self)] = copied
        return copied


def _initial_array(value: Any, dtype: DType | None) -> Any:
    def compute() -> Any:
        return as_tensor(array_of(value() if callable(value) else value, dtype)).value

    scope = current_scope()
    array = compute() if scope is None else scope.initial_value(compute)
    if scope is None and isinstance(array, jax.core.Tracer):
        raise FailedPreconditionError(
            "initial_value: a variable needs a value, not a tensor that is computed while JAX traces a function; "
            "create the variable before, or inside `with tf.init_scope():`."
        )
    return array


def is_variable(value: Any) -> bool:
    """Tell whether a value is a variable of Tenon.

    Example:
        >>> is_variable(Variable(1.0)), is_variable(1.0)
        (True, False)
    """
    return isinstance(value, Variable)
