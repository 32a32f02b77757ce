"""How many processors a process may use: what its affinity allows, and the limit of its container."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def processor_count() -> int:
    """Return how many processors this process may use, at least one.

    Counted are those of its affinity (``taskset``, a ``cpuset``), and no more than its control group has time for: a
    container with ``--cpus=2`` or a limit of 2000m in Kubernetes sees all processors of its host and is halted when it
    uses more than two. Part of a processor counts as one. Where the system tells neither, as macOS, all are counted.

    Example:
        >>> 1 <= processor_count() <= os.cpu_count()
        True
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = min(_limits(_GROUPS, _own_groups()), default=math.inf)
    return max(1, allowed if limit >= allowed else math.ceil(limit))


def _own_groups() -> str:
    try:
        return _OWN_GROUPS.read_text()
    except OSError:
        return ""


def _limits(mounted: Path, own_groups: str) -> Iterator[float]:
    """Yield limits in processors: of the process's own control groups (version 2 and 1) and of all that they are in.

    Args:
        mounted: where control groups are.
        own_groups: lines of ``number:controllers:path``; the path may be one of the host that a container does not see.
    """
    for line in own_groups.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = mounted / "cpu" if controllers else mounted
        own = root / path.strip("/")
        for group in (own, *(each for each in own.parents if each.is_relative_to(root))):
            yield from _limit(group)


def _limit(group: Path) -> Iterator[float]:
    try:
        if (group / "cpu.max").exists():
            quota, period = (group / "cpu.max").read_text().split()
        else:
            quota, period = ((group / name).read_text() for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us"))
        if float(quota) > 0:  # version 1 writes -1 where there is no limit
            yield float(quota) / float(period)
    except (OSError, ValueError):  # no limit here; version 2 writes "max"
        return
