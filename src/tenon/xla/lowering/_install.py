"""The rules are put into JAX's table of lowerings for CPUs, and taken into account or not by one switch."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

import jax
from jax.extend.core import Primitive
from jax.interpreters import mlir

from tenon.xla._jax_internals import plain_lowering
from tenon.xla.lowering._rule import LoweringRule, chosen_rule

SWITCH = "TENON_LOWERING_RULES"
"""Environment variable that keeps the rules out when it is ``off``."""

_PLATFORM = "cpu"


class _State:
    """Whether the rules are used, and what they were put in front of."""

    on = True
    plain: ClassVar[dict[Primitive, Any]] = {}


def install_lowering_rules(rules: Sequence[LoweringRule]) -> None:
    """Have the CPU's programs lowered by ``rules`` from now on.

    If ``$TENON_LOWERING_RULES`` is ``off``, only those that correct results are used. Programs for other platforms,
    also those exported together with one for CPUs, keep the plain form. A second call replaces the rules of the
    primitives that it has rules for.

    Args:
        rules: the more special before the more general, where one primitive has several.
    """
    of_primitive = defaultdict(list)
    for rule in _corrections(rules) if _is_kept_out() else rules:
        of_primitive[rule.primitive].append(rule)
    for primitive, its_rules in of_primitive.items():
        mlir.register_lowering(primitive, _lowering(primitive, its_rules), platform=_PLATFORM)


def _corrections(rules: Sequence[LoweringRule]) -> list[LoweringRule]:
    return [rule for rule in rules if rule.corrects]


def _lowering(primitive: Primitive, rules: Sequence[LoweringRule]) -> Any:
    plain = _State.plain.setdefault(primitive, plain_lowering(primitive, _PLATFORM))
    corrections = _corrections(rules)

    def lower(context: Any, *operands: Any, **parameters: Any) -> Any:
        rule = chosen_rule(rules if _State.on else corrections, context.avals_in, parameters)
        if rule is None:
            return plain(context, *operands, **parameters)
        named = jax.named_scope(rule.name)(partial(rule.compute, **parameters))
        try:
            return mlir.lower_fun(named, multiple_results=primitive.multiple_results)(context, *operands)
        except jax.errors.InconclusiveDimensionOperation:  # it has to know more of an open size than is known
            return plain(context, *operands, **parameters)

    return lower


def set_lowering_rules_enabled(enabled: bool) -> None:
    """Switch all rules but corrections on or off; what was compiled is forgotten, and compiled anew at its next call.

    Args:
        enabled: whether programs are lowered by the rules.

    Example:
        >>> set_lowering_rules_enabled(False)
        >>> lowering_rules_enabled()
        False
        >>> set_lowering_rules_enabled(True)
    """
    if enabled != _State.on:
        _State.on = enabled
        jax.clear_caches()


def lowering_rules_enabled() -> bool:
    """Tell whether programs are lowered by the rules."""
    return _State.on and not _is_kept_out()


def _is_kept_out() -> bool:
    return os.environ.get(SWITCH, "").lower() == "off"


@contextmanager
def without_lowering_rules() -> Iterator[None]:
    """Lower in the plain form, but for corrections, what is traced in a block, in this process.

    Functions compiled before the block keep their programs; give ``jax.jit`` a function of its own.

    Example:
        >>> with without_lowering_rules():
        ...     text = jax.jit(lambda x: x + 1).lower(1.0).as_text()
    """
    before, _State.on = _State.on, False
    try:
        yield
    finally:
        _State.on = before
