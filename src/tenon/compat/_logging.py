"""``tf.compat.v1.logging``: Python's logger ``tenon`` under TensorFlow 1's names."""

from __future__ import annotations

import logging
from typing import Any, Final

DEBUG: Final = logging.DEBUG
INFO: Final = logging.INFO
WARN: Final = logging.WARNING
ERROR: Final = logging.ERROR
FATAL: Final = logging.CRITICAL

_LOGGER: Final = logging.getLogger("tenon")


def set_verbosity(v: int) -> None:
    """Let messages of a level ``v`` and above be seen."""
    _LOGGER.setLevel(v)


def get_verbosity() -> int:
    """Return the level from which messages are seen."""
    return _LOGGER.getEffectiveLevel()


def log(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message of a level."""
    _LOGGER.log(level, msg, *args, **kwargs)


def debug(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message for who looks for mistakes."""
    log(DEBUG, msg, *args, **kwargs)


def info(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message on what goes on."""
    log(INFO, msg, *args, **kwargs)


def warning(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message on what may be wrong."""
    log(WARN, msg, *args, **kwargs)


def error(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message on what is wrong."""
    log(ERROR, msg, *args, **kwargs)


def fatal(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message on what ends the program."""
    log(FATAL, msg, *args, **kwargs)


warn = warning
