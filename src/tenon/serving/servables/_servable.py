"""The nouns that every part of serving shares.

*Servable*: the thing that answers. *ServableId*: its name and version. *ServableRequest*: which one a client wants.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from tenon.base import TensorSpec


@dataclass(frozen=True, order=True)
class ServableId:
    """A servable's name and version; prints as TensorFlow Serving prints it."""

    name: str
    version: int

    def __str__(self) -> str:
        return f"{{name: {self.name} version: {self.version}}}"


@dataclass(frozen=True)
class ServableRequest:
    """Ask for a servable by name and, optionally, by version or label.

    Example:
        >>> str(ServableRequest.latest("digits")), str(ServableRequest.specific("digits", 2))
        ('Latest(digits)', 'Specific(digits, 2)')
    """

    name: str
    version: int | None = None
    label: str | None = None

    @classmethod
    def latest(cls, name: str) -> ServableRequest:
        """Ask for the highest available version."""
        return cls(name)

    @classmethod
    def specific(cls, name: str, version: int) -> ServableRequest:
        """Ask for exactly this version."""
        return cls(name, version)

    def __str__(self) -> str:
        return f"Latest({self.name})" if self.version is None else f"Specific({self.name}, {self.version})"


@dataclass(frozen=True)
class ServableSignature:
    """One signature of a servable.

    Args:
        inputs: a spec per input name.
        outputs: a spec per output name.
        definition: the ``tensorflow.SignatureDef`` message as stored in the SavedModel (tensor names, method name).
        engine: what computes it, such as ``xla`` or ``litert``; empty where nobody needs to know.
        engine_report: why it does, with what was measured; can be written as JSON.
    """

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    definition: Any
    engine: str = ""
    engine_report: Mapping[str, Any] = field(default_factory=dict)


class Priority(IntEnum):
    """Which requests wait for which others; lower numbers run first."""

    NORMAL = 0
    LOW = 1


class RunTimes:
    """What a run took, filled in by whoever batches and runs; times are the event loop's, in seconds.

    Attributes:
        queued: when the request joined a queue; 0 where it has not.
        closed: when its batch was complete and its rows began to be joined and padded; 0 where nobody noted it.
        started: when its batch began to run.
        ended: when its batch had run.
        batch_rows: rows of that batch, padding included.
        padding_rows: how many of them were padding.
    """

    __slots__ = ("batch_rows", "closed", "ended", "padding_rows", "queued", "started")

    def __init__(self) -> None:
        self.queued = self.closed = self.started = self.ended = 0.0
        self.batch_rows = self.padding_rows = 0


class RunOptions(NamedTuple):
    """How urgent a run is.

    Args:
        deadline: the event loop's time after which nobody waits for the answer; ``None`` for no such time. A run that
            cannot end before it is not begun.
        priority: low ones run when nothing else waits.
        times: where to write down what the run took, if anybody wants to know.
    """

    deadline: float | None = None
    priority: Priority = Priority.NORMAL
    times: RunTimes | None = None


DEFAULT_RUN_OPTIONS = RunOptions()
"""No deadline, normal priority, nobody who wants to know."""


class Servable(ABC):
    """The thing that answers: one loaded version of one model.

    Safe to call from many coroutines of one event loop.
    """

    @property
    @abstractmethod
    def signatures(self) -> Mapping[str, ServableSignature]:
        """The signatures by name."""

    @abstractmethod
    async def run(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str] | None = None,
        options: RunOptions = DEFAULT_RUN_OPTIONS,
    ) -> Mapping[str, np.ndarray]:
        """Run a signature.

        Args:
            signature_name: a key of ``signatures``.
            inputs: an array for every input of the signature, of its dtype.
            outputs: names of the outputs wanted, in order; ``None`` for all.
            options: deadline and priority.

        Returns:
            The outputs by name, in the order asked for (or the signature's).

        Raises:
            InvalidArgumentError: a shape does not fit the signature, or batch sizes of the inputs differ.
            UnavailableError: the queue of this signature is full.
            DeadlineExceededError: the deadline cannot be met.
        """

    @abstractmethod
    def close(self) -> None:
        """Free the weights and programs; called once, when no handle is left, perhaps in another thread."""
