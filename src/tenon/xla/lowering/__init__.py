"""Better ways to say operations to XLA's CPU compiler, each with a guard for the shapes that it is faster for."""

from tenon.xla.lowering._install import (
    install_lowering_rules,
    lowering_rules_enabled,
    set_lowering_rules_enabled,
    without_lowering_rules,
)
from tenon.xla.lowering._rule import LoweringRule, are_numbers, chosen_rule
from tenon.xla.lowering._rules import LOWERING_RULES

__all__ = [
    "LOWERING_RULES",
    "LoweringRule",
    "are_numbers",
    "chosen_rule",
    "install_lowering_rules",
    "lowering_rules_enabled",
    "set_lowering_rules_enabled",
    "without_lowering_rules",
]
