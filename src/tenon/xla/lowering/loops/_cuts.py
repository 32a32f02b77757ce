"""What a loop takes of its inputs in one step is written to memory before it is cut into parts.

A GRU's step cuts its input into those of its gates. XLA's CPU compiler computes the gates in one loop that looks up the
step's place in the whole input for each element of each part, and is not vectorized: 38 of the 48 microseconds of a
step of 32 rows and 64 units. The parts of an array that lies in memory are read as vectors.

A loop that keeps its gates for derivatives has XLA write each of them to memory by itself, and gains nothing (7.5 and
7.8 ms of a gradient).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jax.extend.core import JaxprEqn, Var

from tenon.xla.lowering.loops._equations import Body, needed, reached

FOLLOWERS = frozenset({"add", "sub", "mul", "convert_element_type", "reshape", "squeeze", "transpose"})
"""What may be done to an input before it is cut; products that leave the loop take such operations with them."""

_CUTS = frozenset({"split", "slice"})


def cut(body: Body, variables: Iterable[Var], equations: Sequence[JaxprEqn]) -> list[Var]:
    """Return the variables that equations cut into parts, as they are or after additions and the like.

    Args:
        body: of the loop.
        variables: inputs of one step.
        equations: of the step, in order.
    """
    return [each for each in variables if _is_cut(each, equations) and not _is_kept(body, each, equations)]


def _is_kept(body: Body, variable: Var, equations: Sequence[JaxprEqn]) -> bool:
    """Tell whether more is made of a variable for later than states and outputs, as derivatives ask for."""
    made = reached([variable], equations)
    return len({each for each in body.results if isinstance(each, Var) and each in made}) > len(body.carries)


def _is_cut(variable: Var, equations: Sequence[JaxprEqn]) -> bool:
    followed = {variable}
    for each in equations:
        if followed.isdisjoint(needed(each)):
            continue
        if each.primitive.name in _CUTS:
            return True
        if each.primitive.name in FOLLOWERS:
            followed.update(each.outvars)
    return False
