"""The body of a loop as one list of equations, and parts of it as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, JaxprEqn, Literal, Var

from tenon.xla.lowering._rule import are_numbers

CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "remat": "jaxpr",
    "checkpoint": "jaxpr",
}
"""Equations that only call others, and the parameter that holds these."""

PRODUCTS = frozenset({"dot_general", "conv_general_dilated"})
"""What pays to be done for all steps at once."""

Atom = Var | Literal


@dataclass(frozen=True)
class Body:
    """What a loop does in one step.

    Args:
        equations: without calls, in an order in which they can run.
        constants: inputs that are the same in every step.
        carries: inputs that the step before gives.
        slices: inputs of this step alone.
        next_carries: results for the next step.
        results: of this step alone.
        captured: the values of further constants that the equations name.
    """

    equations: tuple[JaxprEqn, ...]
    constants: tuple[Var, ...]
    carries: tuple[Var, ...]
    slices: tuple[Var, ...]
    next_carries: tuple[Atom, ...]
    results: tuple[Atom, ...]
    captured: tuple[tuple[Var, Any], ...]


def body_of(jaxpr: ClosedJaxpr, constants: int, carries: int) -> Body:
    """Return the body of a scan, its calls replaced by what they call.

    Args:
        jaxpr: of the body.
        constants: how many of its inputs, the first, are constants.
        carries: how many of the next are carried on.
    """
    given = [(value.aval.shape, value.aval.dtype) for value in jaxpr.jaxpr.invars]
    with jax.enable_x64(True):  # a program keeps its types, in whatever mode it is compiled
        specs = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in given]
        flat = jax.make_jaxpr(lambda *inputs: _evaluated(jaxpr.jaxpr, jaxpr.consts, inputs))(*specs)
    inputs, results = flat.jaxpr.invars, flat.jaxpr.outvars
    return Body(
        equations=tuple(flat.jaxpr.eqns),
        constants=tuple(inputs[:constants]),
        carries=tuple(inputs[constants : constants + carries]),
        slices=tuple(inputs[constants + carries :]),
        next_carries=tuple(results[:carries]),
        results=tuple(results[carries:]),
        captured=tuple(zip(flat.jaxpr.constvars, flat.consts, strict=True)),
    )


def _evaluated(jaxpr: Any, constants: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
    known = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*constants, *inputs), strict=True))
    for equation in jaxpr.eqns:
        values = [value_of(atom, known) for atom in equation.invars]
        known.update(zip(equation.outvars, _results(equation, values), strict=True))
    return [value_of(atom, known) for atom in jaxpr.outvars]


def _results(equation: JaxprEqn, values: Sequence[Any]) -> Sequence[Any]:
    called = equation.params.get(CALLS.get(equation.primitive.name, ""))
    if called is not None:
        inner, constants = (called.jaxpr, called.consts) if isinstance(called, ClosedJaxpr) else (called, ())
        return _evaluated(inner, constants, values)
    with equation.ctx.manager:
        results = equation.primitive.bind(*values, **equation.primitive.get_bind_params(equation.params))
    return list(results) if equation.primitive.multiple_results else [results]


def value_of(atom: Atom, known: dict[Any, Any]) -> Any:
    """Return the value of a variable or literal.

    Args:
        atom: which.
        known: the values of the variables.
    """
    if not isinstance(atom, Literal):
        return known[atom]
    kind: Any = atom.aval
    return np.asarray(atom.val, kind.dtype)


def run(equations: Sequence[JaxprEqn], known: dict[Any, Any]) -> None:
    """Run equations, and add their results to what is known.

    Args:
        equations: without calls.
        known: the values of the variables that they need.
    """
    for equation in equations:
        values = [value_of(atom, known) for atom in equation.invars]
        known.update(zip(equation.outvars, _results(equation, values), strict=True))


def has_product(jaxpr: Any) -> bool:
    """Tell whether any equation of a body, or of what it calls, is a product.

    Args:
        jaxpr: of the body.
    """
    return any(each.primitive.name in PRODUCTS or any(map(has_product, _inner(each))) for each in jaxpr.eqns)


def _inner(equation: JaxprEqn) -> list[Any]:
    called = equation.params.get(CALLS.get(equation.primitive.name, ""))
    return [] if called is None else [getattr(called, "jaxpr", called)]


def as_function(
    equations: Sequence[JaxprEqn], inputs: Sequence[Var], outputs: Sequence[Var]
) -> Callable[..., list[Any]]:
    """Return equations as a function of the values of ``inputs`` that gives those of ``outputs``.

    Args:
        equations: without calls.
        inputs: the variables that they need.
        outputs: those that are asked for.
    """

    def function(*values: Any) -> list[Any]:
        known = dict(zip(inputs, values, strict=True))
        run(equations, known)
        return [known[each] for each in outputs]

    return function


def needed(equation: JaxprEqn) -> list[Var]:
    """Return the variables that an equation reads.

    Args:
        equation: which.
    """
    return [atom for atom in equation.invars if isinstance(atom, Var)]


def reached(variables: Sequence[Var], equations: Sequence[JaxprEqn]) -> set[Var]:
    """Return some variables and all that depend on them.

    Args:
        variables: which.
        equations: in an order in which they can run.
    """
    found = set(variables)
    for each in equations:
        if found.intersection(needed(each)):
            found.update(each.outvars)
    return found


def shape_of(atom: Any) -> tuple[Any, ...]:
    """Return the shape of a variable or literal.

    Args:
        atom: which.
    """
    shape: tuple[Any, ...] = atom.aval.shape
    return shape


def size_of(atom: Any) -> int:
    """Return how many elements a variable has; 0 where that is not known.

    Args:
        atom: which.
    """
    shape = shape_of(atom)
    return prod(shape) if are_numbers(shape) else 0


def bytes_of(atom: Any) -> int:
    """Return how much memory a variable takes; 0 where that is not known.

    Args:
        atom: which.
    """
    width: int = atom.aval.dtype.itemsize
    return size_of(atom) * width
