"""A case compiled in both forms, which run in turns."""

from __future__ import annotations

import statistics
import time
from contextlib import nullcontext
from dataclasses import dataclass

import jax

from benchmarks.lowering.cases import Case, Function
from tenon.xla import without_lowering_rules

TURN_SECONDS = 0.02


class Form:
    """A function in one form, compiled.

    Args:
        function: what is compiled.
        operands: what it is called with.

    Attributes:
        compile_seconds: of processor time that compiling took.
        seconds: of processor time that a call took, for each turn.
    """

    def __init__(self, function: Function, operands: tuple[jax.Array, ...]) -> None:
        began = time.process_time()
        self._program = jax.jit(lambda *values: function(*values)).lower(*operands).compile()
        self.compile_seconds = time.process_time() - began
        self.seconds: list[float] = []
        self._operands = operands
        self._calls = 1
        self._calls = max(1, int(TURN_SECONDS / max(min(self._turn() for _ in range(3)), 1e-6)))

    def take_turn(self) -> None:
        """Run for a moment."""
        self.seconds.append(self._turn())

    def _turn(self) -> float:
        began = time.process_time()
        for _ in range(self._calls):
            jax.block_until_ready(self._program(*self._operands))
        return (time.process_time() - began) / self._calls


@dataclass(frozen=True)
class Comparison:
    """Both forms of a case, measured."""

    plain: Form
    ruled: Form

    @property
    def microseconds(self) -> tuple[float, float]:
        """The median processor time of a call, plain and by the rules."""
        plain, ruled = (statistics.median(form.seconds) * 1e6 for form in (self.plain, self.ruled))
        return plain, ruled

    @property
    def spread(self) -> tuple[float, float]:
        """Between what the middle half of the rounds' ratios lie."""
        ratios = [one / other for one, other in zip(self.plain.seconds, self.ruled.seconds, strict=True)]
        low, _, high = statistics.quantiles(ratios)
        return low, high


def compare(case: Case, gradients: bool, rounds: int) -> Comparison:
    """Measure a case, or its gradients; at least two rounds."""
    function, operands = case.gradients() if gradients else case.function, case.operands()
    forms = []
    for switch in (without_lowering_rules(), nullcontext()):
        with switch:
            forms.append(Form(function, operands))
    for _ in range(rounds):
        for form in forms:
            form.take_turn()
    return Comparison(*forms)
