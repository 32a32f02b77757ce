"""``tf.print``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tenon.core._names import export
from tenon.core.callbacks._host import tell
from tenon.core.callbacks._text import structure_text, tensor_text
from tenon.core.nest import flatten, is_nested
from tenon.core.tensors import array_of, is_tensor_like

_FILE = "file://"


@export("print")
def print_(*inputs: Any, **kwargs: Any) -> None:
    """Print tensors and other values, ``tf.print``; in a traced function each time the program runs, in its order.

    Args:
        *inputs: tensors, values of Python, and nested structures of those.
        **kwargs: ``output_stream``, where to print: ``sys.stderr`` (the default), ``sys.stdout``, anything else with
            ``write``, or a text ``"file://<path>"``, to whose end is written; ``summarize``, how many elements are
            shown at each end of each dimension (3, -1 for all); ``sep`` (a space) and ``end`` (a new line); ``name``,
            which is ignored.

    Raises:
        ValueError: ``output_stream`` is none of those, or there is an unknown keyword.

    Example:
        >>> print_("values:", np.float32(0.5), [np.arange(10)], output_stream=sys.stdout)
        values: 0.5 [array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])]
    """
    write = _writer(kwargs.pop("output_stream", sys.stderr))
    summarize = int(kwargs.pop("summarize", 3) or 3)
    sep, end = kwargs.pop("sep", " "), kwargs.pop("end", os.linesep)
    kwargs.pop("name", None)
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    leaves = [leaf for value in inputs for leaf in flatten(value)]
    arrays = {n: array_of(leaf) for n, leaf in enumerate(leaves) if _is_tensor(leaf)}
    symbols = [n for n, array in arrays.items() if isinstance(array, jax.core.Tracer)]
    is_alone = len(inputs) == 1 and not is_nested(inputs[0])

    def show(*values: Any) -> None:
        known = arrays | dict(zip(symbols, values, strict=True))
        texts = [tensor_text(known[n], summarize, not is_alone) if n in known else None for n in range(len(leaves))]
        rest = iter(texts)
        parts = [structure_text(value, [next(rest) for _ in flatten(value)]) for value in inputs]
        write(sep.join(parts) + end)

    tell(show, [arrays[place] for place in symbols])


def _is_tensor(value: Any) -> bool:
    return isinstance(value, np.generic) or (is_tensor_like(value) and not isinstance(value, np.ndarray))


def _writer(stream: Any) -> Callable[[str], None]:
    """Return what writes a text; the standard streams are those at the time of writing."""
    if isinstance(stream, str) and stream.startswith(_FILE):
        return lambda text: _append(Path(stream.removeprefix(_FILE)), text)
    for name in ("stdout", "stderr"):
        if stream is getattr(sys, name) or stream is getattr(sys, f"__{name}__"):
            return lambda text: _write(getattr(sys, name), text)
    if not hasattr(stream, "write"):
        raise ValueError(
            f"Unsupported output stream, logging level, or file.{stream}. Supported streams are sys.stdout, "
            "sys.stderr, "
            "objects with write, and 'file://<filepath>'."
        )
    return lambda text: _write(stream, text)


def _write(stream: Any, text: str) -> None:
    stream.write(text)
    stream.flush()


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
