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
    """

    run_functions_eagerly: bool = False
    op_determinism: bool = False
    check_numerics: bool = False


SETTINGS: Final = Settings()
"""The switches of this process."""
