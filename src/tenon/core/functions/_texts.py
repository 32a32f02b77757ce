"""Signatures of functions as text, as TensorFlow prints them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any

from tenon.core.functions._signatures import shown

Stated = Sequence[tuple[inspect.Parameter, Any]]
"""Parameters, and what a signature has for each of them."""


def signature_line(stated: Stated, output: str) -> str:
    """Return a signature in one line.

    Args:
        stated: the parameters and what stands for them.
        output: what the function returns, as text.

    Example:
        >>> x = inspect.Parameter("x", inspect.Parameter.KEYWORD_ONLY)
        >>> signature_line([(x, 2)], "None")
        '(*, x: Literal[2]) -> None'
    """
    parts: list[str] = []
    for parameter, value in stated:
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(f"{parameter.name}: {shown(value)}")
    return f"({', '.join(parts)}) -> {output}"


def signature_lines(stated: Stated, output: str, variables: Iterable[Any]) -> str:
    """Return a signature with a line for each parameter, the output and each capture.

    Args:
        stated: the parameters and what stands for them.
        output: what the function returns, as text.
        variables: what it captures.
    """
    inputs = [f"  {parameter.name} ({parameter.kind.name}): {shown(value)}" for parameter, value in stated]
    captures = [f"  {id(variable)}: TensorSpec(shape=(), dtype=tf.resource, name=None)" for variable in variables]
    parts = {"Input Parameters:": inputs, "Output Type:": [f"  {output}"], "Captures:": captures}
    return "\n".join([line for title, lines in parts.items() for line in (title, *(lines or ["  None"]))])
