"""From which size on it pays to take a product out of a loop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Sizes below which products stay in the loop: chosen for caches of a MiB a core, with the figures of each module.

    Args:
        hoisted: elements that the constant operand of a product has at least (1 MiB of float32).
        accumulated: elements that a sum of products has at least, however many rows a step adds.
        few_rows: up to so many rows a step, smaller sums leave the loop, too.
        accumulated_of_few: elements that such a sum has at least.
        bytes: memory that everything computed for all steps at once may take, where the sizes are known.
    """

    hoisted: int = 2**18
    accumulated: int = 2**17
    few_rows: int = 8
    accumulated_of_few: int = 2**14
    bytes: int = 256 * 1024**2
