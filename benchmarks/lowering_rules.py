"""Each lowering rule beside the plain form, and the same with its gradients: ``python benchmarks/lowering_rules.py``.

Both forms of a case are compiled once and run in turns; the table has medians of processor time, which other programs
on the machine change less than they change time on the wall, and of compile time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from jax import lax

from tenon.xla import LOWERING_RULES, install_lowering_rules, without_lowering_rules

TURN_SECONDS = 0.02
ORDERS = {1: "W", 2: "HW", 3: "DHW"}


@dataclass(frozen=True)
class Convolution:
    """A case, channels last and padded to keep the size.

    Args:
        rule: the name of the rule that it is for.
        images: rows, spatial sizes, channels.
        kernel: spatial sizes.
        filters: channels of the result.
        groups: of channels.
        stride: in each dimension.
        dilation: of the kernel in each dimension.
        dtype: of all.
    """

    rule: str
    images: tuple[int, ...]
    kernel: tuple[int, ...]
    filters: int
    groups: int = 1
    stride: int = 1
    dilation: int = 1
    dtype: str = "float32"

    @property
    def label(self) -> str:
        """What the table calls it."""
        sizes, kernel = ("x".join(map(str, sizes)) for sizes in (self.images, self.kernel))
        extras = {"groups": self.groups, "stride": self.stride, "dilation": self.dilation}
        words = [f"{name} {value}" for name, value in extras.items() if value != 1]
        return " ".join([sizes, f"to {self.filters}", f"kernel {kernel}", *words, *self._dtype_words()])

    def _dtype_words(self) -> list[str]:
        return [] if self.dtype == "float32" else [self.dtype]

    def function(self) -> Callable[[jax.Array, jax.Array], jax.Array]:
        """Return the convolution."""
        rank = len(self.kernel)
        stored = f"N{ORDERS[rank]}C"
        return partial(
            lax.conv_general_dilated,
            window_strides=(self.stride,) * rank,
            padding="SAME",
            rhs_dilation=(self.dilation,) * rank,
            dimension_numbers=(stored, f"{ORDERS[rank]}IO", stored),
            feature_group_count=self.groups,
        )

    def operands(self) -> tuple[jax.Array, jax.Array]:
        """Return images and kernel."""
        random = np.random.default_rng(0)
        kernel = (*self.kernel, self.images[-1] // self.groups, self.filters)
        return tuple(jax.numpy.asarray(random.normal(size=shape), self.dtype) for shape in (self.images, kernel))


DEPTHWISE, NARROW, WIDE = "depthwise_convolution", "narrow_grouped_convolution", "wide_grouped_convolution"
VOLUMES, COLOUR = "convolution_of_volumes", "convolution_of_colour_images"
CASES = (
    Convolution(DEPTHWISE, (1, 24, 24, 96), (3, 3), 96, 96),
    Convolution(DEPTHWISE, (1, 56, 56, 144), (3, 3), 144, 144),
    Convolution(DEPTHWISE, (1, 112, 112, 96), (3, 3), 96, 96, stride=2),
    Convolution(DEPTHWISE, (1, 7, 7, 960), (3, 3), 960, 960),
    Convolution(DEPTHWISE, (8, 28, 28, 192), (3, 3), 192, 192),
    Convolution(DEPTHWISE, (1, 14, 14, 672), (5, 5), 672, 672),
    Convolution(DEPTHWISE, (1, 14, 14, 384), (7, 7), 384, 384),
    Convolution(DEPTHWISE, (1, 32, 32, 256), (3, 3), 256, 256, dilation=2),
    Convolution(DEPTHWISE, (1, 400, 256), (31,), 256, 256),
    Convolution(DEPTHWISE, (1, 28, 28, 192), (3, 3), 192, 192, dtype="bfloat16"),
    Convolution(NARROW, (1, 56, 56, 128), (3, 3), 128, 32),
    Convolution(NARROW, (8, 56, 56, 128), (3, 3), 128, 32),
    Convolution(NARROW, (1, 56, 56, 128), (3, 3), 128, 32, stride=2),
    Convolution(NARROW, (1, 28, 28, 256), (3, 3), 64, 64),
    Convolution(NARROW, (1, 28, 28, 64), (3, 3), 128, 64),
    Convolution(WIDE, (1, 27, 27, 96), (5, 5), 256, 2),
    Convolution(WIDE, (1, 16, 16, 128), (3, 3), 128, 2),
    Convolution(WIDE, (8, 28, 28, 128), (3, 3), 128, 4),
    Convolution(WIDE, (1, 8, 14, 14, 32), (3, 3, 3), 32, 2),
    Convolution(VOLUMES, (1, 16, 32, 32, 3), (3, 3, 3), 32),
    Convolution(VOLUMES, (1, 8, 16, 16, 32), (3, 3, 3), 64),
    Convolution(VOLUMES, (1, 8, 16, 16, 32), (3, 3, 3), 64, stride=2),
    Convolution(COLOUR, (1, 224, 224, 3), (3, 3), 32, stride=2),
    Convolution(COLOUR, (8, 224, 224, 3), (3, 3), 32, stride=2),
    Convolution(COLOUR, (1, 160, 160, 3), (3, 3), 24, stride=2),
)


class Form:
    """A function in one form, compiled."""

    def __init__(self, function: Callable[..., object], operands: tuple[jax.Array, ...]) -> None:
        began = time.process_time()
        self._program = jax.jit(lambda *values: function(*values)).lower(*operands).compile()
        self.compile_seconds = time.process_time() - began
        self._operands = operands
        self._calls = 1
        self._calls = max(1, int(TURN_SECONDS / max(min(self._turn() for _ in range(3)), 1e-6)))
        self._seconds: list[float] = []

    def _turn(self) -> float:
        began = time.process_time()
        for _ in range(self._calls):
            jax.block_until_ready(self._program(*self._operands))
        return (time.process_time() - began) / self._calls

    def take_turn(self) -> None:
        """Run for a moment."""
        self._seconds.append(self._turn())

    def microseconds(self) -> float:
        """Return the median processor time of a call."""
        return statistics.median(self._seconds) * 1e6


def forms(case: Convolution, gradients: bool) -> tuple[Form, Form]:
    """Return a case in the plain form and by the rules."""
    function = case.function()
    operands = case.operands()
    if gradients:
        function = jax.grad(lambda *values: (case.function()(*values) ** 2).sum().astype("float32"), (0, 1))
    with without_lowering_rules():
        plain = Form(function, operands)
    return plain, Form(function, operands)


def lines(cases: Iterator[Convolution], gradients: bool, rounds: int) -> Iterator[str]:
    """Measure cases, and yield a row of the table for each."""
    for case in cases:
        both = forms(case, gradients)
        for _ in range(rounds):
            for form in both:
                form.take_turn()
        plain, by_rule = (form.microseconds() for form in both)
        compiling = [form.compile_seconds for form in both]
        figures = f"{plain:9.0f} | {by_rule:8.0f} | {plain / by_rule:5.1f} | {compiling[0]:5.2f} | {compiling[1]:5.2f}"
        yield f"| {case.rule:28} | {case.label:52} | {figures} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rules whose name has this")
    parser.add_argument("--gradients", action="store_true", help="forward and both gradients instead of forward")
    parser.add_argument("--rounds", type=int, default=9)
    flags = parser.parse_args()
    install_lowering_rules(LOWERING_RULES)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; microseconds of processor time a call")
    print(
        "| rule | case | plain | rule | times | compile, plain (s) | compile, rule (s) |\n|---|---|--:|--:|--:|--:|--:|"
    )
    for line in lines(iter(case for case in CASES if flags.only in case.rule), flags.gradients, flags.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
