"""A function that was traced for fixed shapes: how it is called, with the variables that it reads and assigns.

The steady call at top level is the one that has to be cheap: it takes the variables' arrays, runs one compiled program,
puts the new arrays into the variables and wraps the outputs.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax

from tenon.core import _jax_internals as internals
from tenon.core._jax_sizes import has_backward_rules, run_for_sizes
from tenon.core.callbacks import told
from tenon.core.functions._state import live
from tenon.core.recording import Kernel, is_differentiable, leaked, run_saving
from tenon.core.tensors import Tensor
from tenon.core.tracing import Access, Form, Traced
from tenon.core.variables import Variable, assign_array, held_array, hold_array, read_array, scoped_array

Place = tuple[weakref.ref[Any] | None, int, str]
"""A variable: weakly, or by its number among the variables that are arguments; and its name."""


class Program:
    """One traced function.

    Args:
        traced: what came of tracing; its extra is the form of the outputs.
        arguments: the variables that were arguments when it was traced; those of a call take their places.
        name: what messages call it.
        strings: which of the tensors that it will be called with are strings: they are constants of the program.
    """

    def __init__(self, traced: Traced, arguments: Sequence[Any], name: str, strings: Sequence[int] = ()) -> None:
        self._strings = frozenset(strings)
        numbers = {id(variable): number for number, variable in enumerate(arguments)}
        accesses = [n for n, source in enumerate(traced.sources) if isinstance(source, Access)]
        others = [n for n, source in enumerate(traced.sources) if not isinstance(source, Access)]
        self.name = name
        self.form: Form = traced.extra
        self.outputs = traced.outputs
        self.captured = [traced.sources[n] for n in others]
        self._ordered = _Ordered(traced, [*accesses, *others])
        self.kernel = Kernel(self._ordered, name, self._ordered.dependence(len(traced.outputs)))
        self._open_shapes = _open_shapes(traced.sources, numbers)
        self.may_misfit = bool(self._open_shapes)
        self._has_effects = bool(traced.pure.effects)
        self._reads = [_place(traced.sources[n].variable, numbers) for n in accesses]
        self._writes = [_place(variable, numbers) for variable in traced.written]
        self._owned = traced.owned
        self._shape = traced.arguments, traced.constants, (*accesses, *others)
        self._count = len(traced.outputs)
        self._single = self.form.is_array

    @property
    def is_symbolic(self) -> bool:
        """Whether sizes are symbols: the program is for all sizes that ``takes`` accepts."""
        return self._ordered.is_symbolic

    def traced(self) -> Traced:
        """Return what came of tracing, for a function that takes no variables as arguments.

        Raises:
            FailedPreconditionError: a variable is gone.
        """
        arguments, constants, order = self._shape
        accesses = [Access(_variable(place, ())) for place in self._reads]
        sources = dict(zip(order, [*accesses, *self.captured], strict=True))
        return Traced(
            self._ordered.pure,
            arguments,
            tuple([sources[n] for n in range(len(order))]),
            constants,
            tuple([_variable(place, ()) for place in self._writes]),
            self.outputs,
            self.form,
            tuple(self._owned),
        )

    def takes(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> bool:
        """Tell whether a program of symbolic sizes can be run for the sizes of these arrays: most can."""
        if not self.fits(arguments):
            return False
        values = self._inputs(arrays, arguments)
        try:
            with jax.enable_x64(True):
                jax.eval_shape(self.kernel.compiled, *values)
                if self._ordered.has_backward_rules:  # written by users, who may look at sizes there
                    jax.eval_shape(partial(_gradients, self.kernel.function), *values)
        except Exception:  # whatever it is: a trace for these very sizes will do, or raise what the user should see
            return False
        return True

    def fits(self, arguments: Sequence[Any]) -> bool:
        """Tell whether the variables that may change their shape have the shapes that the program was traced for.

        Args:
            arguments: the variables that are arguments.
        """
        return all(
            [
                scoped_array(variable, held_array(variable)).shape == shape
                for variable, shape in [(_variable(place, arguments), shape) for place, shape in self._open_shapes]
            ]
        )

    def own_variables(self) -> list[Any]:
        """Return the variables that the function reads or assigns, each once.

        Those that are arguments are not among them, and those that nobody but the function holds.
        """
        found = [_variable(place, ()) for place in (*self._reads, *self._writes) if place[0] is not None]
        hidden = {id(variable) for variable in self._owned}
        return [v for key, v in {id(variable): variable for variable in found}.items() if key not in hidden]

    def __call__(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> Any:
        """Run on arrays and on variables that are arguments; return what the Python function returned, as tensors."""
        if self._strings:
            arrays = [array for place, array in enumerate(arrays) if place not in self._strings]
        if self._has_effects:
            return self._run_with_effects(arrays, arguments)
        return self._run_pure(arrays, arguments)

    def _run_with_effects(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> Any:
        """Run to the end, so that what Python on the host did and raised belongs to this call."""
        try:
            outputs = self._run_pure(arrays, arguments)
            if internals.base_trace() is internals.EVAL_TRACE:
                jax.effects_barrier()
        except jax.errors.JaxRuntimeError as error:
            raise told(error) from None
        return outputs

    def _run_pure(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> Any:
        if internals.current_trace() is not internals.EVAL_TRACE:
            return self._run(arrays, arguments)
        values = [*arrays, *[held_array(_variable(place, arguments)) for place in self._reads], *self.captured]
        before = internals.enter_64_bit_mode()
        try:
            results = self.kernel.compiled(*values)
        except jax.errors.UnexpectedTracerError as error:
            raise leaked(values) from error
        finally:
            internals.set_64_bit_mode(before)
        if self._writes:
            for place, array in zip(self._writes, results[self._count :], strict=True):
                hold_array(_variable(place, arguments), array)
            results = results[: self._count]
        return Tensor(results[0]) if self._single else self.form.unflatten(results)

    def lowered(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> jax.stages.Lowered:
        """Return the program as it goes to XLA."""
        with jax.enable_x64(True):
            return self.kernel.compiled.lower(*self._inputs(arrays, arguments))

    def _inputs(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
        arrays = [array for place, array in enumerate(arrays) if place not in self._strings]
        variables = [_variable(place, arguments) for place in self._reads]
        return [*arrays, *[scoped_array(variable, held_array(variable)) for variable in variables], *self.captured]

    def _run(self, arrays: Sequence[Any], arguments: Sequence[Any]) -> Any:
        """Run where a tape records or another function is traced."""
        variables = [_variable(place, arguments) for place in self._reads]
        values = [read_array(variable, held_array(variable), variable.trainable) for variable in variables]
        results = run_saving(self.kernel, [*arrays, *values, *self.captured], self._has_effects)
        for place, array in zip(self._writes, results[self._count :], strict=True):
            assign_array(_variable(place, arguments), array)
        return self.form.unflatten(results[: self._count])


def _open_shapes(sources: Sequence[Any], numbers: dict[int, int]) -> list[tuple[Place, tuple[int, ...]]]:
    """Return the variables without a fixed shape, and the shapes that their values had."""
    found = [source.variable for source in sources if isinstance(source, Access)]
    return [
        (_place(variable, numbers), tuple(scoped_array(variable, held_array(variable)).shape))
        for variable in found
        if isinstance(variable, Variable) and not variable.shape.is_fully_defined()
    ]


def _place(variable: Any, numbers: dict[int, int]) -> Place:
    number = numbers.get(id(variable))
    return (weakref.ref(variable), 0, variable.name) if number is None else (None, number, variable.name)


def _variable(place: Place, arguments: Sequence[Any]) -> Any:
    reference, number, name = place
    if reference is None:
        return arguments[number]
    variable = reference()
    return live(reference, name) if variable is None else variable


def _gradients(function: Any, *values: Any) -> Any:
    """Return the derivative of all that has one with respect to all that has one."""
    chosen = [place for place, value in enumerate(values) if is_differentiable(value)]

    def outputs(*inputs: Any) -> list[Any]:
        given = dict(zip(chosen, inputs, strict=True))
        return [
            found
            for found in function(*[given.get(n, value) for n, value in enumerate(values)])
            if is_differentiable(found)
        ]

    found, pull = jax.vjp(outputs, *[values[place] for place in chosen])
    return pull(found)


class _Ordered:
    """The pure function of a trace (also an attribute) with its sources in another order; it holds none of them."""

    def __init__(self, traced: Traced, order: Sequence[int]) -> None:
        places = {n: traced.arguments + place for place, n in enumerate(order)}
        sources = [places[n] for n in range(len(order))]
        first = len(order) - traced.constants
        self.pure = traced.pure
        self.is_symbolic = traced.pure.is_symbolic
        self.has_backward_rules = self.is_symbolic and has_backward_rules(traced.pure.jaxpr)
        self._order = [*sources[first:], *range(traced.arguments), *sources[:first]]
        self.__name__ = self.__qualname__ = traced.pure.__name__

    def dependence(self, outputs: int) -> list[frozenset[int]]:
        """Return what each output depends on: as TensorFlow has it, all on what any of them depends on."""
        found = self.pure.dependence()
        joined = frozenset[int]().union(*found[:outputs])
        return [frozenset([self._order[place] for place in joined])] * len(found)

    def __call__(self, *values: Any) -> list[Any]:
        ordered = [values[place] for place in self._order]
        return run_for_sizes(self.pure.jaxpr, ordered) if self.is_symbolic else self.pure(*ordered)
