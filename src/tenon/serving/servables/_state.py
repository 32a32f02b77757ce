"""The life of one version of a servable, drawn and numbered."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from tenon.base import TenonError
from tenon.serving.servables._servable import ServableId


class State(IntEnum):
    """Where a version stands in its life; the numbers are those of ``ModelVersionStatus.State`` of TensorFlow Serving.

    The legal transitions, and what brings each about::

        to:          LOADING       AVAILABLE     UNLOADING       END
        from:
        START        load begins   -             -               given up before its load
        LOADING      -             load ended    -               load failed (the error is kept)
        AVAILABLE    -             -             unload begins   -
        UNLOADING    -             -             -               last handle released, servable closed
        END          -             -             -               -

    ``LoaderHarness.transition`` performs and verifies every one of them.
    """

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


LEGAL_TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        (State.START, State.LOADING),
        (State.START, State.END),
        (State.LOADING, State.AVAILABLE),
        (State.LOADING, State.END),
        (State.AVAILABLE, State.UNLOADING),
        (State.UNLOADING, State.END),
    }
)
"""The table of ``State``'s docstring as data."""


@dataclass(frozen=True)
class ServableState:
    """What is known of one version at one moment.

    Args:
        id: the servable's name and version.
        state: where it stands.
        error: why it ended, if it ended badly; ``None`` otherwise.
        since: since when it is in this state, in seconds since 1970; ``None`` where nobody noted it.
    """

    id: ServableId
    state: State
    error: TenonError | None = None
    since: float | None = field(default=None, compare=False)
