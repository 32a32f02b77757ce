"""How Python becomes a pure function of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from tenon.core import _jax_internals as internals
from tenon.core._jax_sizes import run_for_sizes
from tenon.core.host_symbols import current_recorder
from tenon.core.recording import Kernel, on_device, run
from tenon.core.tensors import is_symbol
from tenon.core.tracing._context import one_function_deeper
from tenon.core.tracing._scope import Access, Creations, FunctionScope
from tenon.core.variables import assign_array, current_scope, state_scope


@dataclass(frozen=True, eq=False)
class Traced:
    """What came of a Python function that ran once on symbols.

    Attributes:
        pure: the pure function, of ``(*constants, *arguments, *values of the other sources)``.
        arguments: how many arguments there are.
        sources: where the other inputs come from: an ``Access`` to a variable, or an array from outside; those that are
            constants come last.
        constants: how many of the sources are constants.
        written: the variables that were assigned.
        outputs: the outputs as symbols: their shapes and dtypes count.
        extra: what the Python function returned beside its outputs.
        owned: variables that must live as long as the function.
    """

    pure: internals.PureFunction
    arguments: int
    sources: tuple[Any, ...]
    constants: int
    written: tuple[Any, ...]
    outputs: tuple[jax.ShapeDtypeStruct, ...]
    extra: Any
    owned: tuple[Any, ...] = ()

    def function(self, *values: Any) -> list[Any]:
        """Run on ``(*arguments, *values of the sources)``; return the outputs and the new values of ``written``."""
        first = len(values) - self.constants
        given = [*values[first:], *values[:first]]
        if self.pure.is_symbolic and not any([is_symbol(size) for value in given for size in value.shape]):
            return run_for_sizes(self.pure.jaxpr, given)
        return self.pure(*given)

    def compute(self, outputs: Sequence[int], arguments: Sequence[Any]) -> list[Any]:
        """Compute some outputs only, at once and from what they need only.

        Args:
            outputs: numbers of outputs.
            arguments: arrays; those that are not needed may be anything.
        """
        pure, used = self.pure.restricted(outputs)
        first = len(self.sources) - self.constants
        given = [*self.sources[first:], *arguments, *self.sources[:first]]
        values = [source_array(given[place]) for place in used]
        return list(run(Kernel(_for_any_sizes(pure), pure.__name__), values))

    def inputs(self) -> list[Any]:
        """Return the values of the sources, as they are now and here."""
        return [source_array(source) for source in self.sources]

    def assign(self, results: Sequence[Any]) -> list[Any]:
        """Give the written variables their new values; return the outputs."""
        for variable, array in zip(self.written, results[len(self.outputs) :], strict=True):
            assign_array(variable, array)
        return list(results[: len(self.outputs)])


def _for_any_sizes(pure: internals.PureFunction) -> Callable[..., list[Any]]:
    return (lambda *arrays: run_for_sizes(pure.jaxpr, arrays)) if pure.is_symbolic else pure


def source_array(source: Any) -> Any:
    """Return the value of a source of a traced function, as it is now and here."""
    return source.array() if isinstance(source, Access) else source


def trace(
    function: Callable[..., tuple[Sequence[Any], Any]],
    arguments: Sequence[Any],
    name: str,
    creations: Creations | None = None,
) -> Traced:
    """Run a Python function once on symbols and return the pure function that it is.

    Args:
        function: takes arrays; returns arrays, and anything else that the caller wants to know.
        arguments: what has the shapes and dtypes of the arguments.
        name: what JAX's messages call the function.
        creations: where to note the variables that a whole function creates; ``None`` for a part of one.
    """
    maker = internals.FunctionTrace(name)
    state = FunctionScope(maker, current_scope(), creations)
    symbols = [maker.argument(argument) for argument in arguments]
    recorder = current_recorder()
    if recorder is not None:
        recorder.begin(maker)
    with internals.trace_as_current(maker), state_scope(state), one_function_deeper():
        outputs, extra = function(*symbols)
        flat = [_on_trace(output) for output in (*outputs, *map(state.value, state.written))]
        pure, constants = maker.finish(flat)
    return Traced(
        pure,
        len(arguments),
        (*maker.sources, *constants),
        len(constants),
        state.written,
        tuple([jax.ShapeDtypeStruct(array.shape, array.dtype) for array in flat[: len(outputs)]]),
        extra,
        tuple(state.owned),
    )


def _on_trace(array: Any) -> Any:
    return array if hasattr(array, "aval") else on_device(array)
