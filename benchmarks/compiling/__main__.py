"""How long networks take to compile, by the rules and in the plain form, and how long a call of them then takes.

Every program is compiled anew, without a cache, in both forms in turns; the smallest time of the rounds counts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import tenon.keras as keras
from benchmarks.compiling.networks import NETWORKS
from tenon.xla import without_lowering_rules

FORMS = {"plain": without_lowering_rules, "rules": nullcontext}
COLUMNS = ("network", "program", "plain", "rules", "times", "clock: plain", "rules", "times", "a call: plain", "rules")


@dataclass
class Times:
    """What was measured of one form.

    Args:
        processor: seconds of the processor that compilations took.
        clock: seconds that they took.
        calls: seconds that calls took.
    """

    processor: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)


def programs(model: Any, rows: int) -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Return a prediction of one row and a training step of ``rows``, each with what it is called with."""
    weights = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]
    random = np.random.default_rng(0)
    images = jnp.asarray(random.normal(size=(rows, *model.input_shape[1:])), "float32")

    def predict(weights: Any, others: Any, images: Any) -> Any:
        return model.stateless_call(weights, others, images, training=False)[0]

    def loss(weights: Any, others: Any, images: Any) -> Any:
        result, others = model.stateless_call(weights, others, images, training=True)
        return jnp.square(result).mean(), others

    def step(weights: Any, others: Any, images: Any) -> Any:
        (_, others), gradients = jax.value_and_grad(loss, has_aux=True)(weights, others, images)
        return [one - 1e-3 * other for one, other in zip(weights, gradients, strict=True)], others

    return {"predict": (predict, (weights, others, images[:1])), "step": (step, (weights, others, images))}


def compiled(function: Callable[..., Any], operands: tuple[Any, ...], times: Times) -> Callable[..., Any]:
    """Compile a function, and note how long it took."""
    began, used = time.perf_counter(), time.process_time()
    program = jax.jit(lambda *values: function(*values)).lower(*operands).compile()
    times.clock.append(time.perf_counter() - began)
    times.processor.append(time.process_time() - used)
    return program


def measured(function: Callable[..., Any], operands: tuple[Any, ...], rounds: int, calls: int) -> dict[str, Times]:
    """Return the times of both forms."""
    found = {form: Times() for form in FORMS}
    for _ in range(rounds):
        made = {}
        for form, switch in FORMS.items():
            jax.clear_caches()
            with switch():
                made[form] = compiled(function, operands, found[form])
    for _ in range(calls):
        for form, program in made.items():
            began = time.perf_counter()
            jax.block_until_ready(program(*operands))
            found[form].calls.append(time.perf_counter() - began)
    return found


def line(network: str, program: str, found: dict[str, Times]) -> str:
    """Return a row of the table: seconds to compile, milliseconds of a call."""
    plain, rules = found["plain"], found["rules"]
    cells = [f"{network:24}", f"{program:7}"]
    for one, other in ((min(plain.processor), min(rules.processor)), (min(plain.clock), min(rules.clock))):
        cells += [f"{one:6.2f}", f"{other:6.2f}", f"{other / one:5.2f}"]
    if plain.calls:
        cells += [f"{statistics.median(each.calls) * 1e3:8.2f}" for each in (plain, rules)]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="networks whose name has one of these, commas between")
    parser.add_argument("--program", default="", help="predict or step")
    parser.add_argument("--rows", type=int, default=8, help="of a training step")
    parser.add_argument("--rounds", type=int, default=1, help="compilations of each form")
    parser.add_argument("--calls", type=int, default=0, help="calls of each form")
    flags = parser.parse_args()
    jax.config.update("jax_enable_compilation_cache", False)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; compiling in seconds, calls in ms")
    print(f"| {' | '.join(COLUMNS)} |", f"|---|---|{'--:|' * (len(COLUMNS) - 2)}", sep="\n")
    for name, make in NETWORKS.items():
        if any(part in name for part in flags.only.split(",")):
            for program, (function, operands) in programs(make(keras), flags.rows).items():
                if flags.program in program:
                    print(line(name, program, measured(function, operands, flags.rounds, flags.calls)), flush=True)


if __name__ == "__main__":
    main()
