"""What of a program runs on the host: a list of steps, and where each tensor comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np

from tenon.host_steps._operations import prepared

INPUT: Final = "input"
STEP: Final = "step"
RESULT: Final = "result"
"""Kinds of references: to what the caller gives, to what a step makes, to what the device's program returns."""

Arrays = Sequence[np.ndarray]


class Reference(NamedTuple):
    """Where a tensor comes from.

    Attributes:
        kind: ``"input"``, ``"step"`` or ``"result"``.
        place: which input, step or result.
        output: which output of a step.
    """

    kind: str
    place: int
    output: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}" + (f":{self.output}" if self.kind == STEP else "")

    @classmethod
    def parsed(cls, text: str) -> Reference:
        """Return the reference that ``str`` wrote.

        Example:
            >>> Reference.parsed("step:3:0")
            Reference(kind='step', place=3, output=0)
        """
        kind, *places = text.split(":")
        return cls(kind, *map(int, places))


@dataclass(frozen=True)
class Step:
    """One operation of TensorFlow that runs on the host.

    Args:
        op: TensorFlow's name of it, a key of the table of operations.
        inputs: its tensors, made by inputs, results and earlier steps.
        attributes: by TensorFlow's names: NumPy dtypes, shapes as tuples, arrays for tensors, lists of those.
        outputs: how many tensors it makes.
    """

    op: str
    inputs: tuple[Reference, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: int = 1


@dataclass(frozen=True)
class HostSteps:
    """A function whose first and last steps run on the host, and the rest as one program on a device.

    Args:
        steps: the operations, each after those that it needs.
        arguments: what the program takes.
        outputs: what the function returns.
    """

    steps: tuple[Step, ...]
    arguments: tuple[Reference, ...]
    outputs: tuple[Reference, ...]

    @cached_property
    def _late(self) -> list[bool]:
        """Tell of each step whether it needs results of the program."""
        late: list[bool] = []
        for step in self.steps:
            late.append(
                any([source.kind == RESULT or (source.kind == STEP and late[source.place]) for source in step.inputs])
            )
        return late

    @cached_property
    def _ready(self) -> tuple[Mapping[Reference, np.ndarray], list[_Runner], list[_Runner]]:
        """Return the constants, what runs before the program and what runs after it."""
        constants: dict[Reference, np.ndarray] = {}
        before: list[_Runner] = []
        after: list[_Runner] = []
        for place, step in enumerate(self.steps):
            if step.op == "Const":
                constants[Reference(STEP, place)] = step.attributes["value"]
                continue
            known = [constants.get(source) for source in step.inputs]
            function = prepared(step.op, step.attributes, known)
            (after if self._late[place] else before).append(_Runner(place, step.inputs, function))
        return constants, before, after

    def before(self, inputs: Arrays) -> tuple[list[np.ndarray], dict[Reference, np.ndarray]]:
        """Run the steps before the program.

        Args:
            inputs: the arrays that the function takes; strings are arrays of ``bytes`` objects.

        Returns:
            What the program takes, and all tensors so far, for ``after``.

        Raises:
            InvalidArgumentError: a step refuses what it gets.
        """
        constants, runners, _ = self._ready
        found = {Reference(INPUT, place): array for place, array in enumerate(inputs)}
        found.update(constants)
        for runner in runners:
            runner(found)
        return [found[source] for source in self.arguments], found

    def after(self, found: dict[Reference, np.ndarray], results: Arrays) -> list[np.ndarray]:
        """Run the steps after the program; return what the function returns.

        Args:
            found: what ``before`` returned.
            results: what the program returned.

        Raises:
            InvalidArgumentError: a step refuses what it gets.
        """
        found.update({Reference(RESULT, place): array for place, array in enumerate(results)})
        for runner in self._ready[2]:
            runner(found)
        return [found[source] for source in self.outputs]


class _Runner(NamedTuple):
    place: int
    inputs: tuple[Reference, ...]
    function: Callable[..., Arrays]

    def __call__(self, found: dict[Reference, np.ndarray]) -> None:
        outputs = self.function(*[found[source] for source in self.inputs])
        for number, output in enumerate(outputs):
            found[Reference(STEP, self.place, number)] = output
