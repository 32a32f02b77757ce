"""Convolutions: what XLA's CPU compiler does slowly is said with operations that it does well."""

from tenon.xla.lowering.convolutions._rules import CONVOLUTION_RULES

__all__ = ["CONVOLUTION_RULES"]
