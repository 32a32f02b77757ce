"""All rules for convolutions."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.convolutions._depthwise import DEPTHWISE

CONVOLUTION_RULES: tuple[LoweringRule, ...] = (DEPTHWISE,)
"""The more special before the more general."""
