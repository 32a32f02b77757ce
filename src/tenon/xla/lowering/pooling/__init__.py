"""Pooling and its gradients: windows said as slices of the whole array, which become loops over channels."""

from tenon.xla.lowering.pooling._rules import POOLING_RULES

__all__ = ["POOLING_RULES"]
