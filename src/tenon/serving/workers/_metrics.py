"""What the workers of one server counted, those that ended included."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from tenon.serving.telemetry import WORKER_RESTARTS, WORKERS, Kind, Registry, Snapshot, merge_snapshots

MAX_KEPT_CELLS = 4096
"""Label sets of one metric that are kept of workers that ended; the newest stay."""

_LASTING = (Kind.COUNTER, Kind.HISTOGRAM)


class FleetMetrics:
    """Adds up the metrics of workers so that what was counted once never falls.

    When a worker ends, its counters and histograms stay as they were when metrics were last read: a sum that falls
    looks to Prometheus like a restart of the whole server, and all that the others ever counted like new. Gauges go
    with it.

    Example:
        >>> metrics = FleetMetrics()
        >>> served = {"kind": "counter", "help": "", "labels": [], "bounds": [], "merge": "sum", "cells": [[[], 5]]}
        >>> metrics.merged({"one": {"n": served}, "other": {"n": served}})["n"]["cells"]
        [[[], 10]]
        >>> metrics.ended("other", "SIGKILL")
        >>> metrics.merged({"one": {"n": served}})["n"]["cells"]
        [[[], 10]]
    """

    def __init__(self) -> None:
        self._own = Registry()
        self._last: dict[Hashable, Snapshot] = {}
        self._kept: Snapshot = {}

    def ended(self, worker: Hashable, how: str) -> None:
        """Count a worker that ended, and keep what it had counted.

        Args:
            worker: which; its key in ``merged``, where it must not come again.
            how: for people: a signal, or an exit code.
        """
        self._own.counters(WORKER_RESTARTS).labels(how).inc()
        merged = merge_snapshots([self._kept, _lasting(self._last.pop(worker, {}))])
        self._kept = {name: {**family, "cells": family["cells"][-MAX_KEPT_CELLS:]} for name, family in merged.items()}

    def merged(self, answers: Mapping[Any, Snapshot]) -> Snapshot:
        """Return the metrics of all.

        Args:
            answers: what workers that live say; of one that says nothing the last counts hold.

        Raises:
            InvalidArgumentError: two of them mean different things by one name.
        """
        self._last |= answers
        self._own.gauges(WORKERS).labels().value = len(answers)
        silent = [_lasting(last) for worker, last in self._last.items() if worker not in answers]
        return merge_snapshots([*answers.values(), self._kept, *silent, self._own.snapshot()])


def _lasting(snapshot: Snapshot) -> Snapshot:
    return {name: family for name, family in snapshot.items() if family["kind"] in _LASTING}
