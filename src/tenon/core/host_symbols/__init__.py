"""Tensors of strings in functions that are traced to be saved: symbols, and the steps on the host that make them.

When a function runs at once, the strings that it is called with are known. When it is saved they are not: they are
symbols then, and what is done with them is written down as steps that run on the host (``tenon.host_steps``), before
or after the program that XLA compiles.
"""

from tenon.core.host_symbols._recorder import (
    HostRecorder,
    HostSource,
    NeedsHostStepsError,
    StringSymbol,
    current_recorder,
    recording_steps,
)

__all__ = [
    "HostRecorder",
    "HostSource",
    "NeedsHostStepsError",
    "StringSymbol",
    "current_recorder",
    "recording_steps",
]
