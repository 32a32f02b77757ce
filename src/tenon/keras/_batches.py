"""The batches of an epoch, of which the trainer takes several at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Batches:
    """An iterator over batches that counts what is taken, and keeps what was taken too early.

    Args:
        source: the batches.
        steps: how many may be taken at once, as far as is known.
    """

    def __init__(self, source: Iterator[Any], steps: int = 1) -> None:
        self.steps = steps
        self.limit = 1
        self.taken = 0
        self._source = source
        self._kept: list[Any] = []
        self._error: Exception | None = None

    @classmethod
    def of(cls, source: Iterator[Any], last: Batches | None) -> Batches:
        """Return ``last`` while the source is the same, else new ones of which as many may be taken at once."""
        if last is not None and last._source is source:
            return last
        return cls(source, 1 if last is None else last.steps)

    def begin(self, limit: int) -> None:
        """Begin to count, for an execution of up to ``limit`` steps."""
        self.limit, self.taken = max(limit, 1), 0

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Any:
        """Return the next batch.

        Raises:
            StopIteration: there is none.
            Exception: what the source raised, now or when it was asked too early.
        """
        if self._kept:
            batch = self._kept.pop()
        elif self._error is not None:
            error, self._error = self._error, None
            raise error
        else:
            batch = next(self._source)
        self.taken += 1
        return batch

    def next_or_none(self) -> Any:
        """Return the next batch; ``None`` if there is none or the source fails, which ``next`` tells then."""
        try:
            return next(self)
        except Exception as error:  # kept, and raised by the next step, as if it had not been asked for yet
            self._error = error
            return None

    def put_back(self, batch: Any) -> None:
        """Take back a batch that is for a later execution."""
        self._kept.append(batch)
        self.taken -= 1
