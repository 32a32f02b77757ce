"""Sorts and the places of the largest, without a comparison that is called element by element."""

from tenon.xla.lowering.order._rules import ORDER_RULES

__all__ = ["ORDER_RULES"]
