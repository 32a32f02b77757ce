"""Conditions that must hold when a program runs: checked at once, or in the middle of a compiled program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.callbacks import tell
from tenon.core.recording import kernel, run, unrecorded

Story = Callable[..., str]


def _all(condition: Any) -> Any:
    return jnp.all(condition)


def all_hold(condition: Any) -> Any:
    """Return whether all booleans of an array are true: a NumPy boolean, or an array that is being traced."""
    if isinstance(condition, np.ndarray):
        return np.all(condition)
    with unrecorded():
        found = run(kernel(_all), [condition])
    return found if isinstance(found, jax.core.Tracer) else np.asarray(found)[()]


def require(condition: Any, story: Story, arrays: Sequence[Any], enabled: Callable[[], bool] | None = None) -> None:
    """Refuse to go on unless every element of ``condition`` is true.

    Where values are known, also while a function is traced, the refusal comes at once. Where they are not, it comes
    when the program runs, and its caller gets it.

    Args:
        condition: an array of booleans.
        story: takes ``arrays`` as NumPy arrays and returns what went wrong.
        arrays: what the story is told of.
        enabled: asked when the program runs, whether the condition still counts.

    Raises:
        InvalidArgumentError: the condition does not hold.
    """
    holds = all_hold(condition)
    if not isinstance(holds, jax.core.Tracer):
        if not holds:
            raise InvalidArgumentError(story(*[_known(array) for array in arrays]))
        return

    def check(holds: np.ndarray, *values: np.ndarray) -> None:
        if not holds and (enabled is None or enabled()):
            raise InvalidArgumentError(story(*values))

    tell(check, [holds, *arrays])


def _known(array: Any) -> Any:
    return array if isinstance(array, jax.core.Tracer) else np.asarray(array)
