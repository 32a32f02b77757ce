"""Profile a range of training batches for TensorBoard."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax

from tenon.base import InvalidArgumentError


@dataclass(frozen=True)
class BatchRange:
    """Batches to profile: ``first`` to ``last``, both included, counted from 1 over the whole of ``fit``."""

    first: int
    last: int

    @classmethod
    def parse(cls, profile_batch: Any) -> BatchRange | None:
        """Read Keras's argument: a batch, a pair, ``"first,last"``; 0 is none.

        Raises:
            InvalidArgumentError: it is none of these, or the range is empty.

        Example:
            >>> BatchRange.parse((2, 4))
            BatchRange(first=2, last=4)
        """
        if profile_batch == 0:
            return None
        texts = [str(part).strip() for part in _parts(profile_batch)]
        if not 1 <= len(texts) <= 2 or not all(text.isdecimal() for text in texts):
            raise _bad_range(profile_batch)
        found = cls(int(texts[0]), int(texts[-1]))
        if not 1 <= found.first <= found.last:
            raise _bad_range(profile_batch)
        return found


def _parts(profile_batch: Any) -> Sequence[Any]:
    if isinstance(profile_batch, str):
        return profile_batch.split(",")
    return profile_batch if isinstance(profile_batch, (tuple, list)) else [profile_batch]


def _bad_range(profile_batch: Any) -> InvalidArgumentError:
    return InvalidArgumentError(
        "profile_batch: must be 0, the number of a batch (from 1), or a pair (first, last) with first <= last; "
        f"received {profile_batch!r}."
    )


class BatchProfiler:
    """Starts and stops ``jax.profiler`` around a range of batches; a profile that others started is left alone.

    Args:
        log_dir: the run's folder; the profile goes to ``plugins/profile`` below it.
        batches: what to profile, or ``None``.
    """

    def __init__(self, log_dir: str, batches: BatchRange | None) -> None:
        self._log_dir = log_dir
        self._batches = batches
        self._running = False
        self._step: Any = None

    def before_batch(self, batch: int) -> None:
        """Start at the first batch of the range; mark the batch as a step of the profile.

        Raises:
            RuntimeError: another profile is running (JAX's error).
        """
        if self._batches is not None and batch == self._batches.first:
            jax.profiler.start_trace(self._log_dir, profiler_options=_options())
            self._running = True
        if self._running:
            self._step = jax.profiler.StepTraceAnnotation("train", step_num=batch)
            self._step.__enter__()

    def after_batch(self, batch: int, results: Any) -> None:
        """End the step; stop after the last batch, once its ``results`` are computed."""
        if not self._running:
            return
        jax.block_until_ready(results)
        self._end_step()
        if self._batches is not None and batch >= self._batches.last:
            self.stop()

    def stop(self) -> None:
        """Stop and write the profile when it is running."""
        if self._running:
            self._end_step()
            self._running = False
            jax.profiler.stop_trace()

    def _end_step(self) -> None:
        if self._step is not None:
            self._step.__exit__(None, None, None)
            self._step = None


def _options() -> Any:
    options = jax.profiler.ProfileOptions()
    if sys.version_info < (3, 12):
        options.python_tracer_level = (
            0  # Keras refuses to profile on older Pythons: tracing Python calls is unsafe there.
        )
    return options
