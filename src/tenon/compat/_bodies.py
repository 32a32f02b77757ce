"""Functions that operations call, such as branches and loops' bodies: their operations are recorded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tenon.compat._environment import Environment
from tenon.compat._graph import Body, Graph
from tenon.compat._mode import THREAD, default_graph
from tenon.compat._operation import GraphTensor, Operation
from tenon.compat._samples import SIZES, samples_of
from tenon.core.nest import Tree, filled, tree_of
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
        self._tree: Tree | None = None
        self._results: list[Any] = []
        self.__name__ = getattr(function, "__name__", "function")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the recorded operations on the values of arguments; record them first at the first time."""
        leaves, tree = tree_of((args, kwargs))
        environment = THREAD.environments[-1]
        if self._arguments is None:
            self._record(leaves, tree)
        assert self._arguments is not None
        inner = Environment(environment.state, environment)
        values = [leaf for leaf in leaves if _is_array(leaf)]
        inner.values.update({symbol: _tensor(value) for symbol, value in zip(self._arguments, values, strict=True)})
        inner.run(self._body.operations)
        return filled(self._tree, [inner.get(one) if isinstance(one, GraphTensor) else one for one in self._results])

    def _record(self, leaves: list[Any], tree: Tree | None) -> None:
        with init_scope(), default_graph(self._graph), self._graph.adding_to(self._body):
            symbols = [self._symbol(leaf) if _is_array(leaf) else leaf for leaf in leaves]
            args, kwargs = filled(tree, symbols)
            found, self._tree = tree_of(self._function(*args, **kwargs))
            self._results = [_result(one) for one in found]
            self._arguments = [symbol for symbol in symbols if isinstance(symbol, GraphTensor)]

    def _symbol(self, leaf: Any) -> GraphTensor:
        tensor = _tensor(leaf)
        shape = TensorShape([None if size in SIZES else size for size in tensor.shape.as_list()])
        described = (tensor.dtype, samples_of(shape, tensor.dtype))
        return self._graph.add("Placeholder", "arg", [], _given, [described], role="argument").outputs[0]

    def captured(self) -> Iterator[GraphTensor]:
        """Yield the tensors from outside that it uses."""
        for operation in self._body.operations:
            yield from [tensor for tensor in operation.inputs if not _is_inside(tensor.op, self._body)]
        for one in self._results:
            if isinstance(one, GraphTensor) and not _is_inside(one.op, self._body):
                yield one

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


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, Tensor | np.ndarray)


def _tensor(leaf: Any) -> Tensor:
    return leaf if isinstance(leaf, Tensor) else Tensor(leaf)


def _given(environment: Any, values: Any) -> list[Any]:
    raise AssertionError("an argument is given before the body runs")


def _result(value: Any) -> Any:
    if isinstance(value, Operation):
        return None
    return value.graph_read() if hasattr(value, "graph_read") else value
