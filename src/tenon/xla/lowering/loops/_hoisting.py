"""Products that no carry takes part in are computed for all steps at once, before the loop.

A recurrent layer multiplies each step's input with its weights. Weights that do not fit into the processor's nearer
caches are read from memory in every step; one product of all steps reads them once. Smaller ones stay in the loop,
where nothing has to be kept for later. Processor time of two Keras LSTMs, by this rule and plain (inputs, units, batch,
steps): 256, 512, 1, 100: 16.9 and 21.7 ms; 512, 512, 8, 50: 43.6 and 59.7; 256, 512, 32, 50: 147 and 166; but with less
than a MiB 128, 256, 32, 50: 42.8 and 34.6, and 64, 128, 32, 100: 28.4 and 18.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from jax.extend.core import JaxprEqn, Var

from tenon.xla.lowering.loops._cuts import FOLLOWERS
from tenon.xla.lowering.loops._equations import PRODUCTS, Body, needed, reached, size_of
from tenon.xla.lowering.loops._limits import Limits


def hoisted(body: Body, taken: AbstractSet[int], limits: Limits) -> list[JaxprEqn]:
    """Return the equations to run before the loop, in order; none where no large product is free of carries.

    Args:
        body: of the loop.
        taken: identities of equations that leave the loop otherwise.
        limits: what a large product is.
    """
    free = [each for each in _free_of_carries(body) if id(each) not in taken]
    of_slices = reached(body.slices, free)
    products = [each for each in free if _is_large_product(each, of_slices, limits)]
    if not products:
        return []
    wanted = _ancestors(products, free)
    made = {out for each in free if id(each) in wanted for out in each.outvars}
    for each in free:
        if each.primitive.name in FOLLOWERS and made.intersection(needed(each)) and _is_ready(each, body, made):
            wanted.add(id(each))
            made.update(each.outvars)
    return [each for each in free if id(each) in wanted]


def _is_large_product(equation: JaxprEqn, of_slices: AbstractSet[Var], limits: Limits) -> bool:
    if equation.primitive.name not in PRODUCTS or of_slices.isdisjoint(needed(equation)):
        return False
    constant = [size_of(each) for each in needed(equation) if each not in of_slices]
    return max(constant, default=0) >= limits.hoisted


def _free_of_carries(body: Body) -> list[JaxprEqn]:
    bound = set(body.carries)
    free = []
    for each in body.equations:
        if bound.intersection(needed(each)):
            bound.update(each.outvars)
        else:
            free.append(each)
    return free


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
