"""A carry to which every step only adds a product becomes one product, after the loop.

The derivative of a recurrent layer by its weights is such a sum: of each step's input times the step's derivative. In
the loop it is read and written in every step, which takes longer than the arithmetic where it is large or the steps
have few rows. Processor time of a training step of two Keras LSTMs, by this rule and plain (inputs, units, batch,
steps): 256, 512, 1, 100: 47 and 79 ms; 512, 512, 8, 50: 170 and 338; 128, 256, 8, 100: 76 and 104; 128, 128, 1, 100:
3.3 and 4.5; no difference for 128, 256, 32, 50; slower (73 and 68 ms) for 64, 128, 32, 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import JaxprEqn, Var

from tenon.xla.lowering._rule import are_numbers
from tenon.xla.lowering.loops._equations import Body, needed, run, shape_of, size_of
from tenon.xla.lowering.loops._limits import Limits

_SUMS = frozenset({"add", "add_any"})
_LINEAR = frozenset({"transpose", "reshape", "neg", "squeeze"})
"""Of one operand: of a sum they give the sum of what they give."""


@dataclass(frozen=True)
class Accumulation:
    """A carry that is only added to.

    Args:
        place: which of the carries.
        product: the equation whose results are added: ``dot_general``, or ``reduce_sum``.
        then: what is done to each of its results before it is added.
    """

    place: int
    product: JaxprEqn
    then: tuple[JaxprEqn, ...]

    @property
    def equations(self) -> set[int]:
        """Identities of the equations that the loop no longer runs, but for the addition itself."""
        return {id(self.product), *map(id, self.then)}


def accumulations(body: Body, limits: Limits) -> list[Accumulation]:
    """Return the carries that become products after the loop.

    Sums of elements follow where the elements leave the loop for a product anyway.

    Args:
        body: of the loop.
        limits: how large products are that leave it.
    """
    uses = Counter(variable for each in body.equations for variable in needed(each))
    uses.update(atom for atom in (*body.next_carries, *body.results) if isinstance(atom, Var))
    makers = {out: each for each in body.equations for out in each.outvars}
    found = [_accumulation(place, body, uses, makers) for place in range(len(body.carries))]
    products = [each for each in found if each and _is_large_product(each.product, limits)]
    outside = {variable for each in products for variable in needed(each.product)}
    return [each for each in found if each and (each in products or outside.issuperset(needed(each.product)))]


def _is_large_product(equation: JaxprEqn, limits: Limits) -> bool:
    if equation.primitive.name != "dot_general":
        return False
    (contracted, _), _ = equation.params["dimension_numbers"]
    shape = shape_of(equation.invars[0])
    rows = [shape[place] for place in contracted]
    few = are_numbers(rows) and prod(rows) <= limits.few_rows
    return size_of(equation.outvars[0]) >= (limits.accumulated_of_few if few else limits.accumulated)


def _accumulation(place: int, body: Body, uses: Counter[Any], makers: dict[Any, JaxprEqn]) -> Accumulation | None:
    carry, result = body.carries[place], body.next_carries[place]
    addition = makers.get(result)
    if addition is None or addition.primitive.name not in _SUMS or uses[carry] != 1 or uses[result] != 1:
        return None
    added = [atom for atom in addition.invars if atom is not carry]
    if len(added) != 1:
        return None
    then: list[JaxprEqn] = []
    maker = _sole_maker(added[0], uses, makers)
    while maker is not None and maker.primitive.name in _LINEAR and len(maker.invars) == 1:
        then.insert(0, maker)
        maker = _sole_maker(maker.invars[0], uses, makers)
    if maker is None or maker.primitive.name not in _TOTALS or len(needed(maker)) != len(maker.invars):
        return None
    return Accumulation(place, maker, tuple(then))


def _sole_maker(atom: Any, uses: Counter[Any], makers: dict[Any, JaxprEqn]) -> JaxprEqn | None:
    return makers.get(atom) if isinstance(atom, Var) and uses[atom] == 1 else None


def total(accumulation: Accumulation, stacked: dict[Var, jax.Array], start: jax.Array) -> jax.Array:
    """Return the carry's last value.

    Args:
        accumulation: which.
        stacked: the operands of its product for all steps, steps first.
        start: the carry's first value.
    """
    product = accumulation.product
    operands = [stacked[variable] for variable in needed(product)]
    known: dict[Any, Any] = {product.outvars[0]: _TOTALS[product.primitive.name](operands, product.params)}
    run(accumulation.then, known)
    result = accumulation.then[-1].outvars[0] if accumulation.then else product.outvars[0]
    return lax.add(start, known[result])


def _sum_of_products(operands: Sequence[jax.Array], parameters: dict[str, Any]) -> jax.Array:
    """Contract the steps, too."""
    (contracted, also_contracted), (batch, also_batch) = parameters["dimension_numbers"]
    return lax.dot_general(
        operands[0],
        operands[1],
        (((0, *_later(contracted)), (0, *_later(also_contracted))), (_later(batch), _later(also_batch))),
        precision=parameters["precision"],
        preferred_element_type=parameters["preferred_element_type"],
    )


def _later(places: Sequence[int]) -> tuple[int, ...]:
    return tuple(place + 1 for place in places)


def _sum_of_elements(operands: Sequence[jax.Array], parameters: dict[str, Any]) -> jax.Array:
    return jnp.sum(operands[0], axis=(0, *(axis + 1 for axis in parameters["axes"])))


_TOTALS = {"dot_general": _sum_of_products, "reduce_sum": _sum_of_elements}
