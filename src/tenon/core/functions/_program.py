"""A function that was traced for fixed shapes: how it is called, with the variables that it reads and assigns.

The steady call at top level is the one that has to be cheap: it takes the variables' arrays, runs one compiled program,
puts the new arrays into the variables and wraps the outputs.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from tenon.core import _jax_internals as internals
from tenon.core.functions._state import ArgumentVariable, live
from tenon.core.recording import Kernel, run
from tenon.core.tensors import Tensor
from tenon.core.tracing import Access, Form, Traced
from tenon.core.variables import assign_array, held_array, read_array

Place = tuple[weakref.ref[Any] | None, int, str]
"""A variable: weakly, or by its number among the variables that are arguments; and its name."""


class Program:
    """One traced function.

    Args:
        traced: what came of tracing; its extra is the form of the outputs.
        arguments: the variables that stand for those that are arguments.
        name: what messages call it.
    """

    def __init__(self, traced: Traced, arguments: Sequence[ArgumentVariable], name: str) -> None:
        numbers = {id(variable): number for number, variable in enumerate(arguments)}
        accesses = [source.variable for source in traced.sources if isinstance(source, Access)]
        order = [n for n, source in enumerate(traced.sources) if isinstance(source, Access)]
        rest = [n for n, source in enumerate(traced.sources) if not isinstance(source, Access)]
        self.name = name
        self.form: Form = traced.extra
        self.outputs = tuple([(tuple(output.shape), output.dtype) for output in traced.outputs])
        self.kernel = Kernel(_permuted(traced.function, [*order, *rest]), name)
        self._reads = [_place(variable, numbers) for variable in accesses]
        self._writes = [_place(variable, numbers) for variable in traced.written]
        self._captured = [traced.sources[n] for n in rest]
        self._count = len(traced.outputs)
        self._single = self.form.structure is None and self.form.arrays == 1

    @property
    def captured(self) -> list[Any]:
        """The arrays from outside that the function uses."""
        return self._captured

    def variables(self, arguments: Sequence[Any]) -> list[Any]:
        """Return the variables that the function reads or assigns, each once."""
        found = [_variable(place, arguments) for place in (*self._reads, *self._writes)]
        return list({id(variable): variable for variable in found}.values())

    def __call__(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> Any:
        """Run on arrays and on variables that are arguments; return what the Python function returned, as tensors."""
        if internals.current_trace() is not internals.EVAL_TRACE:
            return self._run(arrays, arguments)
        values = list(arrays)
        for place in self._reads:
            values.append(_variable(place, arguments)._raw_value)
        values += self._captured
        before = internals.enter_64_bit_mode()
        try:
            results = self.kernel.compiled(*values)
        finally:
            internals.set_64_bit_mode(before)
        for place, array in zip(self._writes, results[self._count :], strict=True):
            _variable(place, arguments)._raw_value = array
        return Tensor(results[0]) if self._single else self.form.unflatten(results[: self._count])

    def _run(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> Any:
        """Run where a tape records or another function is traced."""
        variables = [_variable(place, arguments) for place in self._reads]
        values = [read_array(variable, held_array(variable), variable.trainable) for variable in variables]
        results = run(self.kernel, [*arrays, *values, *self._captured])
        for place, array in zip(self._writes, results[self._count :], strict=True):
            assign_array(_variable(place, arguments), array)
        return self.form.unflatten(results[: self._count])


def _place(variable: Any, numbers: dict[int, int]) -> Place:
    number = numbers.get(id(variable))
    return (weakref.ref(variable), 0, variable.name) if number is None else (None, number, variable.name)


def _variable(place: Place, arguments: Sequence[Any]) -> Any:
    reference, number, name = place
    if reference is None:
        return arguments[number]
    variable = reference()
    return live(reference, name) if variable is None else variable


def _permuted(function: Callable[..., list[Any]], order: Sequence[int]) -> Callable[..., list[Any]]:
    """Return a function that takes the sources in another order, after the arguments."""
    if list(order) == sorted(order):
        return function
    places = {n: place for place, n in enumerate(order)}

    def permuted(*values: Any) -> list[Any]:
        arguments = len(values) - len(order)
        return function(*values[:arguments], *[values[arguments + places[n]] for n in range(len(order))])

    permuted.__name__ = permuted.__qualname__ = function.__name__
    return permuted
