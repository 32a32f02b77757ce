"""Sparse reading and writing of variables: ``variable.scatter_add(tf.IndexedSlices(...))`` and its kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tenon.core.operations._arrays import expand_dims
from tenon.core.operations._creation import fill
from tenon.core.operations._gather import gather, gather_nd
from tenon.core.operations._indexed_slices import IndexedSlices
from tenon.core.operations._joining import concat
from tenon.core.operations._scatter import scattered
from tenon.core.tensors import Tensor, array_of, convert_to_tensor, int32
from tenon.core.variables import Variable

_SPARSE: Final = ("update", "add", "sub", "mul", "div", "min", "max")
_ND: Final = ("update", "add", "sub", "min", "max")


def _slices(sparse_delta: Any, variable: Any) -> tuple[Any, Any]:
    """Return the indices, each a vector of one number, and the values."""
    if not isinstance(sparse_delta, IndexedSlices):
        raise TypeError(f"Argument `sparse_delta` must be a `tf.IndexedSlices`; received {sparse_delta!r}.")
    vectors = expand_dims(convert_to_tensor(sparse_delta.indices, dtype_hint=int32), -1)
    return vectors.value, array_of(sparse_delta.values, variable.dtype)


def _scatter(how: str) -> Callable[..., Any]:
    def method(self: Any, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        del use_locking, name
        indices, values = _slices(sparse_delta, self)
        array = array_of(self)
        if not values.ndim:
            values = array_of(fill([*indices.shape[:-1], *array.shape[1:]], Tensor(values)))
        return self.assign(Tensor(scattered(array, indices, values, how)))

    method.__doc__ = f"""Scatter slices into the first dimension: {how}.

        Args:
            sparse_delta: a ``tf.IndexedSlices`` of the variable's dtype.
            use_locking: ignored.
            name: ignored.

        Returns:
            The variable.

        Raises:
            TypeError: ``sparse_delta`` is no ``tf.IndexedSlices``.
            InvalidArgumentError: an index is out of bounds, or shapes do not fit.
        """
    return method


def _scatter_nd(how: str) -> Callable[..., Any]:
    def method(self: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
        del name
        places, values = array_of(indices, None, int32), array_of(updates, self.dtype)
        return self.assign(Tensor(scattered(array_of(self), places, values, how)))

    method.__doc__ = f"""Scatter updates to vectors of indices: {how}.

        Args:
            indices: integers; the last dimension holds the vectors.
            updates: values of the variable's dtype.
            name: ignored.

        Returns:
            The variable.

        Raises:
            InvalidArgumentError: an index is out of bounds, or shapes do not fit.
        """
    return method


def _batch_scatter_update(self: Any, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Put slices at indices, batch by batch: the last dimension of the indices counts in that of the variable.

    Args:
        self: the variable.
        sparse_delta: a ``tf.IndexedSlices`` whose indices and values have the variable's first dimensions.
        use_locking: ignored.
        name: ignored.

    Returns:
        The variable.

    Raises:
        TypeError: ``sparse_delta`` is no ``tf.IndexedSlices``.
        InvalidArgumentError: an index is out of bounds, or shapes do not fit.
    """
    del use_locking, name
    indices, values = _slices(sparse_delta, self)
    batches = np.moveaxis(np.indices(indices.shape[:-1], indices.dtype)[:-1], 0, -1)
    vectors = concat([batches, Tensor(indices)], -1)
    return self.assign(Tensor(scattered(array_of(self), vectors.value, values, "update")))


def _sparse_read(self: Any, indices: Any, name: str | None = None) -> Any:
    """Return slices of the first dimension by their indices."""
    del name
    return gather(self, indices)


def _gather_nd(self: Any, indices: Any, name: str | None = None) -> Any:
    """Return the elements or slices that vectors of indices name."""
    del name
    return gather_nd(self, indices)


METHODS: Final[dict[str, Callable[..., Any]]] = {
    **{f"scatter_{how}": _scatter(how) for how in _SPARSE},
    **{f"scatter_nd_{how}": _scatter_nd(how) for how in _ND},
    "batch_scatter_update": _batch_scatter_update,
    "sparse_read": _sparse_read,
    "gather_nd": _gather_nd,
}
"""What variables can do sparsely, by the name of the method."""

for _name, _method in METHODS.items():
    _method.__name__ = _name
    _method.__qualname__ = f"Variable.{_name}"
    setattr(Variable, _name, _method)
