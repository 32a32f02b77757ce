"""Functions that operations call, such as branches and loops' bodies: their operations are recorded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tenon.compat._composite import concrete, rebuilt, symbolic
from tenon.compat._environment import Environment
from tenon.compat._graph import Body, Graph
from tenon.compat._mode import THREAD, default_graph
from tenon.compat._operation import GraphTensor, Operation
from tenon.compat._samples import SIZES, samples_of
from tenon.core.tensors import Tensor, TensorShape
from tenon.core.tracing import init_scope


class StagedFunction:
    """A user's function that is called once, on symbolic tensors, and then replayed.

    Args:
        graph: where it is recorded.
        function: takes and returns tensors, nested.
        outer: the body that the operation stands in which calls it.
    """

    def __init__(self, graph: Graph, function: Callable[..., Any], outer: Body | None) -> None:
        self._graph = graph
        self._function = function
        self._body = Body(outer)
        self._arguments: list[GraphTensor] | None = None
        self._results: Any = None
        self.__name__ = getattr(function, "__name__", "function")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the recorded operations on the values of arguments; record them first at the first time."""
        environment = THREAD.environments[-1]
        values: list[Tensor] = []
        form = symbolic((args, kwargs), lambda tensor: values.append(tensor) or tensor)  # type: ignore[func-returns-value]
        if self._arguments is None:
            self._record(form)
        assert self._arguments is not None
        inner = Environment(environment.state, environment)
        inner.values.update(zip(self._arguments, values, strict=True))
        inner.run(self._body.operations)
        return concrete(self._results, inner.get, lambda value: isinstance(value, GraphTensor))

    def _record(self, form: Any) -> None:
        self._arguments = []
        with init_scope(), default_graph(self._graph), self._graph.adding_to(self._body):
            args, kwargs = self._symbols(form)
            self._results = _result(self._function(*args, **kwargs))

    def _symbols(self, form: Any) -> Any:
        return self._symbol(form) if isinstance(form, Tensor) else rebuilt(form, self._symbols)

    def _symbol(self, tensor: Tensor) -> GraphTensor:
        shape = TensorShape([None if size in SIZES else size for size in tensor.shape.as_list()])
        described = (tensor.dtype, samples_of(shape, tensor.dtype))
        symbol = self._graph.add("Placeholder", "arg", [], _given, [described], role="argument").outputs[0]
        assert self._arguments is not None
        self._arguments.append(symbol)
        return symbol

    def captured(self) -> Iterator[GraphTensor]:
        """Yield the tensors from outside that it uses."""
        for operation in self._body.operations:
            yield from [tensor for tensor in operation.inputs if not _is_inside(tensor.op, self._body)]
        results: list[GraphTensor] = []
        concrete(self._results, results.append, lambda value: isinstance(value, GraphTensor))
        yield from [tensor for tensor in results if not _is_inside(tensor.op, self._body)]

    def controls(self) -> Iterator[Operation]:
        """Yield the operations outside that it has to wait for."""
        for operation in self._body.operations:
            yield from [one for one in operation.control_inputs if not _is_inside(one, self._body)]


def _is_inside(operation: Operation, body: Body) -> bool:
    at = operation.body
    while at is not None:
        if at is body:
            return True
        at = at.outer
    return False


def _given(environment: Any, values: Any) -> list[Any]:
    del environment, values
    raise AssertionError("an argument is given before the body runs")


def _result(value: Any) -> Any:
    if isinstance(value, Operation):
        return None
    return value.graph_read() if hasattr(value, "graph_read") else rebuilt(value, _result)
