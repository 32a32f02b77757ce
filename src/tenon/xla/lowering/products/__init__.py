"""Products of matrices that XLA's CPU compiler has in a slower form."""

from tenon.xla.lowering.products._rules import PRODUCT_RULES

__all__ = ["PRODUCT_RULES"]
