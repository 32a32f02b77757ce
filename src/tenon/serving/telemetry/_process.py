"""How the process itself fares: memory, CPU, open files, and whether its event loop keeps up."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from pathlib import Path

from tenon.serving.servables import Manager, State
from tenon.serving.telemetry import _table as table
from tenon.serving.telemetry._registry import Registry

LAG_SECONDS = 0.25
"""How often the event loop is asked whether it is on time."""

_STATM, _FILES = Path("/proc/self/statm"), Path("/proc/self/fd")


def watch_process(registry: Registry) -> None:
    """Have memory, CPU time and open files read at every snapshot.

    Args:
        registry: where they are shown.
    """
    memory = registry.gauges(table.PROCESS_MEMORY).labels()
    cpu = registry.counters(table.PROCESS_CPU).labels()
    files = registry.gauges(table.PROCESS_OPEN_FILES).labels()

    def collect() -> None:
        memory.value = resident_bytes()
        cpu.value = time.process_time()
        files.value = open_files()

    registry.before_snapshot(collect)


def resident_bytes() -> int:
    """Return the resident memory of this process; its highest so far where the system tells no other."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def open_files() -> int:
    """Return how many files and sockets this process has open; 0 where the system does not tell."""
    return len(list(_FILES.iterdir())) - 1 if _FILES.exists() else 0  # one is the listing itself


def watch_states(registry: Registry, manager: Manager) -> None:
    """Have the states of all versions read at every snapshot; of those that ended, only the failed ones are shown.

    Args:
        registry: where they are shown.
        manager: where the versions live.
    """
    family = registry.gauges(table.VERSION_STATE)

    def collect() -> None:
        family.clear()
        for name in manager.names():
            for state in manager.states(name):
                if state.state is not State.END or state.error is not None:
                    family.labels(name, str(state.id.version), state.state.name).value = 1

    registry.before_snapshot(collect)


class LoopLag:
    """Measures by how much the event loop is late, four times a second.

    Args:
        registry: where the delays are shown.
    """

    def __init__(self, registry: Registry) -> None:
        self._lag = registry.histograms(table.LOOP_LAG).labels()
        self._max = registry.gauges(table.LOOP_LAG_MAX).labels()
        self._longest = 0.0
        self._timer: asyncio.TimerHandle | None = None
        registry.before_snapshot(self._collect)

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._wait(asyncio.get_running_loop())

    def stop(self) -> None:
        """End; may be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(LAG_SECONDS, self._look, loop, time.monotonic() + LAG_SECONDS)

    def _look(self, loop: asyncio.AbstractEventLoop, expected: float) -> None:
        late = max(0.0, time.monotonic() - expected)
        self._lag.observe(late)
        self._longest = max(self._longest, late)
        self._wait(loop)

    def _collect(self) -> None:
        self._max.value, self._longest = self._longest, 0.0
