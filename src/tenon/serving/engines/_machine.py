"""What a measurement on one machine says nothing about others for."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

from tenon.base import processor_count

_CPU_INFO = Path("/proc/cpuinfo")
_TELLING = ("model name", "flags", "Features", "CPU part")


@cache
def machine_features() -> dict[str, str]:
    """Return what tells kinds of machines apart: architecture, processor, instruction sets, cores that may be used."""
    features = {"machine": platform.machine(), "system": platform.system(), "cores": str(processor_count())}
    if _CPU_INFO.is_file():
        lines = (line.partition(":") for line in _CPU_INFO.read_text(errors="replace").splitlines())
        found = {key.strip(): value.strip() for key, _, value in lines}  # of the last core: they are alike
        features |= {key: found[key] for key in _TELLING if key in found}
    return features
