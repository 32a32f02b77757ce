"""Loops over steps, as recurrent layers have them."""

from tenon.xla.lowering.loops._rules import LOOP_RULES

__all__ = ["LOOP_RULES"]
