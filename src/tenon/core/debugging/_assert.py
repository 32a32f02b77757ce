"""``tf.debugging.Assert``: a condition, and what to show where it does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.debugging._conditions import require
from tenon.core.tensors import array_of, bool_


@export("debugging.Assert", "Assert")
def Assert(condition: Any, data: Sequence[Any], summarize: int | None = None, name: str | None = None) -> None:  # noqa: N802  # TensorFlow's name
    """Refuse to go on unless a condition holds, ``tf.debugging.Assert``.

    Args:
        condition: one boolean.
        data: tensors that the error shows.
        summarize: how many elements of each the error shows; ``None`` for 3, -1 for all.
        name: ignored.

    Raises:
        InvalidArgumentError: the condition does not hold, or is more than one. In a traced function it comes when the
            function runs, unless the condition is known while it is traced.

    Example:
        >>> Assert(1 + 1 == 2, ["the world is broken"])
    """
    del name
    holds = array_of(condition, bool_)
    if holds.ndim:
        raise InvalidArgumentError(
            f"condition: must be one boolean; received shape {list(holds.shape)}. Use tf.reduce_all or tf.reduce_any."
        )
    arrays = [array_of(item) for item in data]
    count = 3 if summarize is None else summarize
    tell = partial(_staged_story if isinstance(holds, jax.core.Tracer) else _eager_story, condition, arrays, count)
    require(holds, tell, [array for array in arrays if array.dtype.kind != "O"])


def _merged(arrays: Sequence[Any], numbers: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield every array, the numbers as they are now that their values are known."""
    known = iter(numbers)
    yield from [array if array.dtype.kind == "O" else next(known) for array in arrays]


def _elements(array: np.ndarray, count: int) -> tuple[list[Any], bool]:
    flat = array.ravel().tolist()
    return (flat, False) if count < 0 else (flat[:count], len(flat) > count)


def _eager_story(condition: Any, arrays: Sequence[Any], count: int, *numbers: np.ndarray) -> str:
    lines = []
    for array in _merged(arrays, numbers):
        shown, more = _elements(array, count)
        lines.append(", ".join([str(item) for item in shown] + ["..."] * more))
    return f"Expected '{condition!s}' to be true. Summarized data: " + "\n".join(lines)


def _staged_story(condition: Any, arrays: Sequence[Any], count: int, *numbers: np.ndarray) -> str:
    del condition
    texts = []
    for array in _merged(arrays, numbers):
        shown, more = _elements(array, count)
        words = [item.decode(errors="backslashreplace") if isinstance(item, bytes) else str(item) for item in shown]
        texts.append(f"[{' '.join(words)}{'...' * more}]")
    return f"assertion failed: {' '.join(texts)}"
