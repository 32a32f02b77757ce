"""What a lowering rule is: a shape guard and a better way to say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
from jax.extend.core import Primitive


@dataclass(frozen=True)
class LoweringRule:
    """One way to say a primitive to XLA's CPU compiler that runs faster than the plain one.

    Rules give what the plain lowering gives up to rounding, for every shape, padding and dtype that the guard lets in.
    Sizes may be symbols, when a program is exported: a guard that needs numbers declines them (``are_numbers``).

    Args:
        name: of the rule, which the names of operations in profiles and compiled programs carry.
        primitive: what it lowers, such as ``jax.lax.conv_general_dilated_p``.
        applies: the guard: told the abstract values of the operands and the primitive's parameters, whether this rule
            is right and faster.
        compute: takes the operands and the parameters as ``primitive.bind`` does, and returns the result, a sequence
            where the primitive has several; written with operations of JAX, among them the primitive in a form that
            no rule changes further.
        corrects: whether the plain lowering's results are wrong where the guard lets an operation in. Such a rule is
            made for what is right, not for what is fast: it stays in force where rules are switched off.
    """

    name: str
    primitive: Primitive
    applies: Callable[[Sequence[jax.core.ShapedArray], Mapping[str, Any]], bool]
    compute: Callable[..., Any]
    corrects: bool = False


def are_numbers(sizes: Sequence[Any]) -> bool:
    """Tell whether no size is a symbol.

    Args:
        sizes: of some dimensions.

    Example:
        >>> are_numbers((2, 3)), are_numbers(jax.export.symbolic_shape("b, 3"))
        (True, False)
    """
    return all(isinstance(size, int) for size in sizes)


def chosen_rule(
    rules: Sequence[LoweringRule], operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]
) -> LoweringRule | None:
    """Return the first of ``rules`` whose guard lets an operation in, or ``None`` for the plain form.

    Arrays whose types say how they are spread over devices (explicit sharding) keep the plain form: what rules make
    beside them is not spread.

    Args:
        rules: of one primitive, the most special first.
        operands: their abstract values.
        parameters: the primitive's.
    """
    if any(map(_is_spread, operands)):
        return None
    return next((rule for rule in rules if rule.applies(operands, parameters)), None)


def _is_spread(operand: Any) -> bool:
    sharding = getattr(operand, "sharding", None)
    return sharding is not None and any(part is not None for part in sharding.spec)
