"""Classes whose objects are symbolic where a graph is built: ``tf.Variable``, ``tf.Tensor``, ``tf.function``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from tenon.compat._calls import recorded
from tenon.compat._composite import GraphComposite
from tenon.compat._mode import building
from tenon.compat._operation import GraphTensor
from tenon.compat._structure import name_scope as v1_name_scope
from tenon.compat._variables import GraphVariable, new_graph_variable
from tenon.core.control_flow import TensorArray as CoreTensorArray
from tenon.core.functions import Function
from tenon.core.operations import IndexedSlices as CoreIndexedSlices
from tenon.core.sparse import SparseTensor as CoreSparseTensor
from tenon.core.tensors import Tensor as CoreTensor
from tenon.core.tracing import init_scope as core_init_scope
from tenon.core.variables import Variable as CoreVariable
from tenon.core.variables import VariableAggregation, VariableSynchronization


class _VariableType(type):
    """Makes variables of the graph where one is built; those are instances of the class too."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return (
            isinstance(instance, CoreVariable | GraphVariable) if cls in _KINDS else super().__instancecheck__(instance)
        )

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls not in _KINDS:
            return super().__call__(*args, **kwargs)
        made: Any = _KINDS[cls](*args, **kwargs)
        return made


class Variable(CoreVariable, metaclass=_VariableType):
    """A variable: one of the graph where a graph is built, else one that has its value at once."""


class VariableV1(CoreVariable, metaclass=_VariableType):
    """A variable with the arguments of 1.x."""


def _variable(
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
) -> Any:
    del caching_device, variable_def, import_scope, experimental_enable_variable_lifting
    options: dict[str, Any] = {
        "trainable": trainable,
        "validate_shape": validate_shape,
        "name": name,
        "dtype": dtype,
        "constraint": constraint,
        "synchronization": synchronization,
        "aggregation": aggregation,
        "shape": shape,
    }
    return new_graph_variable(initial_value, **options) if building() else CoreVariable(initial_value, **options)


def _variable_v1(
    initial_value: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    validate_shape: bool = True,
    caching_device: Any = None,
    name: str | None = None,
    variable_def: None = None,
    dtype: Any = None,
    expected_shape: Any = None,
    import_scope: Any = None,
    constraint: Callable[[Any], Any] | None = None,
    use_resource: bool | None = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
    shape: Any = None,
) -> Any:
    del caching_device, variable_def, expected_shape, import_scope, use_resource
    options: dict[str, Any] = {
        "trainable": trainable,
        "validate_shape": validate_shape,
        "name": name,
        "dtype": dtype,
        "constraint": constraint,
        "synchronization": synchronization,
        "aggregation": aggregation,
        "shape": shape,
    }
    if building():
        return new_graph_variable(initial_value, collections=collections, **options)
    return CoreVariable(initial_value, **options)


_KINDS: dict[type, Callable[..., Any]] = {}
_KINDS.update({Variable: _variable, VariableV1: _variable_v1})


class _CompositeType(type):
    """Makes symbolic values where a graph is built; those are instances of the class too."""

    def __instancecheck__(cls, instance: Any) -> bool:
        base = cls.__mro__[1]
        return isinstance(instance, base) or (isinstance(instance, GraphComposite) and issubclass(instance.kind, base))

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        base = cls.__mro__[1]
        if not building():
            return base(*args, **kwargs)
        return recorded(base.__name__, kwargs.pop("name", None), base, args, kwargs, stage=False)


class TensorArray(CoreTensorArray, metaclass=_CompositeType):
    """A tensor array: one of the graph where a graph is built."""


class SparseTensor(CoreSparseTensor, metaclass=_CompositeType):
    """A sparse tensor: one of the graph where a graph is built."""


class IndexedSlices(CoreIndexedSlices, metaclass=_CompositeType):
    """Slices with their indices: of the graph where a graph is built."""


class _TensorType(type):
    """Counts symbolic tensors as tensors."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, CoreTensor | GraphTensor)


class Tensor(CoreTensor, metaclass=_TensorType):
    """What is a tensor: with a value, or of a graph."""

    __slots__ = ()


class GraphFunction(Function):
    """A ``tf.function`` that becomes an operation where a graph is built."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function, or add an operation that does."""
        if not building():
            return super().__call__(*args, **kwargs)
        return recorded("PartitionedCall", None, self._traced_anew, args, kwargs, stage=False)

    def _traced_anew(self, *args: Any, **kwargs: Any) -> Any:
        """Run a function of the same code that was not traced before: tensors around it have other values now."""
        return Function(self.python_function, None, self.input_signature, self._autograph)(*args, **kwargs)


def function(
    func: Callable[..., Any] | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """Trace a Python function for each kind of arguments; arguments as of ``tf.function``."""
    del experimental_implements, experimental_autograph_options, experimental_attributes, experimental_follow_type_hints
    wider = bool(experimental_relax_shapes) or reduce_retracing
    jit_compile = experimental_compile if jit_compile is None else jit_compile

    def decorated(inner: Callable[..., Any]) -> Function:
        if not callable(inner):
            raise TypeError(f"func must be callable; received {inner!r}.")
        return GraphFunction(inner, None, input_signature, autograph, jit_compile, wider)

    return decorated if func is None else decorated(func)


def init_scope() -> AbstractContextManager[None]:
    """Leave the function that is being traced; a graph that is built is not left."""
    return nullcontext() if building() else core_init_scope()


class name_scope:  # noqa: N801  # TensorFlow's name
    """Put a prefix before the names of variables and operations that are made inside, ``tf.name_scope``.

    Args:
        name: the scope.
    """

    def __init__(self, name: str | None) -> None:
        self._name = name or ""
        self._contexts: list[Any] = []

    @property
    def name(self) -> str:
        """The scope as it was given."""
        return self._name

    def __enter__(self) -> str:
        context = v1_name_scope(self._name)
        scope = context.__enter__()
        self._contexts.append(context)
        return scope

    def __exit__(self, *exception: Any) -> None:
        self._contexts.pop().__exit__(*exception)
