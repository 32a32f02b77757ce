"""Where the log of a server process goes."""

from __future__ import annotations

import faulthandler
import logging

from tenon.serving.telemetry._logs import log_formatter

_STDERR = 2


class _StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]  # its parameter is there for type checkers only
    """Name the worker in each record.

    Args:
        worker: its number; ``None`` where there is one process.
    """

    def __init__(self, worker: int | None) -> None:
        super().__init__()
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; ``Logger`` calls this."""
        if self._worker is not None:
            record.worker = self._worker
        super().emit(record)


def log_crashes_to_stderr() -> None:
    """Have a crash below Python print where each thread was; where that is arranged already, nothing changes."""
    if not faulthandler.is_enabled():
        faulthandler.enable(_STDERR)


def log_to_stderr(log_format: str, worker: int | None = None) -> None:
    """Have this process log to its standard error; a later call takes the place of an earlier one.

    A process that has set up its logging otherwise keeps it.

    Args:
        log_format: ``json`` or ``text``.
        worker: the number of the process among the workers of a server, which each record then carries as ``worker``;
            ``None`` where there is one process.

    Raises:
        InvalidArgumentError: the format is neither.
    """
    handler, root = _StderrHandler(worker), logging.getLogger()
    handler.setFormatter(log_formatter(log_format))
    for earlier in [each for each in root.handlers if isinstance(each, _StderrHandler)]:
        root.removeHandler(earlier)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("jax").setLevel(logging.WARNING)  # it tells of every kind of device that is not there
