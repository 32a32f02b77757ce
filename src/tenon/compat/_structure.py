"""What only graphs have: placeholders, groups, order, names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tenon.compat._graph import get_default_graph, graph_to_build
from tenon.compat._mode import building
from tenon.compat._operation import GraphTensor, Operation
from tenon.compat._ops import op, tensor_of
from tenon.compat._program import UnfedError
from tenon.compat._samples import samples_of
from tenon.core import NAMES
from tenon.core.nest import flatten
from tenon.core.tensors import Tensor, TensorShape, as_dtype, as_shape
from tenon.core.variables import name_scope as core_name_scope


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> GraphTensor:
    """Return a tensor that has to be fed, ``tf.compat.v1.placeholder``.

    Args:
        dtype: the type of its elements.
        shape: what is known of its shape, with ``None`` for sizes that are not; ``None`` for nothing.
        name: the operation's name.

    Raises:
        RuntimeError: no graph is built.
    """
    graph = graph_to_build("tf.placeholder()")
    kind, stated = as_dtype(dtype), TensorShape(None) if shape is None else as_shape(shape)
    described = [(kind, samples_of(stated, kind))]
    operation = graph.add("Placeholder", name, [], _unfed, described, role="placeholder")
    if stated.rank is None:
        return operation.outputs[0]

    def compute(environment: Any, values: Any) -> list[Tensor]:
        del environment, values
        raise UnfedError(
            f"You must feed a value for placeholder tensor '{operation.name}' with dtype {kind.name} and shape {stated}"
        )

    operation.compute = compute
    return operation.outputs[0]


def _unfed(environment: Any, values: Any) -> list[Tensor]:
    del environment, values
    raise UnfedError("You must feed a value for placeholder tensor; one of unknown shape has none.")


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> GraphTensor:  # noqa: A002
    """Return a tensor that may be fed, ``tf.compat.v1.placeholder_with_default``.

    Args:
        input: its value where it is not.
        shape: what is known of its shape.
        name: the operation's name.
    """
    graph = graph_to_build("tf.compat.v1.placeholder_with_default")
    value = tensor_of(input)
    described = [(value.dtype, samples_of(as_shape(shape), value.dtype))]
    operation = graph.add("PlaceholderWithDefault", name, [value], lambda _, values: values, described)
    return operation.outputs[0]


def group(*inputs: Any, name: str | None = None) -> Any:
    """Return an operation that is done when others are, ``tf.group``.

    Args:
        *inputs: operations, tensors, variables, nested.
        name: its name.

    Raises:
        TypeError: something is none of those.
    """
    if not building():
        return None
    graph = get_default_graph()
    with graph.control_dependencies([one for one in flatten(inputs) if one is not None]):
        return graph.add("NoOp", name or "group_deps", [], _nothing, [], role="group")


def no_op(name: str | None = None) -> Any:
    """Return an operation that does nothing, ``tf.no_op``."""
    return get_default_graph().add("NoOp", name, [], _nothing, [], role="group") if building() else None


def _nothing(environment: Any, values: Any) -> list[Tensor]:
    del environment, values
    return []


def tuple_(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """Return tensors that are there only when all are, ``tf.tuple``.

    Args:
        tensors: tensors or ``None``.
        name: accepted and ignored.
        control_inputs: further operations to wait for.
    """
    del name
    if not building():
        found: list[Any] = NAMES["tuple"](tensors)
        return found
    waited = [one for one in tensors if one is not None] + list(control_inputs or [])
    with control_dependencies(waited):
        return [None if one is None else op("identity")(one) for one in tensors]


def control_dependencies(control_inputs: Any) -> AbstractContextManager[None]:
    """Let operations that are made inside wait for others, ``tf.control_dependencies``.

    Args:
        control_inputs: operations, tensors and variables; ``None`` leaves all such contexts.
    """
    if building():
        return get_default_graph().control_dependencies(control_inputs)
    context: AbstractContextManager[None] = NAMES["control_dependencies"](control_inputs)
    return context


@contextmanager
def name_scope(name: str | None, default_name: str | None = None, values: Sequence[Any] | None = None) -> Iterator[str]:
    """Put a scope before names, ``tf.compat.v1.name_scope``.

    Args:
        name: the scope; ``None`` for ``default_name``.
        default_name: the scope where ``name`` is ``None``.
        values: accepted and ignored.

    Raises:
        TypeError: ``values`` come without a name.
    """
    stem = default_name if name is None else name
    if stem is None and values is not None:
        raise TypeError("At least one of name (None) and default_name (None) must be provided.")
    if not building():
        with core_name_scope(stem) as scope:
            yield scope
        return
    with get_default_graph().name_scope(stem) as scope:
        yield scope


def as_operation(value: Any) -> Operation:
    """Return what a tensor, variable or operation stands for in control dependencies."""
    return get_default_graph().operation_of(value)
