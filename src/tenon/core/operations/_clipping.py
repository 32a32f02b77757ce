"""Keeping values and norms inside bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from tenon.core._names import export
from tenon.core.operations._table import operation
from tenon.core.operations._types import INEXACT, NUMBERS
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, array_of, as_tensor, constant


def _clip(t: Any, clip_value_min: Any, clip_value_max: Any) -> Any:
    if jnp.broadcast_shapes(t.shape, clip_value_min.shape, clip_value_max.shape) != t.shape:
        raise ValueError("clip_value_min, clip_value_max: must broadcast to the shape of t.")
    below = jnp.where(t > clip_value_max, clip_value_max, t)
    return jnp.where(below < clip_value_min, clip_value_min, below)


def _clip_by_norm(t: Any, clip_norm: Any, axes: Any) -> Any:
    squares = jnp.sum(jnp.real(t * jnp.conj(t)), axis=axes, keepdims=True)
    nonzero = squares > 0
    norm = jnp.where(nonzero, jnp.sqrt(jnp.where(nonzero, squares, 1)), squares).astype(t.dtype)
    return t * clip_norm / jnp.where(jnp.real(norm) > jnp.real(clip_norm), norm, clip_norm)


def _l2_normalize(x: Any, axis: Any, epsilon: float, dim: Any) -> Any:
    along = axis if dim is None else dim
    squares = jnp.sum(jnp.real(x * jnp.conj(x)), axis=along, keepdims=True)
    return x * jnp.reciprocal(jnp.sqrt(jnp.where(squares >= epsilon, squares, jnp.asarray(epsilon, squares.dtype))))


def _norm_of_all(*arrays: Any) -> Any:
    return jnp.sqrt(sum([jnp.sum(jnp.real(array * jnp.conj(array))) for array in arrays]))


def _scaled(norm: Any, clip_norm: Any, *arrays: Any) -> tuple[Any, ...]:
    """Scale all by one factor; a norm that is infinite or no number makes everything no number."""
    scale = clip_norm * jnp.minimum(1 / norm, 1 / clip_norm) + (norm - norm)
    return tuple([(array * scale.astype(array.dtype)) for array in arrays])


clip_by_value = operation(
    "clip_by_value",
    "t: T, clip_value_min: T, clip_value_max: T",
    _clip,
    "Returns the tensor with elements outside of two bounds replaced by the nearer bound.",
    "[-1.0, 0.5, 3.0], 0.0, 2.0",
    types=NUMBERS,
)
clip_by_norm = operation(
    "clip_by_norm",
    "t: T, clip_norm: T, axes=None",
    _clip_by_norm,
    "Returns the tensor scaled down so that its L2 norm (along the axes) is at most ``clip_norm``.",
    "[3.0, 4.0], 1.0",
    types=INEXACT,
)
l2_normalize = operation(
    "math.l2_normalize linalg.l2_normalize nn.l2_normalize",
    "x: T, axis=None, epsilon=1e-12, name=None, dim=None",
    _l2_normalize,
    "Returns the tensor divided by its L2 norm along the axis.",
    "[[3.0, 4.0], [1.0, 0.0]], 1",
    types=INEXACT,
)


@export("linalg.global_norm")
def global_norm(t_list: Sequence[Any], name: str | None = None) -> Tensor:
    """Return the L2 norm of all elements of several tensors together; ``None`` among them counts nothing.

    Args:
        t_list: tensors, variables or ``None``, of floating point or complex dtypes.
        name: ignored.

    Raises:
        TypeError: ``t_list`` is no list.

    Example:
        >>> global_norm([[3.0], None, [4.0]]).numpy()
        np.float32(5.0)
    """
    del name
    arrays = [array for array in _arrays(t_list) if array is not None]
    return as_tensor(run(kernel(_norm_of_all), arrays)) if arrays else constant(0.0)


@export("clip_by_global_norm")
def clip_by_global_norm(
    t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """Scale several tensors by one factor, so that their norm together is at most ``clip_norm``.

    Args:
        t_list: tensors, variables or ``None``, of floating point dtypes.
        clip_norm: the largest norm allowed, a number or a tensor without dimensions.
        use_norm: the norm of all, where it is known already.
        name: ignored.

    Returns:
        The scaled tensors (``None`` where there was ``None``), and the norm before. Where the norm is not finite, they
        are filled with NaN.

    Raises:
        TypeError: ``t_list`` is no list.

    Example:
        >>> clipped, norm = clip_by_global_norm([[3.0], [4.0]], 1.0)
        >>> clipped[0].numpy().tolist(), norm.numpy()
        ([0.6000000238418579], np.float32(5.0))
    """
    del name
    arrays = _arrays(t_list)
    norm = global_norm(t_list) if use_norm is None else as_tensor(array_of(use_norm))
    given = [array for array in arrays if array is not None]
    limit = array_of(clip_norm, None, norm.dtype)
    scaled = iter(run(kernel(_scaled), [norm.value, limit, *given]) if given else ())
    return [None if array is None else as_tensor(next(scaled)) for array in arrays], norm


def _arrays(t_list: Any) -> list[Any]:
    if not isinstance(t_list, list | tuple):
        raise TypeError(f"t_list: must be a sequence of tensors; received {t_list!r}.")
    return [None if value is None else array_of(value) for value in t_list]
