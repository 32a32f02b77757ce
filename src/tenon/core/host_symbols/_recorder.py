"""Writes down steps on the host while a function is traced to be saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

import jax
import numpy as np
from jax.export import SymbolicScope, is_symbolic_dim, symbolic_shape

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.core._jax_internals import FunctionTrace, trace_as_current
from tenon.host_steps import INPUT, RESULT, STEP, HostSteps, Reference, Step

_STRINGS: Final = np.dtype(object)


class NeedsHostStepsError(InvalidArgumentError):
    """Strings depend on what a function computes that is being traced: it needs steps on the host behind its program.

    ``tf.function`` traces it anew for them, where it can.
    """


class StringSymbol:
    """Strings that are not known yet; a tensor wraps it as it wraps an array.

    Args:
        source: where they come from.
        shape: sizes, of which some may be symbols of ``jax.export``.
        is_late: whether they are made after the program has run.

    Attributes:
        dtype: that of strings.
        ndim: the number of dimensions.
    """

    __slots__ = ("is_late", "ndim", "shape", "source")

    dtype = _STRINGS

    def __init__(self, source: Reference, shape: Sequence[Any], is_late: bool = False) -> None:
        self.source, self.shape, self.is_late = source, tuple(shape), is_late
        self.ndim = len(self.shape)

    def __repr__(self) -> str:
        return f"<strings of shape {self.shape}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise InvalidArgumentError(
            "strings that only a call tells have no value while a function is traced to be saved, or for other strings "
            "than those of one call. They can be parsed to numbers, moved about and returned."
        )


class HostSource(NamedTuple):
    """Stands among the sources of a traced function for a tensor that a step on the host makes.

    Attributes:
        made_by: the step's output.
        shape: its sizes.
        dtype: its dtype.
    """

    made_by: Reference
    shape: tuple[Any, ...]
    dtype: np.dtype


class HostRecorder:
    """The steps on the host of one function that is being traced.

    Attributes:
        results: arrays that steps need of the program, beside what the function returns.
    """

    def __init__(self) -> None:
        self.results: list[Any] = []
        self._steps: list[Step] = []
        self._trace: FunctionTrace | None = None
        self._sizes = 0
        self._inputs: list[StringSymbol] = []

    def begin(self, trace: FunctionTrace) -> None:
        """Learn what the function is written down on; branches and loops in it come later and do not count."""
        if self._trace is None:
            self._trace = trace

    def constant(self, value: np.ndarray) -> Reference:
        """Return a reference to an array that is known."""
        return self._add(Step("Const", (), {"dtype": value.dtype, "value": value}))

    def step(self, op: str, inputs: Sequence[Any], attributes: Mapping[str, Any], outputs: int = 1) -> list[Reference]:
        """Write down a step.

        Args:
            op: TensorFlow's name of the operation.
            inputs: references, symbols of strings, NumPy arrays, and arrays that the program computes.
            attributes: of the operation.
            outputs: how many tensors it makes.

        Raises:
            NeedsHostStepsError: an input is computed inside a branch or a loop.
        """
        first = self._add(Step(op, tuple([self._reference(op, value) for value in inputs]), attributes, outputs))
        return [first._replace(output=number) for number in range(outputs)]

    def numbers(self, strings: StringSymbol, made_by: Reference, shape: Sequence[Any], dtype: np.dtype) -> Any:
        """Return what stands in the program for numbers that a step made; they are an argument of the program.

        Args:
            strings: what the step made them of.
            made_by: the step's output.
            shape: their sizes.
            dtype: their dtype.

        Raises:
            UnimplementedError: the strings are made after the program has run.
        """
        if strings.is_late:
            raise UnimplementedError(
                "strings that depend on what the program computes cannot become numbers for the same program. Compute "
                "the numbers without a detour through strings, or save two functions."
            )
        assert self._trace is not None
        source = HostSource(made_by, tuple(shape), dtype)
        with trace_as_current(self._trace):
            argument = self._trace.argument(jax.ShapeDtypeStruct(source.shape, dtype))
        self._trace.sources.append(source)
        return argument

    def new_size(self, beside: Sequence[Any]) -> Any:
        """Return a symbol for a size that only the data tells, and that may be 0.

        Args:
            beside: sizes with whose symbols it will be used.
        """
        self._sizes += 1
        symbols = [size for size in beside if is_symbolic_dim(size)]
        scope = symbols[0].scope if symbols else SymbolicScope()
        return symbolic_shape(f"s{self._sizes} - 1", scope=scope)[0]  # a symbol by itself stands for 1 and more

    def finished(self, arguments: Sequence[Reference], outputs: Sequence[Reference]) -> HostSteps:
        """Return the steps.

        Args:
            arguments: what the program takes.
            outputs: what the function returns.
        """
        return HostSteps(tuple(self._steps), tuple(arguments), tuple(outputs))

    def result(self, op: str, array: Any) -> Reference:
        """Return a reference to an array that the program computes; it is one of its results then.

        Raises:
            NeedsHostStepsError: it is computed inside a branch or a loop.
        """
        if getattr(array, "_trace", None) is not self._trace:
            raise NeedsHostStepsError(
                f"{op}: strings are made on the host after the program has run, so that they cannot depend on what a "
                "branch or loop inside of it computes. Make them outside of it."
            )
        self.results.append(array)
        return Reference(RESULT, -len(self.results))  # its place is known when the function has returned

    def _reference(self, op: str, value: Any) -> Reference:
        if isinstance(value, Reference):
            return value
        if isinstance(value, StringSymbol):
            return value.source
        if isinstance(value, jax.core.Tracer):
            return self.result(op, value)
        return self.constant(np.asarray(value))

    def _add(self, step: Step) -> Reference:
        self._steps.append(step)
        return Reference(STEP, len(self._steps) - 1)

    def place_results(self, first: int) -> None:
        """Give the results their places: the first one comes after this many that the function returns."""

        def placed(source: Reference) -> Reference:
            is_open = source.kind == RESULT and source.place < 0
            return source._replace(place=first - source.place - 1) if is_open else source

        self._steps = [
            Step(step.op, tuple(map(placed, step.inputs)), step.attributes, step.outputs) for step in self._steps
        ]

    def symbol(self, place: int, shape: Sequence[Any]) -> StringSymbol:
        """Return what stands for an input of the function."""
        self._inputs.append(StringSymbol(Reference(INPUT, place), shape))
        return self._inputs[-1]

    def show_sizes(self, arguments: Sequence[Any]) -> None:
        """Let the program know every open size: those of strings whose numbers it does not take.

        Args:
            arguments: the other arguments of the program.
        """
        assert self._trace is not None
        made = [source for source in self._trace.sources if isinstance(source, HostSource)]
        known = {str(size) for array in (*arguments, *made) for size in array.shape}
        for strings in self._inputs:
            if any([is_symbolic_dim(size) and str(size) not in known for size in strings.shape]):
                (made_by,) = self.step("StringLength", [strings], {"unit": "BYTE"})
                self.numbers(strings, made_by, strings.shape, np.dtype(np.int32))
                known.update(map(str, strings.shape))


_CURRENT: ContextVar[HostRecorder | None] = ContextVar("tenon_host_recorder", default=None)


def current_recorder() -> HostRecorder | None:
    """Return what writes steps down; ``None`` where no function is traced to be saved."""
    return _CURRENT.get()


@contextmanager
def recording_steps() -> Iterator[HostRecorder]:
    """Write steps down in the block, in which one function is traced."""
    recorder = HostRecorder()
    token = _CURRENT.set(recorder)
    try:
        yield recorder
    finally:
        _CURRENT.reset(token)
