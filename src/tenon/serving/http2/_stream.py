"""One request and its response inside a connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

Piece = bytes | memoryview
"""A part of a body."""


class Stream:
    """What a connection knows of one stream.

    Args:
        id_: its number, also kept as ``id``.
        headers: those of the request, also an attribute.
        window: bytes of the response that the peer takes now; also an attribute.

    Attributes:
        begun: whether the header block of the response was written.
        chunks: what has come of the request and nobody has taken; views of a buffer until ``keep`` is called.
        size: bytes in ``chunks``.
        ended: whether the request has come to its end.
        refused: whether what still comes of the request is dropped.
        unacknowledged: bytes received since the last WINDOW_UPDATE.
        waiting: parts of the response's body that wait for a window.
        trailers: the header block that ends the response, once it is known.
        changed: set when more of the request has come or the response has moved on; made by whoever waits for that.
        task: what answers.
    """

    __slots__ = (
        "begun",
        "changed",
        "chunks",
        "ended",
        "headers",
        "id",
        "refused",
        "size",
        "task",
        "trailers",
        "unacknowledged",
        "waiting",
        "window",
    )

    def __init__(self, id_: int, headers: Mapping[str, str], window: int) -> None:
        self.id, self.headers, self.window = id_, headers, window
        self.chunks: list[Piece] = []
        self.size = 0
        self.begun = self.ended = self.refused = False
        self.unacknowledged = 0
        self.waiting: deque[memoryview] = deque()
        self.trailers: bytes | None = None
        self.changed: asyncio.Event | None = None
        self.task: asyncio.Task[Any] | None = None

    def keep(self) -> None:
        """Copy the chunks that are views: what they show is about to change."""
        kept = [chunk for chunk in self.chunks if isinstance(chunk, bytes)]
        self.chunks = [*kept, b"".join(self.chunks[len(kept) :])]

    def wake(self) -> None:
        """Tell whoever waits that something has changed."""
        if self.changed is not None:
            self.changed.set()

    async def change(self) -> None:
        """Wait until ``wake`` is called."""
        self.changed = asyncio.Event()
        await self.changed.wait()
