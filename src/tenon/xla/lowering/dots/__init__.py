"""Products of matrices: bfloat16 is multiplied by the processor's instructions for it, where XLA lets it be."""

from tenon.xla.lowering.dots._bfloat16 import DOT_RULES

__all__ = ["DOT_RULES"]
