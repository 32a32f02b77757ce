"""All rules for pooling."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.pooling._gradient import MAX_POOL_GRADIENT
from tenon.xla.lowering.pooling._reduction import POOLS
from tenon.xla.lowering.pooling._tangent import MAX_POOL_TANGENT

POOLING_RULES: tuple[LoweringRule, ...] = (*POOLS, MAX_POOL_GRADIENT, MAX_POOL_TANGENT)
"""One of each primitive."""
