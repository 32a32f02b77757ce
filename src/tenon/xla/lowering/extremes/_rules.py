"""All rules for maxima and minima of many numbers."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.extremes._reduction import GENERAL_REDUCTION, REDUCTIONS
from tenon.xla.lowering.extremes._window import WINDOWS

EXTREMES_RULES: tuple[LoweringRule, ...] = (*REDUCTIONS, GENERAL_REDUCTION, *WINDOWS)
"""One of each primitive."""
