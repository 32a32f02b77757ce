"""From numbers to strings."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tenon.core._names import export
from tenon.core.host_symbols import HostRecorder, StringSymbol
from tenon.core.operations import operation
from tenon.core.strings._arrays import filled
from tenon.core.tensors import Tensor, array_of, is_tensor_like
from tenon.host_steps import as_string as text_of_numbers


def _as_string_step(recorder: HostRecorder, array: Any, **attributes: Any) -> StringSymbol:
    dtype = np.dtype(array.dtype)
    text_of_numbers(np.empty(0, dtype), **attributes)  # checks the attributes
    (made,) = recorder.step("AsString", [array], {"T": dtype, **attributes})
    return StringSymbol(made, array.shape, not isinstance(array, StringSymbol) or array.is_late)


as_string = operation(
    "strings.as_string as_string",
    "input: any, precision=-1, scientific=False, shortest=False, width=-1, fill=''",
    text_of_numbers,
    "Returns each number as text, as C's printf writes it.",
    "[3.14159, 2.5], 2",
    host=True,
    differentiable=False,
    step=_as_string_step,
)


def tensor_text(tensor: Any, summarize: int = 3) -> str:
    """Return the text that ``tf.print`` and ``tf.strings.format`` show for a tensor.

    Args:
        tensor: a tensor that has a value.
        summarize: how many elements to show at each end of each dimension; -1 for all.

    Example:
        >>> tensor_text(np.arange(10))
        '[0 1 2 ... 7 8 9]'
    """
    array = np.asarray(array_of(tensor))
    edge = array.size if summarize < 0 else summarize
    return _shown(array, edge, 0) if array.ndim else _element(array[()], array.dtype)


def _shown(array: np.ndarray, edge: int, depth: int) -> str:
    separator = " " if array.ndim == 1 else "\n" * (array.ndim - 1) + " " * (depth + 1)
    whole = len(array) <= 2 * edge
    rows = [*range(len(array))] if whole else [*range(edge), *range(len(array) - edge, len(array))]
    show = _element if array.ndim == 1 else None
    shown = [show(array[row], array.dtype) if show else _shown(array[row], edge, depth + 1) for row in rows]
    if not whole:
        shown.insert(edge, "...")
    return f"[{separator.join(shown)}]"


def _element(value: Any, dtype: np.dtype) -> str:
    if dtype.kind == "O":
        return f'"{_escaped(value)}"'
    if dtype.kind in "iub":
        return str(int(value))
    if dtype.kind == "c":
        return "?"
    digits = (15, 17) if dtype.name == "float64" else (6, 9)
    number = float(value)
    short = f"{number:.{digits[0]}g}"
    same = np.array(short, np.float64).astype(dtype if dtype.name == "float64" else np.float32) == value
    return short if same or number != number else f"{number:.{digits[1]}g}"


_ESCAPES: Final = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}


def _escaped(value: bytes) -> str:
    text = value.decode(errors="surrogateescape")
    return "".join([_ESCAPES.get(ord(c)) or (c if 32 <= ord(c) != 127 else f"\\{ord(c):03o}") for c in text])


@export("strings.format")
def format_strings(
    template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None
) -> Tensor:
    """Return a template with tensors shown at its placeholders, ``tf.strings.format``.

    Args:
        template: the text.
        inputs: a tensor, or a list of as many tensors as there are placeholders.
        placeholder: what a tensor takes the place of.
        summarize: how many elements to show at each end of each dimension; -1 for all.
        name: ignored.

    Returns:
        A string tensor without dimensions.

    Raises:
        ValueError: there are more or fewer placeholders than tensors.
        AttributeError: a tensor has no value because a function is being traced.

    Example:
        >>> format_strings("x = {}", [np.arange(3)]).numpy()
        b'x = [0 1 2]'
    """
    del name
    tensors = [inputs] if is_tensor_like(inputs) or isinstance(inputs, np.ndarray) else list(inputs)
    parts = template.split(placeholder)
    if len(parts) - 1 != len(tensors):
        raise ValueError(
            f"The template expects {len(parts) - 1} tensors, but the inputs only has {len(tensors)}. Please ensure the "
            "number of placeholders in template matches inputs length."
        )
    texts = [tensor_text(tensor, summarize) for tensor in tensors] + [""]
    joined = "".join([part + text for part, text in zip(parts, texts, strict=True)])
    return Tensor(filled([joined.encode(errors="surrogateescape")], ()))
