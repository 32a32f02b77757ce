"""The loop that carries what a source finds to the manager."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tenon.base import InvalidArgumentError, TenonError, UnknownError
from tenon.serving._aspired_versions_manager import AspiredVersionsManager
from tenon.serving._loader import Loader
from tenon.serving._servable import ServableId
from tenon.serving._source import PollResult, Source

_logger = logging.getLogger("tenon.serving")
_WHOLE_SOURCE = "source"

MakeLoader = Callable[[ServableId, Path], Loader]
"""Make the loader of the version stored at a path; cheap, see ``Loader``."""


class SourcePoller:
    """Poll a source and tell the manager what is aspired.

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

    async def poll_once(self) -> PollResult:
        """Poll, tell the manager, and return what was found; a server's start looks at ``PollResult.errors``.

        Raises:
            TenonError: the source as a whole could not be polled; nothing has changed.
        """
        result = await asyncio.to_thread(self._poll)
        for name, versions in result.versions.items():
            self._manager.set_aspired(name, self._loaders(name, versions))
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

    def _loaders(self, name: str, versions: Mapping[int, Path]) -> dict[int, Callable[[], Loader]]:
        return {v: partial(self._make_loader, ServableId(name, v), path) for v, path in versions.items()}


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
