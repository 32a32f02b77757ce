"""What the edges (REST, gRPC) see of the versions that live behind them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType

from tenon.serving.servables._servable import Servable, ServableId, ServableRequest
from tenon.serving.servables._state import ServableState


class ServableHandle:
    """Keep one servable alive while a request uses it.

    The servable is not closed before the handle is released, so hold it for one request and no longer: a held handle
    keeps an old version in memory. Use it as a context manager; ``release`` may be called more than once. Belongs to
    the event loop of its manager.

    Args:
        servable_id: name and version of the servable, also kept as ``id``. It tells which version was chosen
            for a request that names none.
        servable: the servable itself.
        on_release: called once, when the handle is released.

    Example:
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> manager = StaticManager({"half_plus_two": {1: half_plus_two()}})
        >>> with manager.servable_handle(ServableRequest.latest("half_plus_two")) as handle:
        ...     handle.id.version, sorted(handle.servable.signatures)
        (1, ['serving_default'])
    """

    __slots__ = ("_on_release", "id", "servable")

    def __init__(self, servable_id: ServableId, servable: Servable, on_release: Callable[[], None]) -> None:
        self.id = servable_id
        self.servable = servable
        self._on_release: Callable[[], None] | None = on_release

    def __enter__(self) -> ServableHandle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let the servable go; a second call does nothing."""
        on_release, self._on_release = self._on_release, None
        if on_release is not None:
            on_release()


class Manager(ABC):
    """Hand out servables and tell their states.

    Every method is called in the manager's event loop, never blocks and never awaits.
    """

    @abstractmethod
    def servable_handle(self, request: ServableRequest) -> ServableHandle:
        """Return a handle of the version asked for: the newest that is available unless the request names one.

        Cheap: called once a request.

        Raises:
            NotFoundError: no such name, or the version is not available ("Servable not found for request: ...").
            InvalidArgumentError: no such label ("Unrecognized servable version label: ...").
        """

    @abstractmethod
    def available(self, name: str) -> tuple[int, ...]:
        """Return the versions of ``name`` that answer, newest first; empty for an unknown name. Cheap."""

    @abstractmethod
    def states(self, name: str) -> tuple[ServableState, ...]:
        """Return the state of every version of ``name`` known, newest version first; empty for an unknown name.

        Versions that were unloaded stay in the list (state ``END``), as in TensorFlow Serving.
        """

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Return the names that have states, sorted."""
