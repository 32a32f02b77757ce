"""Pools, sorts, places and random numbers, by lowering rules and plain: ``python benchmarks/lowering_other_rules.py``.

Both forms of a case are compiled once and run in turns; the table has medians of processor time, which other programs
on the machine change less than they change time on the wall, and of compile time.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.xla import LOWERING_RULES, install_lowering_rules, without_lowering_rules

TURNS = 15
TURN_SECONDS = 0.02


@dataclass(frozen=True)
class Case:
    """What is run: ``function`` of numbers of some shape."""

    label: str
    function: Callable[[jax.Array], Any]
    shape: tuple[int, ...]


def pooled(size: int, stride: int, padding: str = "VALID", average: bool = False) -> Callable[[jax.Array], jax.Array]:
    """Return max or sum pooling of images, channels last."""
    start, reducer = (0.0, lax.add) if average else (-np.inf, lax.max)
    window, strides = (1, size, size, 1), (1, stride, stride, 1)
    return lambda images: lax.reduce_window(images, start, reducer, window, strides, padding)


def gradient(function: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array], jax.Array]:
    """Return a function's derivative, weighted by its result so that nothing is known ahead."""
    return jax.grad(lambda given: jnp.square(function(given)).sum())


def dropout(given: jax.Array) -> jax.Array:
    """Keep nine of ten numbers, by a key that comes from the data."""
    key = jax.random.wrap_key_data(lax.bitcast_convert_type(given.ravel()[:2], jnp.uint32))
    return jnp.where(jax.random.bernoulli(key, 0.9, given.shape), given / 0.9, 0)


CASES = (
    Case("max 2x2/2", pooled(2, 2), (64, 32, 32, 32)),
    Case("max 2x2/2, gradient", gradient(pooled(2, 2)), (64, 32, 32, 32)),
    Case("max 2x2/2, gradient", gradient(pooled(2, 2)), (32, 26, 26, 32)),
    Case("max 3x3/2", pooled(3, 2, "SAME"), (16, 56, 56, 64)),
    Case("max 3x3/2, gradient", gradient(pooled(3, 2, "SAME")), (8, 112, 112, 64)),
    Case("max 3x3/1, gradient", gradient(pooled(3, 1, "SAME")), (32, 28, 28, 64)),
    Case("sum 3x3/1", pooled(3, 1, "SAME", average=True), (16, 28, 28, 64)),
    Case("sum 3x3/2, gradient", gradient(pooled(3, 2, "SAME", average=True)), (16, 56, 56, 64)),
    Case("sum 2x2/2, gradient", gradient(pooled(2, 2, average=True)), (64, 32, 32, 32)),
    Case("sort", jnp.sort, (32, 1000)),
    Case("sort", jnp.sort, (1 << 20,)),
    Case("argsort", jnp.argsort, (1 << 18,)),
    Case("argmax", lambda given: jnp.argmax(given, -1), (4096, 64)),
    Case("argmax", lambda given: jnp.argmax(given, -1), (4096, 1000)),
    Case("dropout", dropout, (32, 128)),
    Case("dropout", dropout, (32, 128, 256)),
)


def compiled(case: Case, given: jax.Array, rules: bool) -> tuple[Callable[[], Any], float]:
    """Return a case as a program by the rules or plain, and the processor seconds that this took."""
    started = time.process_time()
    with nullcontext() if rules else without_lowering_rules():
        program = jax.jit(lambda values: case.function(values)).lower(given).compile()
    return (lambda: jax.block_until_ready(program(given))), time.process_time() - started


def turn(run: Callable[[], Any], times: int) -> float:
    """Return processor milliseconds of a run."""
    started = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - started) / times * 1000


def row(case: Case) -> str:
    """Return a line of the table."""
    given = jnp.asarray(np.random.default_rng(0).normal(size=case.shape), jnp.float32)
    (plain, plain_seconds), (ruled, seconds) = (compiled(case, given, rules) for rules in (False, True))
    times = max(1, int(TURN_SECONDS * 1000 / max(turn(plain, 1), 0.01)))
    pairs = [(turn(plain, times), turn(ruled, times)) for _ in range(TURNS)]
    before, after = (statistics.median(column) for column in zip(*pairs, strict=True))
    spread = statistics.quantiles(one / other for one, other in pairs)
    size = "x".join(map(str, case.shape))
    return (
        f"{case.label:22}{size:>16}{before:10.3f}{after:10.3f}{before / after:8.1f}x"
        f"  ({spread[0]:.1f} to {spread[2]:.1f})   compile {plain_seconds:.2f} s, {seconds:.2f} s"
    )


def main() -> None:
    """Print the table."""
    install_lowering_rules(LOWERING_RULES)
    print(f"{'case':22}{'of':>16}{'plain ms':>10}{'rule ms':>10}{'faster':>9}  (middle half)")
    for case in CASES:
        sys.stdout.write(row(case) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
