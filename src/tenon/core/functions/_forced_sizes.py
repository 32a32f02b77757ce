"""Open sizes that a function takes only as one number, learned from why it could not be traced with symbols.

A signature may say ``[None, None]`` where the function adds a variable of 30 elements: TensorFlow finds out when it is
called, XLA wants to know before. JAX says which shapes did not go together; a symbol beside a number had to be that
number. A suggestion is only tried: tracing says whether it was right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import jax

_SHAPE: Final = re.compile(r"[\[(]([\w*+, -]+)[\])]")


def with_forced_sizes(error: Exception, given: Sequence[jax.ShapeDtypeStruct]) -> Iterator[list[jax.ShapeDtypeStruct]]:
    """Yield shapes to trace with instead, each with one symbol less; first dimensions stay as they are.

    Args:
        error: what was raised for ``given``.
        given: shapes with symbols.

    Example:
        >>> from jax.export import symbolic_shape
        >>> given = [jax.ShapeDtypeStruct(symbolic_shape("b, d"), "float32")]
        >>> error = ValueError("Incompatible shapes for broadcasting: shapes=[(b, d), (30,)]")
        >>> [found[0].shape for found in with_forced_sizes(error, given)]
        [(b, 30)]
    """
    symbols = {str(size) for struct in given for size in struct.shape[1:] if not isinstance(size, int)}
    for symbol, size in dict.fromkeys(_pairs(str(error))):
        if symbol in symbols:
            yield [_with_size(struct, symbol, size) for struct in given]


def _pairs(message: str) -> Iterator[tuple[str, int]]:
    """Yield a symbol and the number beside it, for shapes that come one after the other and end at the same place."""
    if "ncompatible shapes" not in message:
        return
    shapes = [found.replace(" ", "").rstrip(",").split(",") for found in _SHAPE.findall(message)]
    for pair in pairwise(shapes):
        for first, second in zip(*[reversed(shape) for shape in pair], strict=False):
            symbol, number = (second, first) if first.isdigit() else (first, second)
            if number.isdigit() and int(number) > 1:
                yield symbol, int(number)


def _with_size(struct: jax.ShapeDtypeStruct, symbol: str, size: int) -> jax.ShapeDtypeStruct:
    shape = [size if place and str(known) == symbol else known for place, known in enumerate(struct.shape)]
    return jax.ShapeDtypeStruct(tuple(shape), struct.dtype)
