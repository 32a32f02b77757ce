"""A canary and its champion under watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenon.base import Code
from tenon.serving.traffic._rollback import Breach, find_breach
from tenon.serving.traffic._rules import RollbackRule
from tenon.serving.traffic._windows import SlidingWindow, WindowSnapshot

LOOK_SECONDS = 1.0
"""How long a rule waits between two looks at its windows."""

_TIMED = (Code.OK, Code.DEADLINE_EXCEEDED)  # an answer that never came was slow at least that long


@dataclass(frozen=True, slots=True)
class Lane:
    """Where the requests of one version are counted.

    Args:
        window: the counters.
        are_errors: by the number of a code, whether it counts as an error.
    """

    window: SlidingWindow
    are_errors: tuple[bool, ...]

    def add(self, now: float, code: Code, seconds: float) -> None:
        """Count a request that ended.

        Args:
            now: the time.
            code: how it ended.
            seconds: how long it took.
        """
        self.window.add(now, seconds if code in _TIMED else None, is_error=self.are_errors[code])


class Watch:
    """Look at two windows now and then.

    Args:
        rule: what to look for.
        canary: the version that is watched.
        champion: the version that it is measured against, if any.
        windows: the counters of both, by version.
    """

    def __init__(
        self, rule: RollbackRule, canary: int, champion: int | None, windows: dict[int, SlidingWindow]
    ) -> None:
        are_errors = tuple(code.name in rule.error_codes for code in Code)
        self.canary = canary
        self.lanes = {version: Lane(window, are_errors) for version, window in windows.items()}
        self._rule = rule
        self._champion = champion
        self._windows = windows
        self._due = 0.0

    def look(self, now: float) -> Breach | None:
        """Return what is broken, if it is time to look again."""
        if now < self._due:
            return None
        self._due = now + LOOK_SECONDS
        return find_breach(self._rule, self._snapshot(self.canary, now), self._snapshot(self._champion, now))

    def status(self, now: float) -> dict[str, Any]:
        """Return the figures of both versions, JSON-able."""
        versions = {"canary": self.canary, "champion": self._champion}
        return {name: self._figures(version, now) for name, version in versions.items() if version is not None}

    def _snapshot(self, version: int | None, now: float) -> WindowSnapshot:
        return WindowSnapshot() if version is None else self._windows[version].snapshot(now)

    def _figures(self, version: int, now: float) -> dict[str, Any]:
        snapshot = self._snapshot(version, now)
        return {
            "version": version,
            "requests": snapshot.requests,
            "errors": snapshot.errors,
            "error_rate": snapshot.error_rate,
            "latency_seconds": snapshot.quantile(self._rule.latency_quantile),
        }
