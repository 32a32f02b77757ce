"""Loops over steps whose products are taken out of them.

Keras's recurrent layers are such loops: forward, the product of each step's input with the weights is taken out before
the loop; backward, the sums of products that are the derivatives of the weights are taken out after it. What a step
cuts into the inputs of its gates is read from memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
from jax import lax
from jax.extend.core import ClosedJaxpr, JaxprEqn, Var

from tenon.xla.lowering._materialized import materialized
from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.loops._accumulation import Accumulation, accumulations, total
from tenon.xla.lowering.loops._cuts import cut
from tenon.xla.lowering.loops._equations import Body, as_function, body_of, bytes_of, has_product, needed, run, value_of
from tenon.xla.lowering.loops._hoisting import hoisted
from tenon.xla.lowering.loops._limits import Limits


class _Plan:
    """What leaves the loop, before and after.

    Args:
        body: of the loop.
        limits: what is worth it.
    """

    def __init__(self, body: Body, limits: Limits) -> None:
        self.body = body
        self.after: list[Accumulation] = accumulations(body, limits)
        gone = set[int]().union(*(each.equations for each in self.after))
        self.before: list[JaxprEqn] = hoisted(body, gone, limits)
        gone |= {id(each) for each in self.before}
        places = {each.place for each in self.after}
        gone |= {
            id(each) for each in body.equations if {body.next_carries[place] for place in places} & {*each.outvars}
        }
        self.within = [each for each in body.equations if id(each) not in gone]
        self.kept = [place for place in range(len(body.carries)) if place not in places]
        made_before = {out for each in self.before for out in each.outvars}
        operands = dict.fromkeys(variable for each in self.after for variable in needed(each.product))
        self.stacked = [each for each in operands if each not in made_before and each not in body.slices]
        asked = {variable for each in self.within for variable in needed(each)}
        asked |= {*operands, *(atom for atom in (*body.next_carries, *body.results) if isinstance(atom, Var))}
        self.made = [out for each in self.before for out in each.outvars if out in asked]
        self.cut = cut(body, (*body.slices, *self.made), self.within)

    @property
    def bytes(self) -> int:
        """Size of what one step takes from outside or hands over, besides the loop's own slices and results."""
        return sum(bytes_of(each) for each in (*self.made, *self.stacked))


@lru_cache(maxsize=8)  # the guard and the rewriting ask one after the other; a program is not kept alive for more
def _plan(jaxpr: ClosedJaxpr, constants: int, carries: int, limits: Limits) -> _Plan:
    return _Plan(body_of(jaxpr, constants, carries), limits)


def scan_rule(limits: Limits) -> LoweringRule:
    """Return the rule.

    Args:
        limits: which products leave a loop.
    """
    return LoweringRule("scan_of_products", lax.scan_p, partial(_applies, limits), partial(_compute, limits))


def _applies(limits: Limits, operands: Sequence[Any], parameters: Mapping[str, Any]) -> bool:
    del operands
    jaxpr, length = parameters["jaxpr"], parameters["length"]
    if jaxpr.effects or parameters["unroll"] != 1 or not isinstance(length, int) or length < 2:
        return False
    if not has_product(jaxpr.jaxpr):
        return False
    plan = _plan(jaxpr, parameters["num_consts"], parameters["num_carry"], limits)
    return bool(plan.before or plan.after or plan.cut) and plan.bytes * length <= limits.bytes


def _compute(limits: Limits, *operands: Any, **parameters: Any) -> list[Any]:
    with jax.enable_x64(True):  # see ``body_of``
        return _computed(limits, operands, parameters)


def _computed(limits: Limits, operands: Sequence[Any], parameters: Mapping[str, Any]) -> list[Any]:
    constants, carries = parameters["num_consts"], parameters["num_carry"]
    plan = _plan(parameters["jaxpr"], constants, carries, limits)
    body = plan.body
    known = dict(body.captured) | dict(zip(body.constants, operands[:constants], strict=True))
    starts, slices = operands[constants : constants + carries], operands[constants + carries :]
    steps = dict(zip(body.slices, slices, strict=True)) | _computed_before(plan, known, slices)
    ends, results, stacked = _looped(plan, known, [starts[place] for place in plan.kept], steps, parameters)
    totals = {each.place: total(each, steps | stacked, starts[each.place]) for each in plan.after}
    last = dict(zip(plan.kept, ends, strict=True)) | totals
    return [*(last[place] for place in range(carries)), *results]


def _computed_before(plan: _Plan, known: dict[Any, Any], slices: Sequence[Any]) -> dict[Any, Any]:
    """Return, for all steps, what the equations before the loop give."""
    if not plan.before:
        return {}
    function = as_function(plan.before, [*known, *plan.body.slices], plan.made)
    batched = jax.vmap(function, in_axes=(*[None] * len(known), *[0] * len(slices)), axis_size=None)
    return dict(zip(plan.made, batched(*known.values(), *slices), strict=True))


def _looped(
    plan: _Plan, known: dict[Any, Any], starts: Sequence[Any], steps: dict[Any, Any], parameters: Mapping[str, Any]
) -> tuple[Sequence[Any], Sequence[Any], dict[Any, Any]]:
    body = plan.body
    carried = [body.carries[place] for place in plan.kept]

    def step(values: Any, inputs: Any) -> Any:
        local = known | dict(zip(carried, values, strict=True)) | dict(zip(steps, inputs, strict=True))
        local |= {each: materialized(local[each]) for each in plan.cut}
        run(plan.within, local)
        following = [value_of(body.next_carries[place], local) for place in plan.kept]
        return following, ([value_of(each, local) for each in body.results], [local[each] for each in plan.stacked])

    ends, (results, stacked) = lax.scan(
        step, list(starts), list(steps.values()), parameters["length"], parameters["reverse"]
    )
    return ends, results, dict(zip(plan.stacked, stacked, strict=True))
