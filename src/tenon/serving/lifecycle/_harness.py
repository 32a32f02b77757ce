"""One version's loader, its servable and its handles, kept inside the legal states."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from tenon.base import InternalError, TenonError, UnknownError
from tenon.serving.servables import (
    LEGAL_TRANSITIONS,
    Loader,
    Servable,
    ServableHandle,
    ServableId,
    ServableState,
    State,
)

_AVAILABLE = State.AVAILABLE  # Python 3.11 takes 70 ns to find a member in its class

_logger = logging.getLogger("tenon.serving")


class LoaderHarness:
    """Take one version through its life; belongs to one event loop, ``load`` excepted.

    Each verb below is one transition of ``State``; ``transition`` performs and verifies them all. The harness decides
    nothing: the manager says when.

    Args:
        servable_id: the servable's name and version.
        loader: loads it, once.

    Attributes:
        id: the servable's name and version.
        is_aspired: whether the source wants this version; the manager keeps it up to date.
    """

    def __init__(self, servable_id: ServableId, loader: Loader) -> None:
        self.id = servable_id
        self.is_aspired = True
        self._loader = loader
        self._state = State.START
        self._error: TenonError | None = None
        self._servable: Servable | None = None
        self._handles = 0
        self._close_error: UnknownError | None = None
        self._on_quiet: Callable[[], object] | None = None
        self._since, self._entered = time.monotonic(), time.time()

    @property
    def state(self) -> State:
        """Where the version stands."""
        return self._state

    def status(self) -> ServableState:
        """Return what clients may know."""
        return ServableState(self.id, self._state, self._error, self._entered)

    def transition(self, to: State, error: TenonError | None = None) -> None:
        """Move to the state ``to``, with the error that led there if one did.

        Raises:
            InternalError: ``State`` draws no such transition; nothing has changed.
        """
        if (self._state, to) not in LEGAL_TRANSITIONS:
            raise InternalError(
                f"servable {self.id}: no transition leads from {self._state.name} to {to.name} "
                f"(see State). This is a fault of Tenon: report it with the log."
            )
        seconds = time.monotonic() - self._since
        self._state, self._error = to, error
        self._since, self._entered = time.monotonic(), time.time()
        _log_transition(self.id, to, error, seconds)

    def give_up(self) -> None:
        """End a version whose load has not begun."""
        self.transition(State.END)

    def start_loading(self) -> None:
        """Say that ``load`` is about to be called."""
        self.transition(State.LOADING)

    def load(self) -> Servable:
        """Call the loader; in a worker thread, between ``start_loading`` and ``finish_loading`` or ``fail``.

        Raises:
            TenonError: the loader's own; what else it raises becomes an ``UnknownError`` that names it.
        """
        try:
            return self._loader.load()
        except TenonError:
            raise
        except Exception as error:
            _logger.exception("servable version %s: its loader broke its contract", self.id)
            raise UnknownError(
                f"loading servable {self.id} raised {type(error).__name__}: {error}. "
                "The log has the traceback; correct the model and publish it as a new version."
            ) from error

    def finish_loading(self, servable: Servable) -> None:
        """Begin to answer with ``servable``."""
        self.transition(State.AVAILABLE)
        self._servable = servable

    def fail(self, error: TenonError) -> None:
        """End a version that could not be loaded, and keep the reason."""
        self.transition(State.END, _without_frames(error))

    def acquire(self) -> ServableHandle:
        """Return a handle; the servable lives until it is released.

        Raises:
            InternalError: the version is not available.
        """
        if self._servable is None or self._state is not _AVAILABLE:
            raise InternalError(
                f"servable {self.id}: a handle needs AVAILABLE, received {self._state.name}. Report it."
            )
        self._handles += 1
        return ServableHandle(self.id, self._servable, self._release)

    def start_unloading(self, on_quiet: Callable[[], object]) -> None:
        """Refuse new handles; ``on_quiet`` is called once when none is left, which may be now."""
        self.transition(State.UNLOADING)
        if self._handles:
            _logger.info("servable %s: unloading waits for %d request(s) in flight", self.id, self._handles)
            self._on_quiet = on_quiet
        else:
            on_quiet()

    def close(self) -> None:
        """Close the servable, once; in any thread, between the quiet of ``start_unloading`` and ``finish_unloading``.

        Raises:
            InternalError: a handle is still held.
        """
        if self._handles:
            raise InternalError(f"servable {self.id}: closed while {self._handles} handle(s) are held. Report it.")
        servable, self._servable = self._servable, None
        try:
            if servable is not None:
                servable.close()
        except Exception as error:
            _logger.exception("servable %s: close failed; its memory may not be freed until a restart", self.id)
            self._close_error = UnknownError(f"closing servable {self.id} raised {type(error).__name__}: {error}")

    def finish_unloading(self) -> None:
        """Close the servable if ``close`` was not called, and end; an error of closing is kept as the version's error.

        Raises:
            InternalError: a handle is still held.
        """
        self.close()
        self.transition(State.END, self._close_error)

    def _release(self) -> None:
        self._handles -= 1
        if not self._handles and self._on_quiet is not None:
            on_quiet, self._on_quiet = self._on_quiet, None
            on_quiet()


_TEXTS = {
    State.LOADING: "loading servable version %s (queued for %.3f s)",
    State.AVAILABLE: "successfully loaded servable version %s in %.3f s",
    State.UNLOADING: "unloading servable version %s after %.3f s in service",
    State.END: "servable version %s has ended (last step took %.3f s)",
}


def _log_transition(servable_id: ServableId, to: State, error: TenonError | None, seconds: float) -> None:
    fields = {"servable_name": servable_id.name, "servable_version": servable_id.version, "servable_state": to.name}
    if error is None:
        _logger.info(_TEXTS[to], servable_id, seconds, extra=fields)
    else:
        _logger.error("servable version %s failed after %.3f s: %s", servable_id, seconds, error, extra=fields)


def _without_frames(error: TenonError) -> TenonError:
    """Drop the tracebacks of an error that is kept: their frames would keep half-loaded weights in memory."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
