"""Products that no carry takes part in are computed for all steps at once, before the loop.

A recurrent layer multiplies each step's input with its weights; one product of all steps uses the processor's vectors
and cores where many small ones cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from jax.extend.core import JaxprEqn, Var

from tenon.xla.lowering.loops._equations import Body, needed

PRODUCTS = frozenset({"dot_general", "conv_general_dilated"})
"""What pays to be done for all steps at once."""

_FOLLOWERS = frozenset({"add", "sub", "mul", "convert_element_type", "reshape", "squeeze", "transpose"})
"""What may follow a hoisted product out of the loop, such as the addition of a bias."""


def hoisted(body: Body, taken: AbstractSet[int]) -> list[JaxprEqn]:
    """Return the equations to run before the loop, in order; none where no product is free of carries.

    Args:
        body: of the loop.
        taken: identities of equations that leave the loop otherwise.
    """
    free = [each for each in _free_of_carries(body) if id(each) not in taken]
    products = [each for each in free if each.primitive.name in PRODUCTS and _depends_on(body.slices, each, free)]
    if not products:
        return []
    wanted = _ancestors(products, free)
    made = {out for each in free if id(each) in wanted for out in each.outvars}
    for each in free:
        if each.primitive.name in _FOLLOWERS and made.intersection(needed(each)) and _is_ready(each, body, made):
            wanted.add(id(each))
            made.update(each.outvars)
    return [each for each in free if id(each) in wanted]


def _free_of_carries(body: Body) -> list[JaxprEqn]:
    bound = set(body.carries)
    free = []
    for each in body.equations:
        if bound.intersection(needed(each)):
            bound.update(each.outvars)
        else:
            free.append(each)
    return free


def _depends_on(variables: Sequence[Var], equation: JaxprEqn, among: Sequence[JaxprEqn]) -> bool:
    reached = set(variables)
    for each in among:
        if reached.intersection(needed(each)):
            reached.update(each.outvars)
            if each is equation:
                return True
    return False


def _ancestors(equations: Sequence[JaxprEqn], among: Sequence[JaxprEqn]) -> set[int]:
    wanted = {id(each) for each in equations}
    asked = {variable for each in equations for variable in needed(each)}
    for each in reversed(among):
        if id(each) in wanted or asked.intersection(each.outvars):
            wanted.add(id(each))
            asked.update(needed(each))
    return wanted


def _is_ready(equation: JaxprEqn, body: Body, made: set[Var]) -> bool:
    known = {*body.constants, *body.slices, *made, *(variable for variable, _ in body.captured)}
    return known.issuperset(needed(equation))
