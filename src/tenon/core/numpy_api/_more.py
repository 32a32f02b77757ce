"""Functions of ``tf.experimental.numpy`` that are no plain rows: those that make arrays, look at dtypes, or choose."""

from __future__ import annotations

from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import NAMES, export
from tenon.core.numpy_api._dtypes import array_like, cast, dtype_of, promoted, result_dtype
from tenon.core.numpy_api._functions import PATH, wrapped
from tenon.core.numpy_api._table import average_of, choose, filled
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, as_tensor, constant_value

_TYPES: Final = {
    **{name: getattr(np, name) for name in ("bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")},
    **{name: getattr(np, name) for name in ("uint64", "float16", "float32", "float64", "complex64", "complex128")},
    "int_": np.int64,
    "float_": np.float64,
    "complex_": np.complex128,
    "object_": np.object_,
    "string_": np.bytes_,
    "unicode_": np.str_,
    "inexact": np.inexact,
    "iinfo": np.iinfo,
    "newaxis": None,
    "pi": np.pi,
    "e": np.e,
    "inf": np.inf,
    "ndarray": Tensor,
    "issubdtype": np.issubdtype,
    "finfo": jnp.finfo,
}
for _name, _value in _TYPES.items():
    export(PATH + _name)(_value)


@export(PATH + "array")
def array(val: Any, dtype: Any = None, copy: bool = True, ndmin: int = 0) -> Tensor:
    """Return a tensor of anything, with 64 bits for Python's numbers, as ``numpy.array``.

    Args:
        val: a tensor, an array, a number, or nested lists of those.
        dtype: the dtype; ``None`` for the value's own.
        copy: ignored: tensors never change.
        ndmin: how many dimensions there are at least.

    Example:
        >>> array([1, 2]).dtype, array(1.5).dtype
        (tf.int64, tf.float64)
    """
    del copy
    found = array_like(val)
    wanted = dtype_of(dtype)
    made = as_tensor(found if wanted is None else cast(found, wanted))
    missing = ndmin - made.ndim
    return made if missing <= 0 else NAMES["reshape"](made, [1] * missing + made.shape.as_list())


@export(PATH + "asarray", PATH + "asanyarray", PATH + "ascontiguousarray")
def asarray(a: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of anything, as ``numpy.asarray``.

    Args:
        a: a tensor, an array, a number, or nested lists of those.
        dtype: the dtype; ``None`` for the value's own.

    Example:
        >>> asarray([True]).dtype
        tf.bool
    """
    return array(a, dtype)


@export(PATH + "arange")
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Tensor:
    """Return numbers from a start to before a stop by a step, as ``numpy.arange``.

    Args:
        start: the first; the stop, from 0 on, where ``stop`` is not given.
        stop: where to end, or ``None``.
        step: how far each is from the one before.
        dtype: the dtype; ``None`` for that of the arguments.

    Example:
        >>> arange(1, 7, 2).numpy().tolist()
        [1, 3, 5]
    """
    first, last = (0, start) if stop is None else (start, stop)
    bounds = [constant_value(value) for value in (first, last, step)]
    wanted = dtype_of(dtype) or result_dtype([first, last, step])
    return as_tensor(np.arange(*bounds).astype(wanted))


@export(PATH + "full")
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of one value, as ``numpy.full``.

    Args:
        shape: sizes.
        fill_value: a value that is repeated to the shape.
        dtype: the dtype; ``None`` for the value's own.

    Example:
        >>> full([2], 7.0).numpy().tolist()
        [7.0, 7.0]
    """
    found: Tensor = filled(fill_value, shape, dtype)
    return found


@export(PATH + "full_like")
def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Tensor:
    """Return a tensor of one value, of the shape and dtype of another, as ``numpy.full_like``.

    Args:
        a: a tensor.
        fill_value: the value.
        dtype: the dtype; ``None`` for that of ``a``.
        order: ignored: arrays of XLA have no order in memory.
        subok: ignored: the result is a tensor.
        shape: sizes; ``None`` for those of ``a``.

    Example:
        >>> full_like([1, 2], 7).numpy().tolist()
        [7, 7]
    """
    del order, subok
    like = array_like(a)
    return full(list(like.shape) if shape is None else shape, fill_value, like.dtype if dtype is None else dtype)


@export(PATH + "where")
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Return elements of one or the other tensor, or the places where a condition holds, as ``numpy.where``.

    Args:
        condition: what chooses; not zero is true.
        x: what is taken where it holds.
        y: what is taken elsewhere.

    Raises:
        ValueError: only one of both is given.

    Example:
        >>> where([True, False], 1, 2.5).numpy().tolist()
        [1.0, 2.5]
    """
    if (x is None) != (y is None):
        raise ValueError("where: both x and y must be given, or neither.")
    return nonzero(condition) if x is None else choose(condition, *promoted([x, y]))


@export(PATH + "average")
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False) -> Any:
    """Return a weighted mean, as ``numpy.average``.

    Args:
        a: a tensor.
        axis: over which dimension; ``None`` for all.
        weights: how much each element counts; ``None`` for 1.
        returned: whether the sum of the weights is returned too.

    Example:
        >>> average([1, 4], weights=[2, 1]).numpy()
        np.float64(2.0)
    """
    return average_of(a, weights, axis, returned)


@export(PATH + "nonzero")
def nonzero(a: Any) -> list[Tensor]:
    """Return the indices of elements that are not zero, one tensor for each dimension, as ``numpy.nonzero``.

    Args:
        a: a tensor whose values are known.

    Raises:
        InvalidArgumentError: they are computed in a function that is being traced.

    Example:
        >>> [places.numpy().tolist() for places in nonzero([0, 7])]
        [[1]]
    """
    return [as_tensor(places) for places in np.nonzero(known(a, "nonzero"))]


def known(value: Any, name: str) -> np.ndarray:
    """Return values that decide about shapes.

    Raises:
        InvalidArgumentError: they are computed in a function that is being traced.
    """
    found = array_like(value)
    try:
        return np.asarray(found)
    except TypeError as error:
        raise InvalidArgumentError(
            f"tf.experimental.numpy: the shape of {name} depends on values that are computed in the function that is "
            "being traced, but XLA compiles for fixed shapes; use where with three arguments."
        ) from error


@export(PATH + "meshgrid")
def meshgrid(*xi: Any, **kwargs: Any) -> list[Tensor]:
    """Return the coordinates of a grid, as ``numpy.meshgrid``.

    Args:
        *xi: vectors.
        **kwargs: ``indexing``, ``"xy"`` (the default) or ``"ij"``; ``sparse``.

    Example:
        >>> [x.numpy().tolist() for x in meshgrid([1, 2], [3])]
        [[[1, 2]], [[3, 3]]]
    """
    found = run(kernel(_meshgrid, **kwargs), [array_like(x) for x in xi])
    return [as_tensor(x) for x in found]


def _meshgrid(*arrays: Any, **options: Any) -> Any:
    return tuple(jnp.meshgrid(*arrays, **options))


@export(PATH + "einsum")
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Tensor:
    """Return a sum of products by the names of indices, as ``numpy.einsum``.

    Args:
        subscripts: the names.
        *operands: tensors.
        **kwargs: ignored: XLA orders the products.

    Example:
        >>> einsum("i,i->", [1, 2], [3, 4]).numpy()
        np.int64(11)
    """
    del kwargs
    return wrapped(run(kernel(_einsum, subscripts=subscripts), promoted(operands)))  # type: ignore[no-any-return]


def _einsum(*arrays: Any, subscripts: str) -> Any:
    return jnp.einsum(subscripts, *arrays)


@export(PATH + "result_type")
def result_type(*arrays_and_dtypes: Any) -> np.dtype:
    """Return the dtype in which tensors and dtypes are computed with each other, as ``numpy.result_type``.

    Args:
        *arrays_and_dtypes: tensors, numbers and dtypes.

    Example:
        >>> result_type(np.int32, array([1.5]))
        dtype('float64')
    """
    return result_dtype([np.zeros(0, dtype_of(x)) if _is_dtype(x) else x for x in arrays_and_dtypes])


def _is_dtype(value: Any) -> bool:
    return isinstance(value, type | str | np.dtype) or hasattr(value, "as_numpy_dtype")


@export(PATH + "promote_types")
def promote_types(type1: Any, type2: Any) -> np.dtype:
    """Return the dtype that holds both, as ``numpy.promote_types``.

    Args:
        type1: a dtype.
        type2: another.

    Example:
        >>> promote_types(np.int32, np.float32)
        dtype('float64')
    """
    return result_type(type1, type2)


@export(PATH + "shape")
def shape(a: Any) -> tuple[int, ...]:
    """Return the sizes, as ``numpy.shape``.

    Args:
        a: a tensor or nested lists.

    Example:
        >>> shape([[1, 2]])
        (1, 2)
    """
    return tuple(array_like(a).shape)


@export(PATH + "ndim")
def ndim(a: Any) -> int:
    """Return the number of dimensions, as ``numpy.ndim``.

    Args:
        a: a tensor or nested lists.

    Example:
        >>> ndim([[1, 2]])
        2
    """
    return len(shape(a))


@export(PATH + "size")
def size(x: Any, axis: int | None = None) -> int:
    """Return the number of elements, as ``numpy.size``.

    Args:
        x: a tensor or nested lists.
        axis: along which dimension; ``None`` for all.

    Example:
        >>> size([[1, 2]])
        2
    """
    sizes = shape(x)
    return int(np.prod(sizes)) if axis is None else sizes[axis]


@export(PATH + "isscalar")
def isscalar(num: Any) -> bool:
    """Tell whether a value is a scalar, as ``numpy.isscalar``.

    Args:
        num: anything.

    Example:
        >>> isscalar(1), isscalar([1])
        (True, False)
    """
    return ndim(num) == 0


@export(PATH + "isrealobj")
def isrealobj(x: Any) -> bool:
    """Tell whether the dtype is not complex, as ``numpy.isrealobj``.

    Args:
        x: a tensor.

    Example:
        >>> isrealobj([1])
        True
    """
    return bool(array_like(x).dtype.kind != "c")


@export(PATH + "iscomplexobj")
def iscomplexobj(x: Any) -> bool:
    """Tell whether the dtype is complex, as ``numpy.iscomplexobj``.

    Args:
        x: a tensor.

    Example:
        >>> iscomplexobj([1])
        False
    """
    return not isrealobj(x)


@export(PATH + "diag_indices")
def diag_indices(n: int, ndim: int = 2) -> list[Tensor]:
    """Return the indices of a diagonal, as ``numpy.diag_indices``.

    Args:
        n: how long it is.
        ndim: how many dimensions there are.

    Example:
        >>> [places.numpy().tolist() for places in diag_indices(2)]
        [[0, 1], [0, 1]]
    """
    return [as_tensor(np.arange(n)) for _ in range(ndim)]


@export(PATH + "ix_")
def ix_(*args: Any) -> list[Tensor]:
    """Return indices that name a grid, as ``numpy.ix_``.

    Args:
        *args: vectors of integers or of bool.

    Example:
        >>> [x.shape.as_list() for x in ix_([0, 1], [2])]
        [[2, 1], [1, 1]]
    """
    return [as_tensor(x) for x in np.ix_(*[known(x, "ix_") for x in args])]


@export(PATH + "select")
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
    """Return elements of the first choice whose condition holds, as ``numpy.select``.

    Args:
        condlist: conditions.
        choicelist: as many tensors.
        default: what is taken where no condition holds.

    Example:
        >>> select([[True, False]], [[1, 2]]).numpy().tolist()
        [1, 0]
    """
    found = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = where(condition, choice, found)
    return asarray(found)
