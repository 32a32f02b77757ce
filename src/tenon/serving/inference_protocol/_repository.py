"""What models there are, and how clients load and unload them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tenon.serving.servables import Manager, ServableState, State

READY: Final = "READY"

_STATES: Final[Mapping[State, str]] = {
    State.START: "LOADING",
    State.LOADING: "LOADING",
    State.AVAILABLE: READY,
    State.UNLOADING: "UNLOADING",
    State.END: "UNAVAILABLE",
}


@dataclass(frozen=True)
class ModelIndex:
    """One line of the index of a repository.

    Args:
        name: the model's name.
        version: its version in digits; empty for a model of which no version is known.
        state: ``READY``, ``LOADING``, ``UNLOADING`` or ``UNAVAILABLE``; empty for a model that nobody asked to load.
        reason: why it is in that state; may be empty.
    """

    name: str
    version: str = ""
    state: str = ""
    reason: str = ""


class Repository(ABC):
    """Where a server's models come from; whoever configures the server implements it.

    The methods are called in the event loop of the manager.
    """

    @abstractmethod
    def index(self) -> Sequence[ModelIndex]:
        """Return all models known, loaded or not; ``served_models`` gives those that a manager knows."""

    @abstractmethod
    async def load(self, name: str) -> None:
        """Load a model, or load it anew, and return when it answers.

        Args:
            name: of the model.

        Raises:
            TenonError: it cannot be loaded, and whatever answered before answers still.
        """

    @abstractmethod
    async def unload(self, name: str) -> None:
        """Unload all versions of a model, and return when none takes new requests.

        Args:
            name: of the model.

        Raises:
            TenonError: it cannot be unloaded; ``NotFoundError`` for one that is not known.
        """


def served_models(manager: Manager) -> list[ModelIndex]:
    """Return the versions that a manager knows, by name and then version, those that ended among them.

    Args:
        manager: where the versions live.

    Example:
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> served_models(StaticManager({"m": {3: half_plus_two()}}))
        [ModelIndex(name='m', version='3', state='READY', reason='')]
    """
    return [_line(state) for name in manager.names() for state in reversed(manager.states(name))]


def _line(state: ServableState) -> ModelIndex:
    reason = state.error.message if state.error is not None else "unloaded" if state.state is State.END else ""
    return ModelIndex(state.id.name, str(state.id.version), _STATES[state.state], reason)
