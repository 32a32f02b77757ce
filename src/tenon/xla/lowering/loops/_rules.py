"""All rules for loops."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.loops._scan import SCAN

LOOP_RULES: tuple[LoweringRule, ...] = (SCAN,)
"""The more special before the more general."""
