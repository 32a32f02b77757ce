"""All rules for what asks for an order."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.order._arguments import ARGUMENTS
from tenon.xla.lowering.order._sort import SORT

ORDER_RULES: tuple[LoweringRule, ...] = (*ARGUMENTS, SORT)
"""One of each primitive."""
