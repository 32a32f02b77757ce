"""Sums, products and extremes of all that came before, by half as many pairs at each step."""

from tenon.xla.lowering.cumulative._scans import CUMULATIVE_RULES

__all__ = ["CUMULATIVE_RULES"]
