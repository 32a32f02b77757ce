"""``tf.TensorArray``: tensors written one by one and stacked at the end.

As long as positions are known, it is a list. What goes through a loop of the program is one tensor, the *buffer*, of
fixed size; a buffer whose rows have no shape yet gets it from the first write in the loop.
"""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError, OutOfRangeError
from tenon.core._names import export
from tenon.core.control_flow._unallocated import row_shape, unallocated, with_rows
from tenon.core.recording import kernel, run
from tenon.core.tensors import DType, Tensor, TensorShape, array_of, as_dtype, as_tensor, constant_value
from tenon.core.tracing import executing_eagerly


@export("TensorArray")
class TensorArray:
    """Tensors of one dtype, written and read by position, ``tf.TensorArray``.

    Each method that writes returns the array to go on with; at top level that is the same object. In a loop of the
    program positions are not known while it is traced: writing outside of the array does nothing there.

    Args:
        dtype: the dtype of the tensors.
        size: how many there are; with ``dynamic_size``, how many there are at first.
        dynamic_size: whether writing behind the end makes it longer. In a loop of the program sizes are fixed; a loop
            of known length that carries such an array is unrolled while it is traced.
        clear_after_read: whether a tensor may be read only once; ``None`` for yes. Checked at top level.
        tensor_array_name: ignored.
        handle: ignored.
        flow: ignored.
        infer_shape: whether all tensors must have one shape.
        element_shape: that shape, or what is known of it; ``None`` for that of the first write.
        colocate_with_first_write_call: ignored.
        name: ignored.

    Example:
        >>> array = TensorArray("int32", size=2)
        >>> array = array.write(0, 10).write(1, 20)
        >>> array.stack().numpy().tolist()
        [10, 20]
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        del tensor_array_name, handle, flow, colocate_with_first_write_call, name
        self._dtype = as_dtype(dtype)
        self._dynamic = bool(dynamic_size)
        self._clears = clear_after_read is None or bool(clear_after_read)
        self._infers = infer_shape
        self._shape = TensorShape(element_shape)
        self._rows: list[Any] = [None] * int(constant_value(0 if size is None else size))
        self._buffer: Any = None

    @property
    def dtype(self) -> DType:
        """The dtype of the tensors."""
        return self._dtype

    @property
    def dynamic_size(self) -> bool:
        """Whether writing behind the end makes it longer."""
        return self._dynamic

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the shape of the tensors."""
        return self._shape

    @property
    def flow(self) -> Tensor:
        """A scalar without meaning: TensorFlow orders writes with it."""
        return as_tensor(np.float32(0))

    @property
    def handle(self) -> None:
        """Nothing: there is no resource behind the array."""
        return None

    def size(self, name: str | None = None) -> Tensor:
        """Return how many tensors there are, an int32 scalar."""
        del name
        return as_tensor(np.int32(self._count))

    @property
    def _count(self) -> int:
        return len(self._rows) if self._buffer is None else int(self._buffer.shape[0])

    def identity(self) -> TensorArray:
        """Return an array with the same tensors."""
        return self._copy(list(self._rows), self._buffer)

    def close(self, name: str | None = None) -> None:
        """Let go of the tensors."""
        del name
        self._rows, self._buffer = [], None

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with a tensor at a position.

        Args:
            index: the position, an int32 scalar.
            value: the tensor.
            name: ignored.

        Raises:
            OutOfRangeError: there is no such position.
            InvalidArgumentError: the value has another dtype.
            ValueError: the value has another shape than those before.
        """
        del name
        array, place = self._checked(value), array_of(index)
        self._check_shape(array.shape)
        if isinstance(place, jax.core.Tracer) or self._buffer is not None:
            return self._changed([], run(_WRITE, [self._whole(array.shape), array, place]))
        rows = self._rows if executing_eagerly() else list(self._rows)
        self._put(rows, int(place), array)
        return self._changed(rows, None)

    def _checked(self, value: Any) -> Any:
        array = array_of(value, hint=self._dtype)
        if array.dtype != self._dtype.dtype:
            raise InvalidArgumentError(
                f"TensorArray dtype is {self._dtype.name} but Op is trying to write dtype "
                f"{as_dtype(array.dtype).name}: "
                "use tf.cast."
            )
        return array

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if not self._shape.is_compatible_with(shape):
            raise ValueError(
                f"Incompatible shape for value ({TensorShape(shape)}), expected ({self._shape}): all tensors of a "
                "TensorArray have one shape, unless infer_shape=False."
            )
        if self._infers:
            self._shape = TensorShape(shape)

    def _put(self, rows: list[Any], place: int, array: Any) -> None:
        if place < 0:
            raise OutOfRangeError(f"Writing to negative indices (index {place}) is not allowed.")
        if place >= len(rows):
            if not self._dynamic:
                raise OutOfRangeError(
                    f"Tried to write to index {place} but array is not resizeable and size is: {len(rows)}. Make it "
                    "larger, or pass dynamic_size=True."
                )
            rows.extend([None] * (place + 1 - len(rows)))
        rows[place] = array

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """Return the tensor at a position; zeros where nothing was written.

        Raises:
            OutOfRangeError: there is no such position.
            InvalidArgumentError: the tensor was read before.
            ValueError: nothing was written and the shape is not known.
        """
        del name
        place = array_of(index)
        if isinstance(place, jax.core.Tracer) or self._buffer is not None:
            return Tensor(run(_READ, [self._whole(), place]))
        number = int(place)
        if not 0 <= number < len(self._rows):
            raise OutOfRangeError(f"Tried to read from index {number} but array size is: {len(self._rows)}.")
        array = self._row(number)
        if self._clears and executing_eagerly():
            self._rows[number] = _CLEARED
        return as_tensor(array)

    def _row(self, number: int) -> Any:
        array = self._rows[number]
        if array is _CLEARED:
            raise InvalidArgumentError(
                f"Could not read index {number} twice because it was cleared after a previous read (perhaps try "
                "setting "
                "clear_after_read = false?)."
            )
        return self._zeros() if array is None else array

    def stack(self, name: str | None = None) -> Tensor:
        """Return all tensors along a new first dimension; zeros where nothing was written.

        Raises:
            InvalidArgumentError: a tensor was read before.
            ValueError: nothing was written and the shape is not known.
        """
        del name
        return as_tensor(self._whole())

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """Return the tensors at some positions along a new first dimension; errors as in ``stack``."""
        del name
        return Tensor(run(_GATHER, [self._whole(), array_of(indices)]))

    def concat(self, name: str | None = None) -> Tensor:
        """Return all tensors joined along their first dimension; errors as in ``stack``."""
        del name
        rows = [self._buffer] if self._buffer is not None else [self._row(place) for place in range(len(self._rows))]
        return Tensor(run(_MERGE if self._buffer is not None else _CONCAT, rows))

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with the rows of a tensor.

        Raises:
            ValueError: the value is a scalar, or has another number of rows than the array.
        """
        del name
        array = self._checked(value)
        if not array.ndim:
            raise ValueError("value must have at least one dimension; received a scalar.")
        count = int(array.shape[0])
        if count > self._count and not self._dynamic:
            raise ValueError(
                f"Cannot unstack tensor: it has {count} rows, but the TensorArray has size {self._count} and is not "
                "resizeable; make it larger, or pass dynamic_size=True."
            )
        self._check_shape(array.shape[1:])
        rows = [run(_READ, [array, np.int32(place)]) for place in range(count)]
        return self._changed([*rows, *[None] * (self._count - count)], None)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with the rows of ``value`` at some positions; errors as in ``write``."""
        del name
        places, rows = array_of(indices), self._checked(value)
        result = self
        for number in range(int(places.shape[0])):
            place, row = [run(_READ, [array, np.int32(number)]) for array in (places, rows)]
            result = result.write(Tensor(place), Tensor(row))
        return result

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Return the array with pieces of a tensor, whose ``lengths`` along the first dimension must be known."""
        del name
        result, start, whole = self, 0, self._checked(value)
        for place, length in enumerate(constant_value(lengths)):
            piece = run(kernel(_slice, start=start, length=length), [whole])
            result = result.write(place, Tensor(piece))
            start += length
        return result

    def _changed(self, rows: list[Any], buffer: Any) -> TensorArray:
        """Return the array with these contents: itself at top level, as TensorFlow does."""
        if not executing_eagerly():
            return self._copy(rows, buffer)
        self._rows, self._buffer = rows, buffer
        return self

    def _copy(self, rows: list[Any], buffer: Any) -> TensorArray:
        made = object.__new__(TensorArray)
        made.__dict__.update(self.__dict__)
        made._rows, made._buffer = rows, buffer
        return made

    def _zeros(self, shape: tuple[int, ...] | None = None) -> np.ndarray:
        known = self._shape if shape is None else TensorShape(shape)
        if not known.is_fully_defined():
            raise ValueError(
                f"TensorArray: nothing was written there and the shape {known} of the tensors is not known; write "
                "all of "
                "them, or pass element_shape."
            )
        return np.zeros([size or 0 for size in known], self._dtype.dtype)

    def _whole(self, shape: tuple[int, ...] | None = None) -> Any:
        """Return all tensors as one array; ``shape`` is theirs where nothing was written."""
        if self._buffer is not None:
            return with_rows(self._buffer, shape)
        known = self._shape if shape is None else TensorShape(shape)
        if not self._rows:
            return np.zeros((0, *(self._zeros(shape).shape if known.is_fully_defined() else ())), self._dtype.dtype)
        if all([row is None for row in self._rows]):
            return np.zeros((len(self._rows), *self._zeros(shape).shape), self._dtype.dtype)
        return run(_STACK, [self._row(place) for place in range(len(self._rows))])

    def __tf_components__(self) -> Tensor:
        if self._buffer is not None:
            return Tensor(self._buffer)
        is_empty = all([row is None for row in self._rows])
        if is_empty and not self._shape.is_fully_defined():
            return as_tensor(unallocated(len(self._rows), self._dtype.dtype))
        return as_tensor(self._whole())

    def __tf_static__(self) -> Any:
        return self._dtype, self._dynamic

    def __tf_from_components__(self, parts: Any) -> TensorArray:
        made = self._copy([], getattr(parts, "value", None))
        if made._buffer is not None:
            made._shape = row_shape(made._buffer) if self._infers else self._shape
        return made

    def __repr__(self) -> str:
        return f"<tf.TensorArray: size={self._count}, dtype={self._dtype.name}, element_shape={self._shape}>"


class _Cleared:
    """Stands where a tensor was read and let go of."""


_CLEARED: Final = _Cleared()


def _slice(rows: Any, start: int, length: int) -> Any:
    return rows[start : start + length]


_WRITE: Final = kernel(lambda buffer, row, place: jnp.asarray(buffer).at[place].set(row, mode="drop"))
_READ: Final = kernel(lambda rows, place: jax.lax.dynamic_index_in_dim(rows, place, keepdims=False))
_GATHER: Final = kernel(lambda rows, places: jnp.take(rows, places, axis=0))
_STACK: Final = kernel(lambda *rows: jnp.stack(rows))
_CONCAT: Final = kernel(lambda *rows: jnp.concatenate(rows))
_MERGE: Final = kernel(lambda rows: rows.reshape(-1, *rows.shape[2:]))
