"""Where summaries go that name no writer, and at which step; each thread has its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Defaults(threading.local):
    def __init__(self) -> None:
        self.writer: Any = None
        self.step: Any = None
        self.condition: Any = True


DEFAULTS = _Defaults()


def set_default_writer(writer: Any, step: Any) -> None:
    """Write to a writer from now on.

    Raises:
        RuntimeError: it is closed.
    """
    if writer is not None and writer.closed:
        raise RuntimeError(f"SummaryWriter {writer!r} is already closed")
    DEFAULTS.writer = writer
    if step is not None:
        DEFAULTS.step = step


@contextmanager
def default_writer(writer: Any, step: Any) -> Iterator[Any]:
    """Write to a writer inside the block, and flush it at the end."""
    before = DEFAULTS.writer, DEFAULTS.step
    set_default_writer(writer, step)
    try:
        yield writer
        writer.flush()
    finally:
        DEFAULTS.writer, DEFAULTS.step = before
