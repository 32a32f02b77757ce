"""How long XLA takes to compile networks of many kinds, lowered by the rules and in the plain form."""
