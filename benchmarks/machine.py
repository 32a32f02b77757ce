"""What figures depend on besides the programs that are measured: processor, versions, and what else runs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

QUIET_LOAD = 1.0
_SECONDS = 60.0
_ASK_VERSIONS = """
import importlib.metadata as m, json, sys
have = {d.name for d in m.distributions()}
print(json.dumps({n: m.version(n) for n in sys.argv[1:] if n in have}))
"""


def machine() -> dict[str, Any]:
    """Return cores, processor, system, Python and load average; warn on standard error where something else runs."""
    load = os.getloadavg()[0]
    if load > QUIET_LOAD:
        print(f"warning: load average {load:.2f}: something else runs.", file=sys.stderr)
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average_at_start": load,
    }


def versions(python: Path, distributions: Sequence[str]) -> Any:
    """Return the versions of distributions in an environment, of those that it has.

    Args:
        python: its interpreter.
        distributions: their names.
    """
    words = [str(python), "-c", _ASK_VERSIONS, *distributions]
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=_SECONDS).stdout)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
