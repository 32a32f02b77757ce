"""Where versions come from: a directory per servable, a numbered directory per version."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tenon.base import NotFoundError, TenonError, UnavailableError
from tenon.serving.lifecycle._completion import CopyWatch, ListedSizes, Look, no_manifest
from tenon.serving.lifecycle._version_policy import Latest, VersionPolicy

_SAVED_MODEL = "saved_model.pb"
_NUMBER = re.compile(r"[0-9]+")
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class PollResult:
    """What a source wants after one look.

    Args:
        versions: per servable name, the path of every version that is wanted; complete: what is missing is unwanted.
        errors: the names that could not be looked up, and why. They are not in ``versions``: what was wanted of them
            before stays wanted.
        warnings: per name, what an operator should know although the look succeeded.
        stamps: per name, a value per version wanted that becomes another when what is stored there changes. A version
            that failed to load is tried again after such a change, and one that answers is replaced; one without a
            stamp, such as one that is being written, is not.
    """

    versions: Mapping[str, Mapping[int, Path]]
    errors: Mapping[str, TenonError] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)
    stamps: Mapping[str, Mapping[int, Hashable]] = field(default_factory=dict)


class Source(ABC):
    """Find the versions that should be served."""

    @abstractmethod
    def poll(self, failed: Mapping[str, Collection[int]]) -> PollResult:
        """Look once. Called in a worker thread, never twice at the same time; may block.

        Args:
            failed: per name, the versions that could not be loaded and are wanted. They stay wanted, and what would
                be wanted without them is wanted too, so that one bad version does not leave a model without an answer.

        Raises:
            TenonError: nothing at all could be looked up; trouble with one name belongs in ``PollResult.errors``.
        """


@dataclass(frozen=True)
class ServableToMonitor:
    """What to watch for one servable (``FileSystemStoragePathSourceConfig.ServableToMonitor`` of TensorFlow Serving).

    Args:
        base_path: the directory that holds a numbered directory per version.
        version_policy: which of them to serve.
    """

    base_path: Path
    version_policy: VersionPolicy = field(default_factory=Latest)


class FileSystemSource(Source):
    """Find versions as ``BASE/<integer>/saved_model.pb``, TensorFlow Serving's layout.

    A version's directory has a name of decimal digits that fits an int64; leading zeros are allowed. Every other name
    is ignored, and with it the hidden siblings of an atomic write. Of two names with one number (``7`` and ``007``)
    the first in sorted order is served. A directory without ``saved_model.pb`` is not a version yet. A base path that
    is itself a SavedModel is one version: its own name if that is a number, else 1.

    Unlike in TensorFlow Serving, a missing base path concerns its own servable alone, and a version is found when it is
    whole: all that its manifest names is there, or, without one, nothing in it has changed between two looks or it
    was there at the first look. A version's stamp tells the names, sizes and times of the files under its directory.

    Args:
        servables: what to watch, per servable name.
        model_files: a directory is a version if it has a file of one of these names.
        listed_sizes: returns the sizes of the files that a version's manifest names, or ``None`` where there is none,
            such as ``tenon.saved_model.manifest_sizes``; by default no version has one.

    Example:
        >>> import tempfile
        >>> base = Path(tempfile.mkdtemp())
        >>> for version in ("1", "002", "temporary"):
        ...     (base / version).mkdir()
        ...     (base / version / "saved_model.pb").touch()
        >>> list(FileSystemSource({"m": ServableToMonitor(base)}).poll({}).versions["m"])
        [2]
    """

    def __init__(
        self,
        servables: Mapping[str, ServableToMonitor],
        model_files: Collection[str] = (_SAVED_MODEL,),
        listed_sizes: ListedSizes = no_manifest,
    ) -> None:
        self._servables = dict(servables)
        self._model_files = tuple(model_files)
        self._listed_sizes = listed_sizes
        self._copies: dict[Path, CopyWatch] = {}  # by base path

    def watch(self, servables: Mapping[str, ServableToMonitor]) -> None:
        """Watch these servables, and no others, from the next poll on.

        Args:
            servables: what to watch, per servable name.
        """
        for name, servable in servables.items():
            if servable != self._servables.get(name) and servable.base_path in self._copies:
                self._copies[servable.base_path].restart()
        self._servables = dict(servables)

    def over(self, servables: Mapping[str, ServableToMonitor]) -> FileSystemSource:
        """Return a source of its own that finds versions as this one does.

        Args:
            servables: what it watches, per servable name.
        """
        return FileSystemSource(servables, self._model_files, self._listed_sizes)

    def poll(self, failed: Mapping[str, Collection[int]]) -> PollResult:
        """List every base path; one that cannot be listed is an error of its servable only."""
        versions: dict[str, Mapping[int, Path]] = {}
        stamps: dict[str, Mapping[int, Hashable]] = {}
        errors: dict[str, TenonError] = {}
        warnings: dict[str, str] = {}
        servables = self._servables  # another thread may set others meanwhile
        for name, servable in servables.items():
            try:
                versions[name], stamps[name], notes = self._look(servable, failed.get(name, ()))
            except OSError as error:
                errors[name] = _listing_error(name, servable.base_path, error)
            else:
                warnings.update({name: "; ".join(notes)} if notes else {})
        watched = {servable.base_path for servable in servables.values()}
        self._copies = {base: copies for base, copies in self._copies.items() if base in watched}
        return PollResult(versions, errors, warnings, stamps)

    def _look(
        self, servable: ServableToMonitor, failed: Collection[int]
    ) -> tuple[dict[int, Path], dict[int, Hashable], list[str]]:
        """Return the versions wanted, the stamps of those that are whole, and what is odd."""
        copies = self._copies.setdefault(servable.base_path, CopyWatch(self._listed_sizes))
        base = servable.base_path.absolute()
        found, notes = self._find(base)
        copies.begin(found.values())
        looks: dict[int, Look] = {}
        wanted = _wanted(servable.version_policy, found, failed)
        while unfinished := [version for version in wanted if not _is_ready(version, found, looks, copies)]:
            notes += [looks[version].note for version in unfinished if looks[version].note]
            found = {version: path for version, path in found.items() if version not in unfinished}
            wanted = _wanted(servable.version_policy, found, failed)
        copies.end()
        notes += [f"version {v} is asked for and not found under {base}" for v in wanted if v not in {**found, **looks}]
        if not found:
            notes.append(f"no version found under {base}: expected a directory <number>/{self._model_files[0]}")
        versions = {version: found[version] for version in wanted if version in found}
        return versions, {version: looks[version].stamp for version in versions if looks[version].is_settled}, notes

    def _find(self, base: Path) -> tuple[dict[int, Path], list[str]]:
        if self._is_model(base):
            own = _version_number(base.name)
            return {1 if own is None else own: base}, []
        return self._numbered(base)

    def _numbered(self, base: Path) -> tuple[dict[int, Path], list[str]]:
        found: dict[int, Path] = {}
        notes: list[str] = []
        for child in sorted(base.iterdir()):
            version = _version_number(child.name)
            if version is None or not child.is_dir():
                continue
            if not self._is_model(child):
                notes.append(f"{child} is ignored until it has a {' or '.join(self._model_files)}")
            elif version in found:
                notes.append(f"{child} is ignored: {found[version].name} is version {version} too")
            else:
                found[version] = child
        return found, notes

    def _is_model(self, path: Path) -> bool:
        return any((path / name).is_file() for name in self._model_files)


def _wanted(policy: VersionPolicy, found: Collection[int], failed: Collection[int]) -> list[int]:
    """Return what a policy chooses and, for each version of these that failed, what it would choose without it."""
    wanted, others = set[int](), set(found)
    while chosen := set(policy.choose(others)) - wanted:
        wanted |= chosen
        others -= chosen & set(failed)
    return sorted(wanted, reverse=True)


def _is_ready(version: int, found: Mapping[int, Path], looks: dict[int, Look], copies: CopyWatch) -> bool:
    """Look at a version once; one that was not found is nobody's copy."""
    if version not in found:
        return True
    if version not in looks:
        looks[version] = copies.look(found[version], _stamp(found[version]))
    return looks[version].is_ready


def _stamp(version: Path) -> Hashable:
    return frozenset(_files(version))


def _files(version: Path) -> Iterator[tuple[Path, int, int]]:
    """Yield path, size and time of modification of the files of a version, as far as they can be read."""
    for folder, _, names in os.walk(version):
        for path in (Path(folder, name) for name in names):
            with suppress(OSError):  # deleted since it was listed, or a link to nowhere
                status = path.stat()
                yield path, status.st_size, status.st_mtime_ns


def _version_number(name: str) -> int | None:
    return int(name) if _NUMBER.fullmatch(name) and int(name) <= _INT64_MAX else None


def _listing_error(name: str, base: Path, error: OSError) -> TenonError:
    kind = NotFoundError if isinstance(error, FileNotFoundError) else UnavailableError
    return kind(
        f"servable {name!r}: its base path cannot be listed; received {str(error.filename or base)!r} "
        f"({error.strerror}). Create the directory, correct the path, or let this user read it."
    )
