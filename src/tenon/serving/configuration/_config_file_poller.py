"""A configuration file, read again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Generic, TypeVar

from tenon.base import InvalidArgumentError, TenonError
from tenon.serving.configuration._text_proto import read_bytes

T = TypeVar("T")

_LONGEST_PAUSE_SECONDS = 60.0

_log = logging.getLogger("tenon.serving")


class ConfigFilePoller(Generic[T]):
    """Apply a file when its content changes.

    A file that cannot be read or breaks a rule changes nothing, and is told once. One whose reload failed for another
    reason (a label's version or a new model is not there yet) is tried again, after pauses that grow to a minute: a
    try may load models. What came by ``HandleReloadConfigRequest`` meanwhile holds until the file changes.

    Args:
        path: the file, such as a ``--model_config_file``.
        read: makes a configuration of the file's content and its name.
        reload: changes to another configuration.
        interval: seconds between two looks.
        subject: what stays as it is when the file is no good, for the log.

    Raises:
        InvalidArgumentError: ``interval`` is not above 0.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[bytes, str], T],
        reload: Callable[[T], Awaitable[None]],
        interval: float,
        subject: str = "the models",
    ) -> None:
        if not interval > 0:
            raise InvalidArgumentError(f"interval: seconds between two looks must be above 0; received {interval}.")
        self._path, self._read, self._reload, self._interval = path, read, reload, interval
        self._subject = subject
        self._done_with: bytes | None = None
        self._tries = _Tries(most=max(1, round(_LONGEST_PAUSE_SECONDS / interval)))
        self._trouble = ""

    async def run(self) -> None:
        """Look now and every ``interval`` seconds until cancelled; no failure ends it."""
        while True:
            await self.poll_once()
            await asyncio.sleep(self._interval)

    async def poll_once(self) -> None:
        """Look once, and reload if the file has changed; a failure is logged."""
        try:
            content = await asyncio.to_thread(read_bytes, self._path)
            if content != self._done_with:
                if not self._tries.is_due(content):
                    return
                await self._apply(content)
            self._trouble = ""
        except TenonError as error:
            if error.message != self._trouble:
                _log.error("%s: %s stay as they are: %s", self._path, self._subject, error.message)
            self._trouble = error.message
        except Exception as error:  # a fault of ours must not end the watch
            if str(error) != self._trouble:
                _log.exception("%s: %s stay as they are, by a fault of Tenon: report it", self._path, self._subject)
            self._trouble = str(error)

    async def _apply(self, content: bytes) -> None:
        try:
            config = await asyncio.to_thread(self._read, content, str(self._path))
            await self._reload(config)
        except InvalidArgumentError:
            self._done_with = content
            raise
        self._done_with = content


class _Tries:
    """When a content that failed is tried again: 1, 2, 4, ... looks after the last try; another content at once.

    Args:
        most: looks between two tries, at most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._content: bytes | None = None
        self._pause, self._left = 1, 0

    def is_due(self, content: bytes) -> bool:
        """Tell whether a look is a try; it counts as both."""
        if content != self._content:
            self._content, self._pause, self._left = content, 1, 0
        if self._left:
            self._left -= 1
            return False
        self._left, self._pause = self._pause - 1, min(2 * self._pause, self._most)
        return True
