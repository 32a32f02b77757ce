"""What the rules decided for one request."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.serving.servables import ServableRequest
from tenon.serving.traffic._watch import Lane

EXPERIMENT_HEADER = "x-tenon-experiment"
"""The response header (REST) or trailing metadata (gRPC) that tells a client its arm."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """A version that shall run a request once more, for comparison.

    Args:
        request: which version.
        relative_tolerance: how far floats may be apart and still agree, times the answer's magnitude.
        absolute_tolerance: added to it.
    """

    request: ServableRequest
    relative_tolerance: float = 1e-3
    absolute_tolerance: float = 1e-5


@dataclass(frozen=True, slots=True)
class Route:
    """Which version answers a request, and what is learned from it.

    Args:
        request: what to ask the manager for.
        experiment: the experiment that the request takes part in, if any.
        arm: its arm there.
        shadows: versions that shall run the request once more, after it was answered.
        lane: where ``Router.finished`` counts it; ``None`` if nobody counts.
    """

    request: ServableRequest
    experiment: str | None = None
    arm: str | None = None
    shadows: tuple[Shadow, ...] = ()
    lane: Lane | None = None

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Header names and values that the answer shall carry.

        Example:
            >>> Route(ServableRequest.specific("digits", 3), "colors", "blue").metadata
            (('x-tenon-experiment', 'colors=blue'),)
        """
        return () if self.experiment is None else ((EXPERIMENT_HEADER, f"{self.experiment}={self.arm}"),)
