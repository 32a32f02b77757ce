"""Calls of Tenon's functions become operations of the graph that is being built."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial, wraps
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.compat._bodies import StagedFunction
from tenon.compat._composite import GraphComposite, concrete, rebuilt, symbolic
from tenon.compat._graph import Graph, get_default_graph
from tenon.compat._mode import THREAD, building
from tenon.compat._op_types import op_type
from tenon.compat._operation import GraphTensor, Operation
from tenon.compat._samples import samples_of
from tenon.compat._trial import Described, tried_out
from tenon.core import NAMES
from tenon.core.operations import OPERATIONS
from tenon.core.operations import Operation as Row
from tenon.core.tensors import Tensor, TensorShape

_NOT_DIFFERENTIABLE: Final = frozenset(
    [name for row in OPERATIONS.values() if not row.differentiable for name in row.names]
)

_PYTHON: Final = frozenset({"py_function", "numpy_function"})
"""Functions that call Python with values, and not with tensors of the graph."""


class _Slot:
    """Stands in the arguments of a call where the value of an input goes."""

    __slots__ = ("place",)

    def __init__(self, place: int) -> None:
        self.place = place


class Template:
    """The arguments of a call without its symbolic tensors.

    Args:
        graph: the graph that is being built.
        arguments: nested lists, tuples, dictionaries and slices.
        stage: whether functions among them work on tensors of the graph.

    Attributes:
        inputs: the symbolic tensors.
        functions: the functions that are called with tensors.
    """

    def __init__(self, graph: Graph, arguments: Any, stage: bool = True) -> None:
        self.inputs: list[GraphTensor] = []
        self.functions: list[StagedFunction] = []
        self._graph = graph
        self._stage = stage
        self._template = self._without_tensors(arguments)

    def _without_tensors(self, value: Any) -> Any:
        if isinstance(value, GraphTensor):
            return self._slot(value)
        if hasattr(value, "graph_read"):
            return self._slot(value.graph_read())
        if isinstance(value, np.ndarray):
            return value.copy()
        if self._stage and inspect.isroutine(value):
            self.functions.append(StagedFunction(self._graph, value, self._graph.body))
            return self.functions[-1]
        return rebuilt(value, self._without_tensors)

    def _slot(self, tensor: GraphTensor) -> _Slot:
        for place, known in enumerate(self.inputs):
            if known is tensor:
                return _Slot(place)
        self.inputs.append(tensor)
        return _Slot(len(self.inputs) - 1)

    def filled(self, values: Any) -> Any:
        """Return the arguments with values in the places of the inputs."""
        return concrete(self._template, lambda slot: values[slot.place], lambda value: isinstance(value, _Slot))


def recorded(
    kind: str,
    name: str | None,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    stage: bool = True,
    random: bool = False,
    stateful: bool = False,
    otherwise: Callable[[], Described] | None = None,
    **traits: Any,
) -> Any:
    """Add an operation that calls a function; return what it gives, with symbolic tensors for tensors.

    Args:
        kind: the operation's type.
        name: its name, or ``None``.
        function: takes tensors, returns tensors, nested; runs whenever the operation does.
        args: arguments, with symbolic tensors for tensors.
        kwargs: keyword arguments, likewise.
        stage: whether functions among the arguments work on tensors of the graph.
        random: whether ``function`` takes, as ``seed``, where its random numbers begin; that moves on at every run.
        stateful: whether ``function`` takes, as ``state``, the values of variables.
        otherwise: tells what one tensor comes out where trying does not.
        **traits: further attributes of the operation.

    Returns:
        The structure that ``function`` returns; the operation itself where that has no tensor.
    """
    graph = get_default_graph()
    template = Template(graph, (args, dict(kwargs)), stage)

    def call(environment: Any, values: Sequence[Any], operation: Any = None) -> tuple[list[Any], Any]:
        given, named = template.filled(values)
        if random:
            named["seed"] = environment.state.position(operation)
        if stateful:
            named["state"] = environment.state
        tensors: list[Tensor] = []

        def slot(tensor: Tensor) -> _Slot:
            tensors.append(tensor)
            return _Slot(len(tensors) - 1)

        form = symbolic(function(*given, **named), slot)
        return tensors, form

    asked: dict[GraphTensor, None] = {}

    def trial(environment: Any) -> tuple[list[Tensor], Any]:
        found = call(environment, [environment.get(tensor) for tensor in template.inputs])
        asked.update(environment.asked)
        return found

    try:
        described, forms = tried_out(trial, template.inputs, kind)
    except ValueError:
        if otherwise is None:
            raise
        described, forms = otherwise(), [_Slot(0)]
    if not described and forms[0] is not None:
        return forms[0]
    captured = [*asked, *[tensor for one in template.functions for tensor in one.captured()]]
    operation = graph.add(kind, name, list(dict.fromkeys([*template.inputs, *captured])), _never, described, **traits)
    operation.compute = lambda environment, values: call(environment, values, operation)[0]
    controls = [control for one in template.functions for control in one.controls()]
    operation.control_inputs = tuple(dict.fromkeys([*operation.control_inputs, *controls]))
    return _result(operation, forms[0])


def _never(environment: Any, values: Any) -> list[Tensor]:
    del environment, values
    raise AssertionError("the operation is not complete")


def _result(operation: Operation, form: Any) -> Any:
    if not operation.outputs:
        return operation

    def fill(value: Any) -> Any:
        return operation.outputs[value.place] if isinstance(value, _Slot) else rebuilt(value, fill)

    return fill(form)


def called(path: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Add an operation for the call of a public function.

    Args:
        path: its path below ``tf``.
        function: what it does with tensors.
        args: arguments.
        kwargs: keyword arguments; ``name`` is the operation's name.
    """
    named, name = _without_name(function, args, dict(kwargs))
    return recorded(
        op_type(path),
        name,
        function,
        named[0],
        named[1],
        stage=path not in _PYTHON,
        otherwise=partial(_reshaped, *named) if path == "reshape" else None,
        differentiable=path not in _NOT_DIFFERENTIABLE,
    )


def _reshaped(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Described:
    """Return what ``tf.reshape`` gives where the sizes of the universes do not divide as the real ones do."""
    tensor, shape = [*args, *kwargs.values()][:2]
    if not isinstance(tensor, GraphTensor) or None not in (tensor.static_shape.dims or [None]):
        raise InvalidArgumentError(f"tf.reshape: {tensor!r} does not have as many elements as {shape!r} says.")
    sizes = [_size(size) for size in (shape if isinstance(shape, list | tuple) else np.ravel(_values(shape)))]
    return [(tensor.dtype, samples_of(TensorShape(sizes), tensor.dtype))]


def _values(shape: Any) -> Any:
    if not isinstance(shape, GraphTensor):
        return shape.as_list() if isinstance(shape, TensorShape) else shape
    first, second = shape.samples or (None, None)
    if not isinstance(first, np.ndarray) or not isinstance(second, np.ndarray):
        raise InvalidArgumentError(f"tf.reshape: the rank of the result is not known from {shape!r}.")
    return [int(one) if one == other else -1 for one, other in zip(first, second, strict=True)]


def _size(size: Any) -> int | None:
    size = _values(size)[0] if isinstance(size, GraphTensor) and size.samples and size.ndim else size
    return None if size is None or isinstance(size, GraphTensor) or int(size) < 0 else int(size)


def _without_name(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[tuple[Any, ...], dict[str, Any]], str | None]:
    place = _place_of_name(function)
    if place is not None and place < len(args):
        name = args[place]
        args = (*args[:place], None, *args[place + 1 :])
    else:
        name = kwargs.pop("name", None) if place is not None or _takes_name(function) else None
    return (args, kwargs), name if isinstance(name, str) and name else None


@cache
def _place_of_name(function: Callable[..., Any]) -> int | None:
    parameters = list(inspect.signature(function).parameters.values())
    for place, parameter in enumerate(parameters):
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            return None
        if parameter.name == "name":
            return place
    return None


@cache
def _takes_name(function: Callable[..., Any]) -> bool:
    return "name" in inspect.signature(function).parameters


def graph_aware(path: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that adds an operation where a graph is built, and computes at once elsewhere.

    Args:
        path: its path below ``tf``.
        function: what it does at once.
    """

    @wraps(function)
    def aware(*args: Any, **kwargs: Any) -> Any:
        if building():
            return called(path, function, args, kwargs)
        if THREAD.environments:
            args, kwargs = values_of((args, kwargs))
        return function(*args, **kwargs)

    return aware


def values_of(arguments: Any) -> Any:
    """Return arguments with the values of symbolic tensors in the graph that is being run."""
    return concrete(arguments, lambda symbol: symbol.replayed(), _is_symbol)


def _is_symbol(value: Any) -> bool:
    return isinstance(value, GraphTensor) or hasattr(value, "graph_read")


def _dispatched(self: Any, row: Row, arguments: Mapping[str, Any]) -> Any:
    """Add an operation for a row of the table that met a symbolic tensor."""
    del self
    many = [p.name for p in row.parameters if p.form is inspect.Parameter.VAR_POSITIONAL]
    args = tuple(arguments[many[0]]) if many else ()
    kwargs = {key: value for key, value in arguments.items() if key not in many}
    function = NAMES[row.name]
    if not building() and THREAD.environments:
        args, kwargs = values_of((args, kwargs))
        return function(*args, **kwargs)
    if not building():
        raise self_is_foreign(args, kwargs)
    return called(row.name, function, args, kwargs)


def self_is_foreign(*arguments: Any) -> RuntimeError:
    """Return the error for a symbolic tensor that is used where code computes at once."""
    del arguments
    return RuntimeError(
        "Attempting to use a symbolic tensor of a graph outside of it, in code that computes at once: put it inside "
        "`with graph.as_default():`, or fetch the value with session.run first."
    )


GraphTensor.__tf_dispatch__ = _dispatched  # type: ignore[attr-defined]  # rows stand above symbolic tensors
GraphComposite.__tf_dispatch__ = _dispatched  # type: ignore[attr-defined]


def _attribute(self: GraphComposite, name: str) -> Any:
    """Return a method that adds an operation, or what an attribute is."""
    if name.startswith("_"):
        raise AttributeError(name)
    found = getattr(self.kind, name)
    kind = self.kind.__name__ + name.capitalize()
    if inspect.isfunction(found):

        def method(*args: Any, **kwargs: Any) -> Any:
            if not building():
                return getattr(values_of(self), name)(*values_of(args), **values_of(kwargs))
            named, title = _without_name(found, (self, *args), dict(kwargs))
            return recorded(kind, title, found, named[0], named[1], stage=False)

        return method
    if not building():
        return getattr(values_of(self), name)
    return recorded(kind, None, lambda value: getattr(value, name), (self,), {}, stage=False)


GraphComposite.__getattr__ = _attribute  # type: ignore[attr-defined]
