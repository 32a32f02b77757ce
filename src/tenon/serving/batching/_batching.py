"""How the requests of all models are batched, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenon.serving.batching._observer import BatchObserver
from tenon.serving.batching._parameters import BatchingParameters
from tenon.serving.batching._scheduler import BatchScheduler


@dataclass(frozen=True)
class Batching:
    """What every signature of a server is told about batching.

    Args:
        scheduler: gives turns; shared by all of them.
        parameters: sizes, bounds and waits.
        observer: is told of every batch; ``None`` if nobody wants to know.
    """

    scheduler: BatchScheduler
    parameters: BatchingParameters = field(default_factory=BatchingParameters)
    observer: BatchObserver | None = None
