"""The rules are in force in all tests of rules."""

from tenon.xla import LOWERING_RULES, install_lowering_rules

install_lowering_rules(LOWERING_RULES)
