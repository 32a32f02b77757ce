"""All rules for loops."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.loops._limits import Limits
from tenon.xla.lowering.loops._scan import scan_rule

LOOP_RULES: tuple[LoweringRule, ...] = (scan_rule(Limits()),)
"""The more special before the more general."""
