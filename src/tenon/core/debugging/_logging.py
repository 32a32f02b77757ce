"""What ``tf.debugging`` shows and hides: placement, and Tenon's own lines in tracebacks."""

from __future__ import annotations

from typing import Any, Final

import jax

from tenon.core._names import export
from tenon.core._settings import SETTINGS

_config: Final[Any] = jax.config


@export("debugging.set_log_device_placement")
def set_log_device_placement(enabled: bool) -> None:
    """Remember whether placement is to be logged, ``enabled``; ``tensor.device`` tells it at any time."""
    SETTINGS.log_device_placement = bool(enabled)


@export("debugging.get_log_device_placement")
def get_log_device_placement() -> bool:
    """Return what ``set_log_device_placement`` was told."""
    return SETTINGS.log_device_placement


@export("debugging.enable_traceback_filtering")
def enable_traceback_filtering() -> None:
    """Leave JAX's own lines out of tracebacks, as at the start."""
    _config.update("jax_traceback_filtering", "auto")


@export("debugging.disable_traceback_filtering")
def disable_traceback_filtering() -> None:
    """Show JAX's own lines in tracebacks."""
    _config.update("jax_traceback_filtering", "off")


@export("debugging.is_traceback_filtering_enabled")
def is_traceback_filtering_enabled() -> bool:
    """Tell whether JAX's own lines are left out of tracebacks.

    Example:
        >>> is_traceback_filtering_enabled()
        True
    """
    return bool(_config.jax_traceback_filtering != "off")
