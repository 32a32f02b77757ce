"""Arrays of several tasks become the arrays of one batch. Stateless."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenon.base import FailedPreconditionError

Arrays = Sequence[np.ndarray]


def join(tasks: Sequence[Arrays], rows: int, size: int) -> Arrays:
    """Concatenate the tasks' rows and pad them with copies of the last one, which no answer contains.

    Args:
        tasks: for each task, an array per input; all with equal dimensions besides the first.
        rows: of all tasks.
        size: rows of the batch, at least ``rows``.

    Returns:
        An array per input with ``size`` rows; a single task's own arrays where nothing has to be added.
    """
    if len(tasks) == 1 and size == rows:
        return aligned(tasks[0])
    return [_filled(column, rows, size) for column in zip(*tasks, strict=True)]


def joined_shapes(tasks: Sequence[Arrays], size: int) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of what ``join`` makes of arrays that ``equal_lengths`` has made alike, where that is needed.

    Args:
        tasks: as for ``equal_lengths``.
        size: rows of the batch.

    Example:
        >>> joined_shapes([[np.ones((1, 2))], [np.ones((2, 3))]], 4)
        ((4, 3),)
    """
    columns = zip(*tasks, strict=True)
    return tuple([(size, *longest(column)) for column in columns])


def longest(column: Sequence[np.ndarray]) -> tuple[int, ...]:
    """Return the largest size of each dimension besides the first, among arrays of equal rank."""
    first = column[0].shape[1:]
    if all([array.shape[1:] == first for array in column]):
        return first
    return tuple(max(sizes) for sizes in zip(*(array.shape[1:] for array in column), strict=True))


def aligned(arrays: Arrays) -> Arrays:
    """Return arrays as programs want them; those that are views of a message begin anywhere in it.

    Example:
        >>> aligned([np.frombuffer(bytes(9), np.int32, 2, 1)])[0].flags.aligned
        True
    """
    return [array if array.flags.aligned else array.copy() for array in arrays]


def _filled(column: Sequence[np.ndarray], rows: int, size: int) -> np.ndarray:
    if size == rows:
        return np.concatenate(column)
    last = column[-1]
    batch = np.empty((size, *last.shape[1:]), last.dtype)
    np.concatenate(column, out=batch[:rows])
    batch[rows:] = last[-1:]
    return batch


def equal_lengths(tasks: Sequence[Arrays]) -> list[list[np.ndarray]]:
    """Pad every array, at the end of each dimension besides the first, to the longest of its input.

    Each row block is filled with its own task's first element, as TensorFlow Serving does, so nothing of another task
    gets in; an array without any element is filled with zeros.

    Args:
        tasks: for each task, an array per input; all of equal rank.

    Example:
        >>> [array.tolist() for [array] in equal_lengths([[np.array([[7, 8]])], [np.array([[1]])]])]
        [[[7, 8]], [[1, 1]]]
    """
    columns = [_equally_long(column) for column in zip(*tasks, strict=True)]
    return [list(arrays) for arrays in zip(*columns, strict=True)]


def _equally_long(column: Sequence[np.ndarray]) -> list[np.ndarray]:
    trailing = longest(column)
    return [array if array.shape[1:] == trailing else _lengthened(array, trailing) for array in column]


def _lengthened(array: np.ndarray, trailing: tuple[int, ...]) -> np.ndarray:
    made = np.empty((len(array), *trailing), array.dtype)
    made[...] = array.flat[0] if array.size else np.zeros((), array.dtype)
    made[tuple(slice(size) for size in array.shape)] = array
    return made


def check_rows(outputs: Arrays, size: int) -> None:
    """Check that every output has a row for each row of the batch.

    Raises:
        FailedPreconditionError: one has not, so its rows cannot be told apart.
    """
    for output in outputs:
        if output.ndim == 0 or len(output) != size:
            raise FailedPreconditionError(
                "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input "
                f"tensors: it has the shape {output.shape} for {size} rows. The model must be served without batching."
            )
