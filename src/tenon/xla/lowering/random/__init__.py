"""Random bits: the hash behind ``jax.random`` in one pass over memory."""

from tenon.xla.lowering.random._threefry import RANDOM_RULES

__all__ = ["RANDOM_RULES"]
