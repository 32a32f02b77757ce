"""Gradients of exported functions: programs of their own, for StableHLO cannot be differentiated when it is read.

The program of the first order takes what the function takes and a gradient for each of its outputs, and returns the
gradients of its arguments. The program of the second order is the same of that one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import jax
import jax.numpy as jnp

from tenon.saved_model._lowering import ExportedFunction, lower

ORDERS: Final = 2
"""How often what is loaded can be differentiated; see docs/decisions/gradients_of_loaded_functions.md."""

Function = Callable[..., Sequence[Any]]


def with_gradients(
    label: str, function: Function, exported: ExportedFunction, reached: Sequence[bool]
) -> ExportedFunction:
    """Return an exported function with the programs of its gradients.

    Args:
        label: what messages call the function.
        function: what was exported.
        exported: the function after export.
        reached: for each argument, whether an output's derivative may depend on it.
    """
    avals = exported.exported.in_avals
    inputs = tuple([place for place, aval in enumerate(avals) if reached[place] and _is_inexact(aval)])
    results = exported.exported.out_avals[: len(exported.outputs)]
    outputs = tuple([place for place, aval in enumerate(results) if _is_inexact(aval)])
    if not inputs or not outputs:
        return exported
    programs, reason = _programs(label, function, exported, inputs, outputs)
    return replace(
        exported,
        gradients=tuple(programs),
        gradient_inputs=inputs,
        gradient_outputs=outputs,
        no_gradient=reason,
    )


def _programs(
    label: str, function: Function, exported: ExportedFunction, inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> tuple[list[bytes], str]:
    programs: list[bytes] = []
    specs = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in exported.exported.in_avals]
    results = exported.exported.out_avals
    for order in range(1, ORDERS + 1):
        function = _pullback(function, len(specs), inputs, outputs)
        inputs = (*inputs, *range(len(specs), len(specs) + len(outputs)))
        specs += [jax.ShapeDtypeStruct(results[place].shape, results[place].dtype) for place in outputs]
        try:
            program = lower(f"{label}, gradient {order}", function, specs)
        except (
            Exception
        ) as error:  # whatever JAX says: the function itself is saved, and who wants its gradient is told
            return programs, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        programs.append(bytes(program.serialize()))
        results = program.out_avals
        outputs = tuple(range(len(results)))
    return programs, ""


def _pullback(function: Function, count: int, inputs: Sequence[int], outputs: Sequence[int]) -> Function:
    """Return the function of ``(*arguments, *gradients of outputs)`` that gives the gradients of the arguments."""

    def pull(*values: Any) -> tuple[Any, ...]:
        def of_live(*live: Any) -> list[Any]:
            given = list(values[:count])
            for place, value in zip(inputs, live, strict=True):
                given[place] = value
            results = function(*given)
            return [results[place] for place in outputs]

        _, pulled = jax.vjp(of_live, *[values[place] for place in inputs])
        return tuple(pulled(list(values[count:])))

    return pull


def _is_inexact(aval: Any) -> bool:
    return bool(jnp.issubdtype(aval.dtype, jnp.inexact))
