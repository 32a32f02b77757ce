"""Slices of tensors: Python's index expressions, ``tf.slice`` and ``tf.strided_slice``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.host_symbols import StringSymbol
from tenon.core.operations._cuts import FULL, INDEX, NEW, TRACED, Cut, Part, cut_of, is_traced, parsed, plain, spread
from tenon.core.operations._masks import is_mask, masked
from tenon.core.operations._moved_strings import taken
from tenon.core.operations._sizes import as_integers
from tenon.core.operations._table import operation
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, as_tensor, install_method, known_shape

Form = tuple[Part, ...]

_INT32_END: Final = 1 << 31


def block_of(array: Any, known: Any, traced: Sequence[Any], form: Form) -> tuple[list[Any], list[int], list[int]]:
    """Return where the smallest block begins that holds all elements of a cut, its sizes, and the steps inside."""
    knowns, others = iter(range(len(form))), iter(traced)
    starts, sizes, steps = [], [], []
    for part, length in zip([part for part in form if part != NEW], array.shape, strict=True):
        size, step = part[:2] if isinstance(part, tuple) else (length if part == FULL else 1, 1)
        begin = 0 if part == FULL else _from_front(next(others), length) if is_traced(part) else known[next(knowns)]
        starts.append(begin if step > 0 or not size else begin + (size - 1) * step)
        sizes.append((size - 1) * abs(step) + 1 if size else 0)
        steps.append(step)
    return starts, sizes, steps


def _from_front(place: Any, length: int) -> Any:
    return jnp.where(place < 0, place + length, place)


def of_one_type(starts: Sequence[Any], known: Any) -> list[Any]:
    """Return where a block begins as scalars of the dtype that the known begins have."""
    return [jnp.asarray(start, known.dtype) for start in starts]


def cut_shape(form: Form, shape: Sequence[int]) -> list[int]:
    """Return the shape of a cut of an array of ``shape``."""
    lengths = iter(shape)
    found: list[int] = []
    for part in form:
        length = 1 if part == NEW else next(lengths)
        if part not in (INDEX, TRACED):
            found.append(part[0] if isinstance(part, tuple) else length)
    return found


def _cut(array: Any, known: Any, *traced: Any, form: Form) -> Any:
    starts, sizes, steps = block_of(array, known, traced, form)
    if isinstance(known, np.ndarray) and not traced:  # a function is being traced, and the begins are numbers
        ends = [int(start) + size for start, size in zip(starts, sizes, strict=True)]
        block = lax.slice(array, [int(start) for start in starts], ends, [abs(step) for step in steps])
    else:
        block = lax.dynamic_slice(array, of_one_type(starts, known), sizes, allow_negative_indices=False)
        if any(abs(step) > 1 for step in steps):
            block = lax.slice(block, [0] * block.ndim, block.shape, [abs(step) for step in steps])
    backwards = [place for place, step in enumerate(steps) if step < 0]
    return (lax.rev(block, backwards) if backwards else block).reshape(cut_shape(form, array.shape))


def begins_of(cut: Cut, shape: Sequence[int]) -> np.ndarray:
    """Return the known begins as the array that kernels take."""
    return np.array(cut.begins, np.int64 if max(shape, default=0) >= _INT32_END else np.int32)


def sliced(array: Any, cut: Cut) -> Any:
    """Return the elements of a cut as an array."""
    if isinstance(array, np.ndarray):
        return np.asarray(array[numpy_key(cut)], array.dtype)
    return run(kernel(_cut, form=cut.form), [array, begins_of(cut, array.shape), *cut.traced])


def numpy_key(cut: Cut) -> tuple[Any, ...]:
    """Return the index expression by which NumPy takes the same elements."""
    begins = iter(cut.begins)
    return tuple([_numpy_part(part, begins) for part in cut.form])


def _numpy_part(part: Part, begins: Any) -> Any:
    if part in (NEW, FULL):
        return None if part == NEW else slice(None)
    begin = next(begins)
    if part == INDEX:
        return begin
    size, step = part
    end = begin + size * step
    return slice(begin, end if end >= 0 else None, step) if size else slice(0, 0)


def _symbolic_cut(array: Any, *places: Any, key: tuple[Any, ...]) -> Any:
    given = iter(places)
    return array[tuple([_index(item, given) if isinstance(item, tuple) else item for item in key])]


def _index(item: tuple[Any, ...], places: Iterator[Any]) -> Any:
    return slice(*item[1:]) if item[0] == "slice" else next(places)


def _sliced_symbolically(array: Any, key: Any) -> Any:
    """Slice an array of which a size is a symbol of ``jax.export``: JAX knows how to compare those."""
    items = [_known(plain(item)) for item in (key if isinstance(key, tuple | list) else (key,))]
    places = [item for item in items if isinstance(item, jax.core.Tracer)]
    hashable = [("place",) if isinstance(item, jax.core.Tracer) else item for item in items]
    return run(kernel(_symbolic_cut, key=tuple(hashable)), [array, *places])


def _known(item: Any) -> Any:
    """Return a slice with symbols of ``jax.export`` for bounds that are computed from sizes."""
    if not isinstance(item, slice):
        return item
    bounds = (item.start, item.stop, item.step)
    return ("slice", *[known_shape(bound) if isinstance(bound, jax.core.Tracer) else bound for bound in bounds])


def get_item(tensor: Any, key: Any) -> Tensor:
    """Return the part of a tensor that an index expression of Python means, as ``tensor[key]``.

    Args:
        tensor: a tensor.
        key: an integer or scalar integer tensor, a slice, ``...``, ``tf.newaxis``, a tuple or list of those, or a mask:
            a tensor or NumPy array of bool of the tensor's first dimensions.

    Raises:
        TypeError: something in the key is no index.
        InvalidArgumentError: an index is out of bounds, or there are too many.

    Example:
        >>> get_item(as_tensor(np.arange(6).reshape(2, 3)), (-1, slice(None, None, 2))).numpy().tolist()
        [3, 5]
    """
    array = tensor.value
    if isinstance(array, StringSymbol):
        return Tensor(taken(array, lambda numbers: get_item(numbers, key)))
    if is_mask(key):
        return as_tensor(masked(array, key))
    if all(isinstance(size, int) for size in array.shape):
        return as_tensor(sliced(array, parsed(key, array.shape)))
    return as_tensor(_sliced_symbolically(array, key))


install_method("__getitem__", get_item)


def _slice(array: Any, begin: Any, size: Any) -> Any:
    sizes = as_integers(size, "size")
    if begin.shape != (array.ndim,) or len(sizes) != array.ndim:
        raise InvalidArgumentError(
            f"Expected begin and size arguments to be 1-D tensors of size {array.ndim}, but got shapes "
            f"{list(begin.shape)} and [{len(sizes)}] instead. [Op:Slice]"
        )
    if not all(isinstance(length, int) for length in array.shape):
        ends = [None if wanted == -1 else start + wanted for start, wanted in zip(begin.tolist(), sizes, strict=True)]
        return _sliced_symbolically(array, [slice(*pair) for pair in zip(begin.tolist(), ends, strict=True)])
    if isinstance(begin, jax.core.Tracer):
        return run(kernel(_cut, form=_traced_form(array.shape, sizes)), [array, begin])
    begins = np.asarray(begin).tolist()
    form = []
    for place, (length, start, wanted) in enumerate(zip(array.shape, begins, sizes, strict=True)):
        _check_range("begin", place, start, length)
        _check_range("size", place, length - start if wanted == -1 else wanted, length - start)
        form.append((length - start if wanted == -1 else wanted, 1))
    return sliced(array, Cut(tuple(form), begins, []))


def _traced_form(shape: Sequence[int], sizes: Sequence[int]) -> Form:
    if -1 in sizes:
        raise InvalidArgumentError(
            "tf.slice: a size of -1 depends on where the slice begins, which is computed in the function that is being "
            f"traced, but XLA compiles for fixed shapes; received {list(sizes)}. Give every size."
        )
    for place, (length, size) in enumerate(zip(shape, sizes, strict=True)):
        _check_range("size", place, size, length)
    return tuple([(size, 1) for size in sizes])


def _check_range(name: str, place: int, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise InvalidArgumentError(f"Expected {name}[{place}] in [0, {most}], but got {value}. [Op:Slice]")


slice_ = operation(
    "slice",
    "input_: T, begin: index, size",
    _slice,
    "Returns the block of ``size`` elements that starts at ``begin``; a size of -1 takes all that is left.",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0, 1], [2, -1]",
    strings=_slice,
    composed=True,
)


def _strided_slice(array: Any, begin: Any, end: Any, strides: Any, **masks: int) -> Any:
    begins, ends = as_integers(begin, "begin"), as_integers(end, "end")
    steps = (1,) * len(begins) if strides is None else as_integers(strides, "strides")
    if not len(begins) == len(ends) == len(steps):
        raise InvalidArgumentError(
            "Expected begin, end, and strides to be 1D equal size tensors, but got shapes "
            f"[{len(begins)}], [{len(ends)}], and [{len(steps)}] instead. [Op:StridedSlice]"
        )
    parts = enumerate(zip(begins, ends, steps, strict=True))
    items = [_masked_item(place, *part, masks) for place, part in parts]
    return sliced(array, cut_of(spread(items, array.ndim), array.shape))


def _masked_item(place: int, begin: int, end: int, step: int, masks: dict[str, int]) -> Any:
    def marked(name: str) -> bool:
        return bool(masks[f"{name}_mask"] >> place & 1)

    if marked("ellipsis"):
        return Ellipsis
    if marked("new_axis"):
        return None
    if marked("shrink_axis"):
        if step <= 0:
            raise InvalidArgumentError(f"only stride 1 allowed on non-range indexing; received {step}.")
        return begin
    return slice(None if marked("begin") else begin, None if marked("end") else end, step)


strided_slice = operation(
    "strided_slice",
    "input_: T, begin, end, strides=None, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0, "
    "shrink_axis_mask=0",
    _strided_slice,
    "Returns every ``strides``-th element from ``begin`` up to ``end``; bit ``i`` of a mask changes dimension ``i``.",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [1, 0], [2, 3], [1, 2]",
    strings=_strided_slice,
    composed=True,
)
