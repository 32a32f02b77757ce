"""What code does when it runs: build the default graph, compute at once, or replay a graph."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Thread(threading.local):
    """What differs from thread to thread.

    Attributes:
        graphs: graphs that were made the default, outermost first; ``None`` for code that leaves them.
        sessions: sessions that were made the default, outermost first.
        environments: values of graphs that are being run, outermost first; while there is one, nothing is built.
    """

    def __init__(self) -> None:
        self.graphs: list[Any] = []
        self.sessions: list[Any] = []
        self.environments: list[Any] = []


THREAD = _Thread()


class _Process:
    """What holds for the whole process: whether code outside of every graph computes at once, and 1.x's shapes."""

    def __init__(self) -> None:
        self.eager = True
        self.dimensions = False
        self.graph: Any = None


PROCESS = _Process()


def building() -> bool:
    """Tell whether operations are recorded in the default graph and not computed.

    Example:
        >>> building()
        False
    """
    thread = THREAD
    if thread.environments:
        return False
    return thread.graphs[-1] is not None if thread.graphs else not PROCESS.eager


@contextmanager
def default_graph(graph: Any) -> Iterator[Any]:
    """Make a graph the default inside the block; ``None`` to compute at once there."""
    before = THREAD.graphs, THREAD.environments
    THREAD.graphs, THREAD.environments = [*before[0], graph], []
    try:
        yield graph
    finally:
        THREAD.graphs, THREAD.environments = before


@contextmanager
def replaying(environment: Any) -> Iterator[None]:
    """Let symbolic tensors stand for their values in ``environment`` inside the block."""
    THREAD.environments.append(environment)
    try:
        yield
    finally:
        THREAD.environments.pop()


@contextmanager
def default_session(session: Any) -> Iterator[Any]:
    """Make a session the default inside the block."""
    THREAD.sessions.append(session)
    try:
        yield session
    finally:
        THREAD.sessions.remove(session)


def get_default_session() -> Any:
    """Return the innermost session that is the default in this thread, or ``None``.

    Example:
        >>> print(get_default_session())
        None
    """
    return THREAD.sessions[-1] if THREAD.sessions else None
