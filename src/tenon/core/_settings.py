"""Switches that ``tf.config`` and ``tf.debugging`` turn and other folders of ``core`` read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Settings:
    """What is switched on in this process.

    Attributes:
        run_functions_eagerly: whether ``tf.function`` runs its Python function instead of a traced one.
        op_determinism: whether everything must give the same result in every run.
        check_numerics: whether results that are infinite or no number are an error.
        log_device_placement: whether ``tf.debugging.set_log_device_placement`` asked for a log.
        soft_device_placement: whether ``tf.device`` takes another device where the named one is not there.
    """

    run_functions_eagerly: bool = False
    op_determinism: bool = False
    check_numerics: bool = False
    log_device_placement: bool = False
    soft_device_placement: bool = True


SETTINGS: Final = Settings()
"""The switches of this process."""
