"""Who is told when versions come and go."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenon.base import TenonError
from tenon.serving.servables import Servable, ServableId


class LifecycleObserver(ABC):
    """Is told of loads and unloads, in the event loop; must be quick and must not raise."""

    @abstractmethod
    def loaded(self, id_: ServableId, seconds: float, servable: Servable) -> None:
        """A version answers from now on.

        Args:
            id_: the version.
            seconds: how long its load took.
            servable: what answers.
        """

    @abstractmethod
    def failed(self, id_: ServableId, seconds: float, error: TenonError) -> None:
        """A version could not be loaded.

        Args:
            id_: the version.
            seconds: how long that took.
            error: why.
        """

    @abstractmethod
    def unloaded(self, id_: ServableId) -> None:
        """A version is gone: its last request was answered and it was closed.

        Args:
            id_: the version.
        """
