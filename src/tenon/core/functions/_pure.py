"""A traced function as a pure one: for those who compile or write it elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax

from tenon.base import UnimplementedError
from tenon.core.nest import Composite, flatten
from tenon.core.tensors import TensorSpec
from tenon.core.tracing import Access, Form, Traced
from tenon.core.variables import held_array, hold_array


@dataclass(frozen=True, eq=False)
class PureForm:
    """A function of tensors and of the values of variables, without side effects on variables.

    Attributes:
        function: takes the values of ``variables``, then the tensors; returns the outputs, then the new values of
            ``written``, in one list.
        variables: the variables that it reads.
        written: the variables that it assigns.
        values: shapes, which may have symbols where a variable's shape is open, and dtypes of the values of
            ``variables``.
        hidden: those of the variables that nobody but the function holds, such as how far random numbers have come.
        arguments: shapes, which may have symbols, and dtypes of the tensors.
        outputs: shapes and dtypes of the outputs.
        structured_outputs: what the Python function returns, with ``TensorSpec`` for tensors.
        reached: for each argument of ``function``, whether the derivative of an output may depend on it.
        calls_python: whether it calls Python on the host while it runs, which only this process can.
    """

    function: Callable[..., list[Any]]
    variables: tuple[Any, ...]
    written: tuple[Any, ...]
    values: tuple[jax.ShapeDtypeStruct, ...]
    hidden: tuple[Any, ...]
    arguments: tuple[jax.ShapeDtypeStruct, ...]
    outputs: tuple[jax.ShapeDtypeStruct, ...]
    structured_outputs: Any
    reached: tuple[bool, ...]
    calls_python: bool


def pure_form(traced: Traced) -> PureForm:
    """Return the pure form of a function that was traced; its extra is the form of the outputs.

    Raises:
        UnimplementedError: it returns values made of several tensors.
    """
    places = [n for n, source in enumerate(traced.sources) if isinstance(source, Access)]
    count = len(places)

    def function(*values: Any) -> list[Any]:
        inputs = list(traced.sources)
        for place, value in zip(places, values, strict=False):
            inputs[place] = value
        return traced.function(*values[count:], *inputs)

    first = traced.constants + traced.arguments
    sources = len(traced.sources) - traced.constants
    numbers = [first + place if place < sources else place - sources for place in places]
    numbers += range(traced.constants, first)
    found = frozenset[int]().union(*traced.pure.dependence()[: len(traced.outputs)])
    given = [traced.pure.inputs[number] for number in numbers]
    return PureForm(
        function,
        tuple([traced.sources[place].variable for place in places]),
        traced.written,
        tuple(given[:count]),
        tuple(traced.owned),
        tuple(given[count:]),
        traced.outputs,
        _structured(traced.extra, traced.outputs),
        tuple([number in found for number in numbers]),
        bool(traced.pure.effects),
    )


def _structured(form: Form, outputs: Sequence[jax.ShapeDtypeStruct]) -> Any:
    structure = form.filled([TensorSpec(_open(output.shape), output.dtype) for output in outputs])
    made = {type(leaf).__name__ for leaf in flatten(structure) if isinstance(leaf, Composite)}
    if made:
        raise UnimplementedError(
            f"returns values that are made of several tensors ({', '.join(sorted(made))}), which a program by itself "
            "cannot. Return the tensors that they are made of."
        )
    return structure


@contextmanager
def held(variables: Sequence[Any], values: Sequence[jax.ShapeDtypeStruct]) -> Iterator[None]:
    """Let variables have other shapes in the block, in which a function is traced and nothing is computed."""
    before = [held_array(variable) for variable in variables]
    try:
        for variable, value in zip(variables, values, strict=True):
            hold_array(variable, value)
        yield
    finally:
        for variable, array in zip(variables, before, strict=True):
            hold_array(variable, array)


def _open(shape: Sequence[Any]) -> list[int | None]:
    return [size if isinstance(size, int) else None for size in shape]
