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
    a row see the same). So is a version that answers: it is replaced by what is stored now under its number.

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
        self._one_at_a_time = asyncio.Lock()
        self._last_poll: asyncio.Future[PollResult] | None = None

    async def poll_once(self, *, is_trial: bool = False) -> PollResult:
        """Poll, tell the manager, and return what was found; a server's start looks at ``PollResult.errors``.

        While another poll goes on this one waits, so that what it returns is newer than the call.

        Args:
            is_trial: what is watched may be taken back, so nothing of it is logged: who tries tells how it ended.

        Raises:
            TenonError: the source as a whole could not be polled; nothing has changed.
        """
        async with self._one_at_a_time:
            result = await self._poll_and_tell()
            if not is_trial:
                errors = {name: error.message for name, error in result.errors.items()}
                self._notices.report({**result.warnings, **errors})
            return result

    async def _poll_and_tell(self) -> PollResult:
        failed = {name: self._manager.failed(name) for name in self._manager.names()}
        if self._last_poll is not None:
            await asyncio.wait((self._last_poll,))  # a caller may have given it up; its thread goes on
        self._last_poll = asyncio.ensure_future(asyncio.to_thread(self._poll, failed))
        self._last_poll.add_done_callback(lambda poll: poll.cancelled() or poll.exception())
        result = await asyncio.shield(self._last_poll)
        for name, versions in result.versions.items():
            self._manager.set_aspired(name, self._loaders(name, versions))
            self._load_changed(name, result.stamps.get(name, {}))
        self._changes.forget_all_but(result.versions.keys() | result.errors.keys())
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

    def _poll(self, failed: Mapping[str, Collection[int]]) -> PollResult:
        try:
            return self._source.poll(failed)
        except TenonError:
            raise
        except Exception as error:
            raise UnknownError(
                f"polling {type(self._source).__name__} raised {type(error).__name__}: {error}"
            ) from error

    def _load_changed(self, name: str, stamps: Mapping[int, Hashable]) -> None:
        manager, changes = self._manager, self._changes
        aspired, failed = manager.aspired(name), manager.failed(name)
        for version in changes.at_rest(name, stamps, aspired):
            if version in failed:
                _logger.info("%s: version %d has changed since its load failed and is tried again", name, version)
                manager.retry(name, version)
            elif manager.replace(name, version):
                _logger.warning("%s: the files of version %d were replaced; it is loaded anew", name, version)
            else:
                continue  # it loads or unloads: asked again at the next poll
            changes.tried(name, version, stamps[version])

    def _loaders(self, name: str, versions: Mapping[int, Path]) -> dict[int, Callable[[], Loader]]:
        return {v: partial(self._make_loader, ServableId(name, v), path) for v, path in versions.items()}


class _Changes:
    """Remember with which stamp each version was tried, and with which it was seen last."""

    def __init__(self) -> None:
        self._tried: dict[str, dict[int, Hashable]] = {}
        self._seen: dict[str, Mapping[int, Hashable]] = {}

    def at_rest(self, name: str, stamps: Mapping[int, Hashable], aspired: Collection[int]) -> list[int]:
        """Return the versions whose stamp is another than when they were tried, and the same as last time."""
        before, self._seen[name] = self._seen.get(name, {}), stamps
        known = self._tried.get(name, {})
        tried = self._tried[name] = {**stamps, **{version: known[version] for version in aspired if version in known}}
        return [v for v in aspired if v in stamps and tried[v] != stamps[v] == before.get(v)]

    def tried(self, name: str, version: int, stamp: Hashable) -> None:
        """Say that a version is loaded from what has this stamp."""
        self._tried[name][version] = stamp

    def forget_all_but(self, names: Collection[str]) -> None:
        """Forget the names that are watched no longer."""
        for name in self._tried.keys() - names:
            del self._tried[name], self._seen[name]


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
