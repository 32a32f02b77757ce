"""Which of a folder's checkpoints go when a new one came, as ``tf.train.CheckpointManager`` decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_HOUR: Final = 3600.0


@dataclass(frozen=True)
class Saved:
    """A checkpoint in a folder.

    Attributes:
        path: where it is.
        time: when it was written, in seconds since 1970.
    """

    path: str
    time: float


@dataclass(frozen=True)
class Sweep:
    """What to do with the checkpoints of a folder.

    Attributes:
        active: those that stay and may go later, oldest first.
        deleted: those that go now.
        last_preserved: when the last one was written that stays for good, in seconds since 1970.
    """

    active: tuple[Saved, ...]
    deleted: tuple[Saved, ...]
    last_preserved: float


@dataclass(frozen=True)
class SweepPolicy:
    """Keeps the newest checkpoints, and of the older ones one in every so many hours.

    Args:
        max_to_keep: how many of the newest stay; ``None`` for all.
        every_n_hours: the hours that lie at least between two that stay for good; ``None`` for none.

    Example:
        >>> policy = SweepPolicy(max_to_keep=1, every_n_hours=1)
        >>> saved = [Saved("a-1", 0.0), Saved("a-2", 4000.0), Saved("a-3", 4100.0)]
        >>> sweep = policy.sweep(saved, last_preserved=0.0)
        >>> [saved.path for saved in sweep.deleted], [saved.path for saved in sweep.active], sweep.last_preserved
        (['a-1'], ['a-3'], 4000.0)
    """

    max_to_keep: int | None
    every_n_hours: float | None = None

    def sweep(self, saved: Sequence[Saved], last_preserved: float) -> Sweep:
        """Decide.

        Args:
            saved: the checkpoints that may go, oldest first.
            last_preserved: when the last one was written that stays for good, in seconds since 1970.
        """
        excess = 0 if self.max_to_keep is None else max(0, len(saved) - self.max_to_keep)
        deleted = []
        for old in saved[:excess]:
            if self.every_n_hours is not None and old.time - self.every_n_hours * _HOUR >= last_preserved:
                last_preserved = old.time
            else:
                deleted.append(old)
        return Sweep(tuple(saved[excess:]), tuple(deleted), last_preserved)
