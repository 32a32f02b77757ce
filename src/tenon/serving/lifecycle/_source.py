"""Where versions come from: a directory per servable, a numbered directory per version."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tenon.base import NotFoundError, TenonError, UnavailableError
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
            that failed to load is tried again after such a change; one without a stamp is not.
    """

    versions: Mapping[str, Mapping[int, Path]]
    errors: Mapping[str, TenonError] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)
    stamps: Mapping[str, Mapping[int, Hashable]] = field(default_factory=dict)


class Source(ABC):
    """Find the versions that should be served."""

    @abstractmethod
    def poll(self) -> PollResult:
        """Look once. Called in a worker thread, never twice at the same time; may block.

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

    Unlike in TensorFlow Serving, a missing base path concerns its own servable alone. A version's stamp tells the
    names, sizes and times of the files under its directory.

    Args:
        servables: what to watch, per servable name.

    Example:
        >>> import tempfile
        >>> base = Path(tempfile.mkdtemp())
        >>> for version in ("1", "002", "temporary"):
        ...     (base / version).mkdir()
        ...     (base / version / "saved_model.pb").touch()
        >>> list(FileSystemSource({"m": ServableToMonitor(base)}).poll().versions["m"])
        [2]
    """

    def __init__(self, servables: Mapping[str, ServableToMonitor]) -> None:
        self._servables = dict(servables)

    def poll(self) -> PollResult:
        """List every base path; one that cannot be listed is an error of its servable only."""
        versions: dict[str, Mapping[int, Path]] = {}
        errors: dict[str, TenonError] = {}
        warnings: dict[str, str] = {}
        for name, servable in self._servables.items():
            try:
                versions[name], notes = _look(servable)
            except OSError as error:
                errors[name] = _listing_error(name, servable.base_path, error)
            else:
                warnings.update({name: "; ".join(notes)} if notes else {})
        stamps = {name: {version: _stamp(path) for version, path in found.items()} for name, found in versions.items()}
        return PollResult(versions, errors, warnings, stamps)


def _look(servable: ServableToMonitor) -> tuple[dict[int, Path], list[str]]:
    """Return the versions wanted and what is odd about them."""
    base = servable.base_path.absolute()
    if (base / _SAVED_MODEL).is_file():
        own = _version_number(base.name)
        found, notes = {1 if own is None else own: base}, list[str]()
    else:
        found, notes = _numbered(base)
    wanted = servable.version_policy.choose(found)
    notes += [
        f"version {version} is asked for and not found under {base}" for version in wanted if version not in found
    ]
    if not found:
        notes.append(f"no version found under {base}: expected a directory <number>/{_SAVED_MODEL}")
    return {version: found[version] for version in wanted if version in found}, notes


def _numbered(base: Path) -> tuple[dict[int, Path], list[str]]:
    found: dict[int, Path] = {}
    notes: list[str] = []
    for child in sorted(base.iterdir()):
        version = _version_number(child.name)
        if version is None or not child.is_dir():
            continue
        if not (child / _SAVED_MODEL).is_file():
            notes.append(f"{child} is ignored until it has a {_SAVED_MODEL}")
        elif version in found:
            notes.append(f"{child} is ignored: {found[version].name} is version {version} too")
        else:
            found[version] = child
    return found, notes


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
