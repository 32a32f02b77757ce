"""All rules."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.convolutions import CONVOLUTION_RULES
from tenon.xla.lowering.cumulative import CUMULATIVE_RULES
from tenon.xla.lowering.extremes import EXTREMES_RULES
from tenon.xla.lowering.loops import LOOP_RULES
from tenon.xla.lowering.order import ORDER_RULES
from tenon.xla.lowering.pooling import POOLING_RULES
from tenon.xla.lowering.products import PRODUCT_RULES
from tenon.xla.lowering.random import RANDOM_RULES

LOWERING_RULES: tuple[LoweringRule, ...] = (
    *CONVOLUTION_RULES,
    *CUMULATIVE_RULES,
    *EXTREMES_RULES,
    *LOOP_RULES,
    *ORDER_RULES,
    *POOLING_RULES,
    *PRODUCT_RULES,
    *RANDOM_RULES,
)
"""Every rule; of two for one primitive, the more special stands first."""
