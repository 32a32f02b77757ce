"""How Python becomes a pure function of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tenon.core import _jax_internals as internals
from tenon.core.recording import on_device
from tenon.core.tracing._scope import Access, FunctionScope
from tenon.core.variables import assign_array, current_scope, state_scope

ScopeFactory = Callable[[internals.FunctionTrace, Any], FunctionScope]


@dataclass(frozen=True, eq=False)
class Traced:
    """What came of a Python function that ran once on symbols.

    Attributes:
        function: the pure function, of ``(*arguments, *values of the sources)``; returns a list of the outputs and then
            the new values of the variables that were written.
        sources: where the inputs after the arguments come from: an ``Access`` to a variable, or an array from outside.
        written: the variables that were assigned.
        outputs: the outputs as symbols: their shapes and dtypes count.
        extra: what the Python function returned beside its outputs.
    """

    function: Callable[..., list[Any]]
    sources: tuple[Any, ...]
    written: tuple[Any, ...]
    outputs: tuple[Any, ...]
    extra: Any

    def inputs(self) -> list[Any]:
        """Return the values of the sources, as they are now and here."""
        return [source_array(source) for source in self.sources]

    def assign(self, results: Sequence[Any]) -> list[Any]:
        """Give the written variables their new values; return the outputs."""
        for variable, array in zip(self.written, results[len(self.outputs) :], strict=True):
            assign_array(variable, array)
        return list(results[: len(self.outputs)])


def source_array(source: Any) -> Any:
    """Return the value of a source of a traced function, as it is now and here."""
    return source.array() if isinstance(source, Access) else source


def trace(
    function: Callable[..., tuple[Sequence[Any], Any]],
    arguments: Sequence[Any],
    name: str,
    scope: ScopeFactory = FunctionScope,
) -> Traced:
    """Run a Python function once on symbols and return the pure function that it is.

    Args:
        function: takes arrays; returns arrays, and anything else that the caller wants to know.
        arguments: what has the shapes and dtypes of the arguments.
        name: what JAX's messages call the function.
        scope: makes the scope in which variables live meanwhile, of the trace and the scope outside.
    """
    maker = internals.FunctionTrace(name)
    state = scope(maker, current_scope())
    symbols = [maker.argument(argument) for argument in arguments]
    with internals.trace_as_current(maker), state_scope(state):
        outputs, extra = function(*symbols)
        flat = [_on_trace(output) for output in (*outputs, *map(state.value, state.written))]
        made, constants = maker.finish(flat)
    return Traced(
        _arguments_first(made, len(constants), len(arguments), len(maker.sources)),
        (*maker.sources, *constants),
        state.written,
        tuple(flat[: len(flat) - len(state.written)]),
        extra,
    )


def _on_trace(array: Any) -> Any:
    return array if hasattr(array, "aval") else on_device(array)


def _arguments_first(
    function: Callable[..., list[Any]], constants: int, arguments: int, sources: int
) -> Callable[..., list[Any]]:
    if not constants:
        return function

    def reordered(*values: Any) -> list[Any]:
        return function(*values[arguments + sources :], *values[: arguments + sources])

    reordered.__name__ = reordered.__qualname__ = function.__name__
    return reordered
