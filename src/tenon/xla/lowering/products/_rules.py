"""All rules for products of matrices."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.products._bfloat16 import BFLOAT16_PRODUCT
from tenon.xla.lowering.products._int8 import INT8_PRODUCT
from tenon.xla.lowering.products._leading import PRODUCT_OVER_LEADING_DIMENSIONS

PRODUCT_RULES: tuple[LoweringRule, ...] = (BFLOAT16_PRODUCT, INT8_PRODUCT, PRODUCT_OVER_LEADING_DIMENSIONS)
"""The more special before the more general."""
