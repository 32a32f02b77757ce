"""Operations that compute nothing: they copy, stop gradients, or put others together."""

from __future__ import annotations

from typing import Any

from tenon.core._names import export
from tenon.core.operations._table import operation


def _same(x: Any) -> Any:
    return x


def _all_same(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return inputs


identity = operation(
    "identity guarantee_const",
    "input: any",
    _same,
    "Returns the same values as another tensor.",
    "[1.0, 2.0]",
    strings=_same,
)
stop_gradient = operation(
    "stop_gradient",
    "input: any",
    _same,
    "Returns the same values, through which no gradient flows back.",
    "[1.0, 2.0]",
    differentiable=False,
    strings=_same,
)
identity_n = operation(
    "identity_n", "input: [any]", _all_same, "Returns the same values as other tensors, in a list.", "[[1.0], [2.0]]"
)


@export("tuple")
def tuple_(tensors: Any, control_inputs: Any = None, name: str | None = None) -> list[Any]:
    """Return the tensors, computed together.

    Args:
        tensors: tensors, variables or ``None``.
        control_inputs: ignored: everything before is computed before.
        name: ignored.

    Raises:
        ValueError: there is none.

    Example:
        >>> [tensor.numpy() for tensor in tuple_([1.0, None, 2.0]) if tensor is not None]
        [np.float32(1.0), np.float32(2.0)]
    """
    del control_inputs, name
    if not any(tensor is not None for tensor in tensors):
        raise ValueError(f"tensors: must have at least one tensor; received {tensors!r}.")
    return [None if tensor is None else identity(tensor) for tensor in tensors]


@export("no_op")
def no_op(name: str | None = None) -> None:
    """Do nothing: what runs in order needs no operation to wait for; ``name`` is ignored.

    Example:
        >>> no_op()
    """
    del name


@export("group")
def group(*inputs: Any, name: str | None = None) -> None:
    """Do nothing: the operations given have run in their order already.

    Args:
        *inputs: tensors, or nested structures of them.
        name: ignored.

    Example:
        >>> group(identity(1.0), identity(2.0))
    """
    del inputs, name
