"""A traced function as a pure one: for those who compile or write it elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from tenon.base import UnimplementedError
from tenon.core.host_symbols import HostRecorder, HostSource, StringSymbol
from tenon.core.nest import Composite, flatten, pack_sequence_as
from tenon.core.tensors import Tensor, TensorSpec
from tenon.core.tracing import Access, Form, Traced
from tenon.core.variables import held_array, hold_array
from tenon.host_steps import INPUT, RESULT, HostSteps, Reference


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
        arguments: shapes, which may have symbols, and dtypes of the tensors: of those that the Python function takes,
            or of ``host.arguments`` where there are steps on the host.
        outputs: shapes and dtypes of the outputs.
        structured_outputs: what the Python function returns, with ``TensorSpec`` for tensors.
        reached: for each argument of ``function``, whether the derivative of an output may depend on it.
        calls_python: whether it calls Python on the host while it runs, which only this process can.
        inputs: shapes, which may have symbols, and dtypes of the tensors that the Python function takes.
        returned: the same of those that it returns.
        host: what happens with strings before and after ``function``; ``None`` where there are none.
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
    inputs: tuple[Any, ...]
    returned: tuple[Any, ...]
    host: HostSteps | None = None


def pure_form(traced: Traced, given: Sequence[Any] | None = None, recorder: HostRecorder | None = None) -> PureForm:
    """Return the pure form of a function that was traced; its extra is the form of the outputs.

    Args:
        traced: what came of tracing.
        given: what it was traced with, symbols of strings included; ``None`` where there are no strings.
        recorder: what wrote down its steps on the host.

    Raises:
        UnimplementedError: it returns values made of several tensors.
    """
    places = [n for n, source in enumerate(traced.sources) if isinstance(source, Access)]
    count = len(places)
    places += [n for n, source in enumerate(traced.sources) if isinstance(source, HostSource)]

    def function(*values: Any) -> list[Any]:
        inputs = list(traced.sources)
        for place, value in zip(places[:count], values, strict=False):
            inputs[place] = value
        for place, value in zip(places[count:], values[count + traced.arguments :], strict=True):
            inputs[place] = value
        return traced.function(*values[count : count + traced.arguments], *inputs)

    first = traced.constants + traced.arguments
    sources = len(traced.sources) - traced.constants
    numbers = [first + place if place < sources else place - sources for place in places]
    numbers[count:count] = range(traced.constants, first)
    found = frozenset[int]().union(*traced.pure.dependence()[: len(traced.outputs)])
    structs = [traced.pure.inputs[number] for number in numbers]
    inputs = tuple(structs[count:] if given is None else given)
    structure, returned, host = _returned(traced, inputs, recorder or HostRecorder())
    return PureForm(
        function,
        tuple([traced.sources[place].variable for place in places[:count]]),
        traced.written,
        tuple(structs[:count]),
        tuple(traced.owned),
        tuple(structs[count:]),
        traced.outputs,
        structure,
        tuple([number in found for number in numbers]),
        bool(traced.pure.effects),
        inputs,
        returned,
        host,
    )


def _returned(traced: Traced, inputs: Sequence[Any], recorder: HostRecorder) -> tuple[Any, tuple[Any, ...], Any]:
    """Return the structure of what the function returns, its tensors, and what runs on the host."""
    form: Form = traced.extra
    count = form.arrays
    recorder.place_results(count)
    structure = form.filled([_Result(place, *output) for place, output in enumerate(_kinds(traced.outputs[:count]))])
    _check(structure)
    leaves: list[Any] = []
    returned: list[Any] = []
    outputs: list[Reference] = []
    for leaf in flatten(structure):
        if leaf is None:
            leaves.append(None)
            continue
        tensor = leaf.value if isinstance(leaf, Tensor) else leaf
        returned.append(tensor)
        leaves.append(TensorSpec(_open(tensor.shape), tensor.dtype))
        outputs.append(_reference(tensor, recorder))
    strings = any([array.dtype == object for array in (*inputs, *returned)])
    numbers = [Reference(INPUT, place) for place, array in enumerate(inputs) if array.dtype != object]
    made = [source.made_by for source in traced.sources if isinstance(source, HostSource)]
    host = recorder.finished([*numbers, *made], outputs) if strings else None
    return pack_sequence_as(structure, leaves), tuple(returned), host


@dataclass(frozen=True)
class _Result:
    """Stands for a tensor that the program returns."""

    place: int
    shape: tuple[Any, ...]
    dtype: np.dtype


def _reference(tensor: Any, recorder: HostRecorder) -> Reference:
    if isinstance(tensor, _Result):
        return Reference(RESULT, tensor.place)
    return tensor.source if isinstance(tensor, StringSymbol) else recorder.constant(tensor)


def _kinds(outputs: Sequence[jax.ShapeDtypeStruct]) -> list[tuple[Any, Any]]:
    return [(output.shape, output.dtype) for output in outputs]


def _check(structure: Any) -> None:
    made = {type(leaf).__name__ for leaf in flatten(structure) if isinstance(leaf, Composite)}
    if made:
        raise UnimplementedError(
            f"returns values that are made of several tensors ({', '.join(sorted(made))}), which a program by itself "
            "cannot. Return the tensors that they are made of."
        )


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
