"""What an operator may ask for."""

from __future__ import annotations

from enum import StrEnum


class EngineKind(StrEnum):
    """What should compute."""

    AUTO = "auto"
    """The faster of those that are installed and answer the same, measured."""
    XLA = "xla"
    """XLA, on any device."""
    LITERT = "litert"
    """LiteRT on the CPU, whatever XLA would take; XLA for signatures that it cannot run."""
