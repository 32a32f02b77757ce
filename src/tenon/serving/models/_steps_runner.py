"""A signature with strings answers: steps on the host, the program in its batches, steps on the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.host_steps import HostSteps
from tenon.saved_model import LoadedSignature
from tenon.serving.batching import BatchScheduler, SignatureId, SignatureRunner
from tenon.serving.servables import DEFAULT_RUN_OPTIONS, RunOptions

T = TypeVar("T")

INLINE_BYTES = 32 * 1024
"""Strings that are read in the event loop; more take half a millisecond, and a thread."""

STRING_BYTES = 64
"""What a string counts beside its bytes."""


class StepsRunner:
    """Runs one signature that takes or returns strings.

    Each request's strings become numbers before its rows join a batch: requests that are refused harm no other, and
    what does not fit is told to who sent it.

    Args:
        name: what to call it in errors.
        signature: its specs and its steps.
        runner: runs its program; ``None`` where it has none, for it only moves strings.
        scheduler: has threads for long steps.
    """

    def __init__(
        self, name: SignatureId, signature: LoadedSignature, runner: SignatureRunner | None, scheduler: BatchScheduler
    ) -> None:
        assert signature.host is not None
        self._name, self._signature, self._runner, self._scheduler = name, signature, runner, scheduler
        self._host: HostSteps = signature.host
        self._arguments = tuple(signature.program.inputs)
        self._results = tuple(signature.program.outputs)

    async def run(
        self,
        inputs: Mapping[str, np.ndarray],
        wanted: Sequence[str] | None = None,
        options: RunOptions = DEFAULT_RUN_OPTIONS,
    ) -> dict[str, np.ndarray]:
        """Run the signature.

        Args:
            inputs: an array of the declared dtype for every input.
            wanted: names of the outputs to return, in order; ``None`` for all.
            options: deadline and priority.

        Returns:
            Outputs by name.

        Raises:
            InvalidArgumentError: a shape does not fit, or a step refuses a string.
            UnavailableError: too many requests wait.
        """
        arrays = [self._checked(key, inputs[key]) for key in self._signature.inputs]
        arguments, found = await self._here_or_there(_weight(arrays), partial(self._host.before, arrays))
        results: list[np.ndarray] = []
        if self._runner is not None:
            named = dict(zip(self._arguments, arguments, strict=True))
            answer = await self._runner.run(named, None, options)
            results = [answer[name] for name in self._results]
        size = sum([result.size for result in results]) * STRING_BYTES
        outputs = await self._here_or_there(size, partial(self._host.after, found, results))
        by_name = dict(zip(self._signature.outputs, outputs, strict=True))
        return by_name if wanted is None else {name: by_name[name] for name in wanted}

    async def _here_or_there(self, weight: int, step: partial[T]) -> T:
        if weight <= INLINE_BYTES:
            return step()
        return await self._scheduler.in_thread(step)

    def _checked(self, key: str, array: np.ndarray) -> np.ndarray:
        spec = self._signature.inputs[key]
        if not spec.accepts(array.shape):
            shapes = [
                "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"
                for shape in (spec.shape, array.shape)
            ]
            raise InvalidArgumentError(
                f"input {key!r} of {self._name}: must have the shape {shapes[0]}; received {shapes[1]}."
            )
        return array


def _weight(arrays: Sequence[np.ndarray]) -> int:
    """Return how much there is to read."""
    return sum(
        [
            sum([STRING_BYTES + len(item) for item in array.ravel().tolist()])
            for array in arrays
            if array.dtype.hasobject
        ]
    )
