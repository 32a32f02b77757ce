"""Which version directories are whole: half-copied ones are never loaded."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ListedSizes = Callable[[Path], Mapping[str, int] | None]
"""Return the size in bytes of every file that a version must have, by its path; ``None`` if the version tells none."""


def no_manifest(path: Path) -> None:
    """Say that a version has no manifest: a ``ListedSizes``."""
    del path


@dataclass(frozen=True)
class Look:
    """What one look at a version's directory told.

    Args:
        stamp: a value that becomes another when a file changes.
        is_ready: whether the version may be served. It stays so while its files are replaced.
        is_settled: whether what is stored now is whole.
        note: why not, for the operator; empty if there is nothing to say.
    """

    stamp: Hashable
    is_ready: bool
    is_settled: bool
    note: str = ""


class CopyWatch:
    """Tell the versions of one model that are whole from those that are being copied.

    A directory with a manifest is whole when every file that it names is there in its size. Any other is whole when
    nothing in it has changed between two looks; what is there in the first round is taken as it is, for a server that
    starts cannot wait. Files are looked at again only after a change.

    Call order: ``begin``, ``look`` for every version, ``end``; a round that does not end forgets nothing.

    Args:
        listed_sizes: reads a version's manifest.
    """

    def __init__(self, listed_sizes: ListedSizes) -> None:
        self._listed_sizes = listed_sizes
        self._before: dict[Path, Look] = {}
        self._now: dict[Path, Look] = {}
        self._old: set[Path] | None = None

    def begin(self, found: Iterable[Path]) -> None:
        """Begin a round.

        Args:
            found: the directories of all versions, whether they are going to be looked at or not.
        """
        self._now = {}
        if self._old is None:
            self._old = set(found)

    def restart(self) -> None:
        """Let the next round be the first again: its model is configured anew."""
        self._old = None

    def look(self, path: Path, stamp: Hashable) -> Look:
        """Look at a version.

        Args:
            path: its directory.
            stamp: a value that becomes another when a file in it changes.
        """
        look = self._before.get(path)
        if look is None or look.stamp != stamp or not look.is_settled:
            sizes = self._listed_sizes(path)
            look = _look(path, stamp, sizes, look, is_old=look is None and path in (self._old or ()))
        self._now[path] = look
        return look

    def end(self) -> None:
        """End a round: versions that were not looked at in it are forgotten."""
        self._before = self._now


def _look(path: Path, stamp: Hashable, sizes: Mapping[str, int] | None, before: Look | None, *, is_old: bool) -> Look:
    rests = before is not None and before.stamp == stamp
    was_ready = before is not None and before.is_ready
    if sizes is None:
        whole = rests or is_old
        return Look(stamp, was_ready or whole, whole)
    missing = next((name for name, size in sizes.items() if _size(path, name) != size), None)
    if missing is None:
        return Look(stamp, is_ready=True, is_settled=True)
    note = f"{path} is ignored until it is whole: {missing} is missing or has another size than its manifest says"
    if before is not None and before.note and not rests:
        note = before.note  # a copy that goes on is no news
    return Look(stamp, was_ready, is_settled=False, note="" if was_ready else note)


def _size(path: Path, name: str) -> int:
    try:
        return (path / name).stat().st_size
    except (OSError, ValueError, TypeError):  # whatever a manifest may name
        return -1
