"""One trace of a function as its user sees it: for one signature, whose sizes may be open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tenon.core.functions._binding import Binder
from tenon.core.functions._keys import Call
from tenon.core.functions._program import Program
from tenon.core.functions._state import ArgumentVariable, RootScope
from tenon.core.functions._template import Template
from tenon.core.recording import Kernel, kernel, run
from tenon.core.tensors import Tensor, TensorSpec, array_of
from tenon.core.variables import hold_array
from tenon.core.tracing import Form, Traced, taken_apart, trace


class Tracer:
    """Runs a Python function on symbols.

    Args:
        function: what runs: the Python function, converted by AutoGraph if that is wanted.
        binder: how its arguments are bound.
        name: what messages call it.
    """

    def __init__(self, function: Callable[..., Any], binder: Binder, name: str) -> None:
        self.function = function
        self.binder = binder
        self.name = name

    def trace(
        self, template: Template, arrays: Sequence[Any], variables: Sequence[Any], may_create: bool
    ) -> tuple[Traced, list[ArgumentVariable], RootScope]:
        """Run the function once.

        Args:
            template: the arguments with holes.
            arrays: what has the shapes and dtypes of the tensors; arrays of strings are constants.
            variables: what the variables among the arguments are.
            may_create: whether the function may create variables.
        """
        stand_ins = [ArgumentVariable(variable) for variable in variables]
        scopes: list[RootScope] = []

        def scope(maker: Any, outer: Any) -> RootScope:
            scopes.append(RootScope(maker, outer, may_create))
            return scopes[0]

        def flat(*symbols: Any) -> tuple[list[Any], Form]:
            rest = iter(symbols)
            tensors = [Tensor(array if _is_string(array) else next(rest)) for array in arrays]
            args, kwargs = self.binder.spread(template.filled(tensors, stand_ins))
            outputs, form = taken_apart(self.function(*args, **kwargs), self._output)
            return [*map(_settled, outputs), *[array for _, array in scopes[0].created]], form

        traced = trace(flat, [array for array in arrays if not _is_string(array)], self.name, scope)
        for stand_in in stand_ins:
            stand_in.forget()
        return traced, stand_ins, scopes[0]

    def _output(self, value: Any) -> Any:
        try:
            return array_of(value)
        except (TypeError, ValueError) as error:
            raise TypeError(
                "To be compatible with tf.function, Python functions must return zero or more Tensors or ExtensionTypes or "
                f"None values; in compilation of {self.name}, found return value of type {type(value).__name__}, which is "
                "not a Tensor or ExtensionType."
            ) from error


def _is_string(array: Any) -> bool:
    return bool(array.dtype == object)


def _settled(array: Any) -> Any:
    return run(_IDENTITY, [array]) if isinstance(array, np.ndarray | np.generic) else array


_IDENTITY = kernel(lambda x: x)


def initialize(scope: RootScope, traced: Traced, arrays: Sequence[Any]) -> None:
    """Give the variables that a function created their initial values, which it computes."""
    first = len(traced.outputs) - len(scope.created)
    count = len(scope.created)
    compute = Kernel(lambda *values: traced.function(*values)[first : first + count], "initial_values")
    values = run(compute, [*[array for array in arrays if not _is_string(array)], *traced.inputs()])
    for (variable, _), value in zip(scope.created, values, strict=True):
        hold_array(variable, value)


class ConcreteFunction:
    """A function for one signature. It holds one program for each combination of sizes that it was called with.

    Get one from ``tf.function(...).get_concrete_function(...)``.
    """

    def __init__(self, tracer: Tracer, call: Call, template: Template, specs: Sequence[TensorSpec]) -> None:
        self._tracer = tracer
        self._template = template
        self.key = call.key
        self.specs = tuple(specs)
        self._programs: dict[Any, Program] = {}

    def program(self, call: Call) -> Program:
        """Return the program for the sizes of a call; trace it at the first time."""
        shapes = call.shapes()
        if shapes not in self._programs:
            self.trace(call, False)
        return self._programs[shapes]

    def trace(self, call: Call, may_create: bool) -> bool:
        """Trace the function for the sizes of a call.

        Args:
            call: the call.
            may_create: whether the function may create variables.

        Returns:
            Whether it created some: it has to be traced again then.
        """
        traced, stand_ins, scope = self._tracer.trace(self._template, call.arrays, call.variables, may_create)
        if scope.has_created:
            initialize(scope, traced, call.arrays)
        else:
            self._programs[call.shapes()] = Program(traced, stand_ins, self._tracer.name)
        return scope.has_created

    def accepts(self, call: Call) -> bool:
        """Tell whether a call has this signature."""
        return bool(self.key == call.key) and all(
            [
                spec.dtype == array.dtype and spec.shape.is_compatible_with(array.shape)
                for spec, array in zip(self.specs, call.arrays, strict=True)
            ]
        )
