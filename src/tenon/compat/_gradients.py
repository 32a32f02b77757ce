"""Gradients in graphs: an operation that looks back at what ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenon.compat._graph import graph_to_build
from tenon.compat._operation import GraphTensor, Operation
from tenon.compat._ops import op, tensor_of
from tenon.compat._samples import without_value
from tenon.core.autodiff import UnconnectedGradients
from tenon.core.operations import add_n
from tenon.core.recording import backward
from tenon.core.tensors import Tensor


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """Add the operations that compute the gradient of a sum with respect to tensors, ``tf.gradients``.

    Gradients of ``tf.gather`` are dense tensors here, and no ``tf.IndexedSlices``.

    Args:
        ys: tensors that are summed.
        xs: tensors or variables.
        grad_ys: gradients of the ``ys`` to start from, each may be ``None`` for ones.
        name: the scope of the names.
        colocate_gradients_with_ops: accepted and ignored.
        gate_gradients: accepted and ignored.
        aggregation_method: accepted and ignored.
        stop_gradients: tensors through which nothing flows.
        unconnected_gradients: whether what is not connected gives ``None`` or zeros.

    Returns:
        For each of the ``xs`` a tensor, or ``None`` where nothing connects it with the ``ys``.

    Raises:
        RuntimeError: no graph is built.
    """
    del colocate_gradients_with_ops, gate_gradients, aggregation_method
    graph = graph_to_build("tf.gradients")
    targets = [tensor_of(y) for y in _listed(ys)]
    sources = [_sources(x) for x in _listed(xs)]
    given = [None if one is None else tensor_of(one) for one in _listed(grad_ys)] or [None] * len(targets)
    stopped = [tensor for one in _listed(stop_gradients) for tensor in _sources(one)]
    connected = _reaching(targets, {tensor for group in sources for tensor in group}, set(stopped))
    found: list[Any] = []
    with graph.name_scope(name):
        for group in sources:
            live = [tensor for tensor in group if tensor in connected]
            found.append(_gradient(targets, live, given, stopped) if live else None)
        zeros = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        if zeros:
            found = [
                op("zeros_like")(group[0]) if one is None else one for one, group in zip(found, sources, strict=True)
            ]
    return found


def _listed(values: Any) -> list[Any]:
    if values is None:
        return []
    return list(values) if isinstance(values, list | tuple) else [values]


def _sources(value: Any) -> list[GraphTensor]:
    return list(value.reads) if hasattr(value, "graph_read") else [tensor_of(value)]


def _reaching(targets: Sequence[GraphTensor], sources: set[GraphTensor], stopped: set[GraphTensor]) -> set[GraphTensor]:
    """Return the sources from which derivatives reach a target."""
    found: set[GraphTensor] = set()
    seen: set[GraphTensor] = set()
    waiting = [tensor for tensor in targets if _has_derivative(tensor)]
    while waiting:
        tensor = waiting.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        if tensor in sources:
            found.add(tensor)
        if tensor.op.differentiable and tensor not in stopped:
            waiting.extend([one for one in tensor.op.inputs if _has_derivative(one)])
    return found


def _has_derivative(tensor: GraphTensor) -> bool:
    return tensor.dtype.is_floating or tensor.dtype.is_complex


def _gradient(
    targets: Sequence[GraphTensor],
    sources: Sequence[GraphTensor],
    given: Sequence[GraphTensor | None],
    stopped: Sequence[GraphTensor],
) -> GraphTensor:
    starts = [one for one in given if one is not None]
    inputs = [*targets, *sources, *stopped, *starts]
    counts = len(targets), len(sources), len(stopped)

    def compute(environment: Any, values: Sequence[Tensor]) -> list[Tensor]:
        arrays = [value.value for value in values]
        ys, rest = arrays[: counts[0]], arrays[counts[0] :]
        xs, rest = rest[: counts[1]], rest[counts[1] :]
        cut = {id(array) for array in rest[: counts[2]]}
        begins = iter(rest[counts[2] :])
        nodes = [node for node in environment.recorder.nodes if not any(id(one) in cut for one in node.outputs)]
        firsts = [None if one is None else next(begins) for one in given]
        results = [Tensor(one) for one in backward(nodes, ys, xs, firsts) if one is not None]
        if not results:
            return [op("zeros_like")(Tensor(xs[0]))]
        return [results[0] if len(results) == 1 else add_n(results)]

    graph = sources[0].graph
    described = [(sources[0].dtype, sources[0].samples and _unvalued(sources[0]))]
    operation: Operation = graph.add(
        "Gradient", "grad", inputs, compute, described, role="gradient", sources=(*sources, *stopped)
    )
    return operation.outputs[0]


def _unvalued(tensor: GraphTensor) -> Any:
    assert tensor.samples is not None
    return tuple([without_value(sample) for sample in tensor.samples])


def hessians(ys: Any, xs: Any, name: str = "hessians", **options: Any) -> list[Any]:
    """Add the operations that compute second derivatives of a sum, ``tf.hessians``.

    Args:
        ys: a scalar tensor.
        xs: tensors of known shape.
        name: the scope of the names.
        **options: as of ``gradients``.
    """
    found = []
    for x in _listed(xs):
        (first,) = gradients(ys, x, name=name, **options)
        size = first.static_shape.num_elements()
        flat = op("reshape")(first, [-1])
        rows = [gradients(flat[place], x)[0] for place in range(size)]
        sizes = first.static_shape.as_list()
        found.append(op("reshape")(op("stack")(rows), [*sizes, *sizes]))
    return found
