"""Maxima and minima that keep what is not a number; in force even where rules for speed are switched off."""

from tenon.xla.lowering.extremes._rules import EXTREMES_RULES

__all__ = ["EXTREMES_RULES"]
