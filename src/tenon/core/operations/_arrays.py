"""Shapes of tensors: asking for them and giving other ones to the same elements."""

from __future__ import annotations

from math import prod
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations._sizes import as_axes, as_axis, as_integers, as_sizes
from tenon.core.operations._table import operation
from tenon.core.recording import kernel, run, stage
from tenon.core.tensors import Tensor, TensorShape, array_of, as_shape, as_tensor, unknown_shape


def _integers(sizes: tuple[Any, ...], dtype: Any) -> Any:
    return jnp.asarray(sizes, dtype)


def static_integers(sizes: Any, dtype: Any) -> Any:
    """Return what is known of a shape as an array: a constant, unless a size is a symbol of ``jax.export``."""
    if all(isinstance(size, int) for size in (sizes if isinstance(sizes, tuple) else (sizes,))):
        return np.array(sizes, dtype)
    return stage(kernel(_integers, sizes=sizes, dtype=dtype), ())


def _shape(array: Any, out_type: Any) -> Any:
    return static_integers(array.shape, out_type or np.int32)


def _shapes(arrays: tuple[Any, ...], out_type: Any) -> Any:
    return [static_integers(array.shape, out_type) for array in arrays]


def _size(array: Any, out_type: Any) -> Any:
    return static_integers(prod(array.shape), out_type or np.int32)


def _rank(array: Any) -> Any:
    return np.array(array.ndim, np.int32)


shape = operation(
    "shape",
    "input: any, out_type: dtype = None",
    _shape,
    "Returns the sizes of the dimensions, of int32 unless ``out_type`` is int64; numbers also while tracing.",
    "[[1, 2, 3], [4, 5, 6]]",
    differentiable=False,
    composed=True,
)
shape_n = operation(
    "shape_n",
    'input: [T], out_type: dtype = "int32"',
    _shapes,
    "Returns the shape of each tensor of a list.",
    "[[1, 2, 3], [4, 5, 6]]",
    differentiable=False,
    composed=True,
)
size = operation(
    "size",
    "input: any, out_type: dtype = None",
    _size,
    "Returns the number of elements, of int32 unless ``out_type`` is int64.",
    "[[1, 2, 3], [4, 5, 6]]",
    differentiable=False,
    composed=True,
)
rank = operation(
    "rank",
    "input: any",
    _rank,
    "Returns the number of dimensions.",
    "[[1, 2, 3], [4, 5, 6]]",
    differentiable=False,
    composed=True,
)


def _fitting(shape: tuple[int, ...], wanted: Any) -> tuple[int, ...]:
    """Return the shape that is meant, with the size that -1 stands for."""
    sizes = as_integers(wanted, "shape")
    if any(not isinstance(size, int) for size in (*sizes, *shape)):
        return sizes
    holes = [place for place, size in enumerate(sizes) if size == -1]
    if len(holes) > 1:
        raise InvalidArgumentError(f"tf.reshape: Only one input size may be -1; received {list(sizes)}.")
    if any(size < -1 for size in sizes):
        raise InvalidArgumentError(f"tf.reshape: Size {min(sizes)} must be non-negative; received {list(sizes)}.")
    known = prod([size for size in sizes if size != -1])
    total = prod(shape)
    if holes and not known and not total:  # nothing to divide: the sizes that are not 0 say what is missing
        rest = prod([size for size in shape if size]) // prod([size for size in sizes if size > 0])
        return tuple([rest if size == -1 else size for size in sizes])
    if (not known or total % known) if holes else total != known:
        raise InvalidArgumentError(
            f"tf.reshape: Input to reshape is a tensor with {total} values, but the requested shape {list(sizes)} has "
            f"{'a multiple of ' if holes else ''}{known}; the shape of the tensor is {list(shape)}."
        )
    return tuple([total // known if size == -1 else size for size in sizes])


def _reshape(array: Any, shape: Any) -> Any:
    return array.reshape(_fitting(array.shape, shape))


reshape = operation(
    "reshape",
    "tensor: T, shape",
    _reshape,
    "Returns the same elements in another shape, in which one size may be -1: whatever is left.",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [3, -1]",
    strings=_reshape,
)


def _expand_dims(array: Any, axis: Any) -> Any:
    if isinstance(axis, list | tuple) and len(axis) != 1:
        raise InvalidArgumentError(f"axis: must be a tensor with a single value; received {axis}.")
    place = as_axis(axis, array.ndim + 1)
    return array.reshape(*array.shape[:place], 1, *array.shape[place:])


expand_dims = operation(
    "expand_dims",
    "input: T, axis",
    _expand_dims,
    "Returns the tensor with a new dimension of size 1 at ``axis``.",
    "[1.0, 2.0], -1",
    strings=_expand_dims,
)


def _squeeze(array: Any, axis: Any) -> Any:
    if axis is None or axis == ():
        return array.reshape([size for size in array.shape if not _is_one(size)])
    axes = as_axes(axis, array.ndim)
    for place in axes:
        if not _is_one(array.shape[place]):
            raise InvalidArgumentError(
                f"tf.squeeze: Can not squeeze dim[{place}], expected a dimension of 1, got {array.shape[place]}."
            )
    return array.reshape([size for place, size in enumerate(array.shape) if place not in axes])


def _is_one(size: Any) -> bool:
    return isinstance(size, int) and size == 1


squeeze = operation(
    "squeeze",
    "input: T, axis=None",
    _squeeze,
    "Returns the tensor without its dimensions of size 1, or without those of ``axis``.",
    "[[[1.0], [2.0]]], [0]",
    strings=_squeeze,
)


def _broadcast(array: Any, shape: Any) -> Any:
    xp = np if isinstance(array, np.ndarray) and array.dtype == object else jnp
    return xp.broadcast_to(array, as_sizes(shape))


broadcast_to = operation(
    "broadcast_to",
    "input: T, shape",
    _broadcast,
    "Returns the tensor repeated along dimensions of size 1, and along new first dimensions, up to ``shape``.",
    "[[1.0], [2.0]], [2, 3]",
    strings=_broadcast,
)


@export("broadcast_static_shape")
def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """Return the shape of a result of two tensors that broadcast, as far as it is known.

    Args:
        shape_x: a ``tf.TensorShape``.
        shape_y: a ``tf.TensorShape``.

    Raises:
        ValueError: the shapes do not broadcast.

    Example:
        >>> broadcast_static_shape(TensorShape([None, 3]), TensorShape([2, 1]))
        TensorShape([2, 3])
    """
    x, y = as_shape(shape_x), as_shape(shape_y)
    if x.rank is None or y.rank is None:
        return unknown_shape()
    count = max(x.rank, y.rank)
    pairs = zip([1] * (count - x.rank) + x.as_list(), [1] * (count - y.rank) + y.as_list(), strict=True)
    return TensorShape([_broadcast_size(a, b, x, y) for a, b in pairs])


def _broadcast_size(a: int | None, b: int | None, x: TensorShape, y: TensorShape) -> int | None:
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is None or b is None:
        return b if a is None and b != 1 else a
    raise ValueError(f"Incompatible shapes for broadcasting: {x} and {y}.")


def _traced_sizes(x: Any, y: Any) -> Any:
    rank = max(len(x), len(y))
    x, y = [jnp.pad(sizes, (rank - len(sizes), 0), constant_values=1) for sizes in (x, y)]
    return jnp.where(x == 1, y, x)


def _broadcast_sizes(x: Any, y: Any) -> Any:
    if isinstance(x, jax.core.Tracer) or isinstance(y, jax.core.Tracer):
        return run(_SIZES, [x, y])
    return np.array(np.broadcast_shapes(*[tuple(np.asarray(sizes).tolist()) for sizes in (x, y)]), x.dtype)


_SIZES: Final = kernel(_traced_sizes)

broadcast_dynamic_shape = operation(
    "broadcast_dynamic_shape",
    "shape_x: T, shape_y: T",
    _broadcast_sizes,
    "Returns the shape of a result of two tensors that broadcast, where the shapes are tensors.",
    "[1, 3], [2, 1]",
    differentiable=False,
    composed=True,
)


@export("ensure_shape")
def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """Return ``x`` as it is, if its shape is as stated.

    Args:
        x: a tensor.
        shape: what the shape must be; ``None`` for any size.
        name: ignored.

    Raises:
        InvalidArgumentError: the shape is another.

    Example:
        >>> ensure_shape([1.0, 2.0], [None]).shape
        TensorShape([2])
    """
    del name
    tensor = x if isinstance(x, Tensor) else as_tensor(array_of(x))
    if not tensor.shape.is_compatible_with(shape):
        raise InvalidArgumentError(
            f"tf.ensure_shape: Shape of tensor x {tensor.shape} is not compatible with expected shape "
            f"{as_shape(shape)}."
        )
    return tensor


def _transpose(array: Any, perm: Any, conjugate: bool) -> Any:
    order = tuple(range(array.ndim))[::-1] if perm is None else as_axes(perm, array.ndim, "perm")
    if len(order) != array.ndim:
        raise InvalidArgumentError(
            f"tf.transpose: transpose expects a vector of size {array.ndim}; received perm {list(order)}."
        )
    moved = array.transpose(order)
    return moved.conj() if conjugate and moved.dtype.kind == "c" else moved


transpose = operation(
    "transpose",
    "a: T, perm=None, conjugate=False",
    _transpose,
    "Returns the tensor with its dimensions in the order ``perm``, reversed for none, conjugated if asked for.",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]",
    strings=_transpose,
)
