"""The loop that carries what a source finds to the manager."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Mapping
from functools import partial
from pathlib import Path

from tenon.base import InvalidArgumentError, TenonError, UnknownError
from tenon.serving.lifecycle._aspired_versions_manager import AspiredVersionsManager
from tenon.serving.lifecycle._source import PollResult, Source
from tenon.serving.servables import Loader, ServableId

_logger = logging.getLogger("tenon.serving")
_WHOLE_SOURCE = "source"

MakeLoader = Callable[[ServableId, Path], Loader]
"""Make the loader of the version stored at a path; cheap, see ``Loader``."""


class SourcePoller:
    """Poll a source and tell the manager what is aspired.

    A version whose load failed is tried again when what is stored has changed since and has come to rest (two polls in
    a row see the same), so that a model copied in slowly is served once it is whole.

    What an operator should know (an error, a warning) is logged when it appears, changes and disappears, not at every
    poll.

    Args:
        source: polled in a worker thread, so that a slow file system does not stop the event loop.
        manager: told, per name, the versions found.
        make_loader: makes the loader of a version found.
        interval: seconds between two polls; 0 polls once.

    Raises:
        InvalidArgumentError: ``interval`` is negative.
    """

    def __init__(
        self, source: Source, manager: AspiredVersionsManager, make_loader: MakeLoader, interval: float = 1.0
    ) -> None:
        if interval < 0:
            raise InvalidArgumentError(
                f"interval: the seconds between two polls must be at least 0; received {interval}. 0 polls once."
            )
        self._source = source
        self._manager = manager
        self._make_loader = make_loader
        self._interval = interval
        self._notices = _Notices()
        self._changes = _Changes()

    async def poll_once(self) -> PollResult:
        """Poll, tell the manager, and return what was found; a server's start looks at ``PollResult.errors``.

        Raises:
            TenonError: the source as a whole could not be polled; nothing has changed.
        """
        result = await asyncio.to_thread(self._poll)
        for name, versions in result.versions.items():
            self._manager.set_aspired(name, self._loaders(name, versions))
            self._retry_changed(name, result.stamps.get(name, {}))
        self._notices.report({**result.warnings, **{name: error.message for name, error in result.errors.items()}})
        return result

    async def run(self) -> None:
        """Poll now and then every ``interval`` seconds until cancelled; no failure of a poll ends it."""
        while True:
            try:
                await self.poll_once()
            except TenonError as error:
                self._notices.report({**self._notices.known, _WHOLE_SOURCE: error.message})
            if not self._interval:
                return
            await asyncio.sleep(self._interval)

    def _poll(self) -> PollResult:
        try:
            return self._source.poll()
        except TenonError:
            raise
        except Exception as error:
            raise UnknownError(
                f"polling {type(self._source).__name__} raised {type(error).__name__}: {error}"
            ) from error

    def _retry_changed(self, name: str, stamps: Mapping[int, Hashable]) -> None:
        for version in self._changes.at_rest(name, stamps, self._manager.failed(name)):
            _logger.info("%s: version %d has changed since its load failed and is tried again", name, version)
            self._manager.retry(name, version)

    def _loaders(self, name: str, versions: Mapping[int, Path]) -> dict[int, Callable[[], Loader]]:
        return {v: partial(self._make_loader, ServableId(name, v), path) for v, path in versions.items()}


class _Changes:
    """Remember with which stamp each version was tried, and with which it was seen last."""

    def __init__(self) -> None:
        self._tried: dict[str, dict[int, Hashable]] = {}
        self._seen: dict[str, Mapping[int, Hashable]] = {}

    def at_rest(self, name: str, stamps: Mapping[int, Hashable], failed: Collection[int]) -> list[int]:
        """Return the failed versions whose stamp is another than when they were tried, and the same as last time."""
        before, self._seen[name] = self._seen.get(name, {}), stamps
        known = self._tried.get(name, {})
        tried = self._tried[name] = {version: known.get(version, stamp) for version, stamp in stamps.items()}
        changed = [v for v in failed if v in tried and tried[v] != stamps[v] == before.get(v)]
        tried.update({version: stamps[version] for version in changed})
        return changed


class _Notices:
    """Log what is new, once.

    Attributes:
        known: the text last reported per subject.
    """

    def __init__(self) -> None:
        self.known: Mapping[str, str] = {}

    def report(self, notices: Mapping[str, str]) -> None:
        for subject, text in notices.items():
            if text != self.known.get(subject):
                _logger.warning("%s: %s", subject, text)
        for subject in self.known.keys() - notices.keys():
            _logger.info("%s: no longer so: %s", subject, self.known[subject])
        self.known = dict(notices)
