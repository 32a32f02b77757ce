"""A value whose gradient belongs to another: what is read of a variable after it was assigned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from tenon.core.recording import is_differentiable, kernel, stage, unrecorded


def linked(new: Any, origin: Any) -> Any:
    """Return ``new`` as a value whose gradient goes to ``origin``, another array of its shape and dtype.

    Example:
        >>> import jax
        >>> jax.grad(lambda origin: linked(3.0 * origin, origin) * 2.0)(1.0).item()
        2.0
    """
    if not is_differentiable(new):
        return new
    with unrecorded():
        return stage(_LINKED, [new, origin])


def _first(new: Any, origin: Any) -> Any:
    del origin
    return new


def _jvp(primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    return PRIMITIVE.bind(*primals), tangents[1]


def _batched(values: Sequence[Any], axes: Sequence[int | None]) -> tuple[Any, int]:
    pairs = list(zip(values, axes, strict=True))
    size = next(value.shape[axis] for value, axis in pairs if axis is not None)
    rows = [jnp.broadcast_to(v, (size, *v.shape)) if axis is None else jnp.moveaxis(v, axis, 0) for v, axis in pairs]
    return PRIMITIVE.bind(*rows), 0


PRIMITIVE: Final = Primitive("tenon_linked")
PRIMITIVE.def_impl(_first)
PRIMITIVE.def_abstract_eval(_first)
mlir.register_lowering(PRIMITIVE, lambda _, *operands: [_first(*operands)])
ad.primitive_jvps[PRIMITIVE] = _jvp
batching.primitive_batchers[PRIMITIVE] = _batched

_LINKED: Final = kernel(PRIMITIVE.bind)
