"""The warning that a function is traced again and again, by TensorFlow's rule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

_log = logging.getLogger("tenon.functions")

_HISTORY: Final = 10
_THRESHOLD: Final = 5
_MOST_WARNINGS: Final = 2


class TracingHistory:
    """Counts the calls between traces of all functions that share one body of Python code.

    Attributes:
        calls: calls without tracing since the last trace: raised by whoever calls.
    """

    def __init__(self) -> None:
        self.calls = 0
        self._calls_per_trace: list[int] = []
        self._warnings = 0

    def traced(self, name: str) -> None:
        """Note a call that traced; warn if there were five in about the last ten calls, twice at most."""
        if self.calls:
            self._calls_per_trace = self._calls_per_trace or [0]
            self._calls_per_trace[-1] += self.calls
            self.calls = 0
        self._calls_per_trace.append(1)
        while sum(self._calls_per_trace) - self._calls_per_trace[0] > _HISTORY:
            self._calls_per_trace.pop(0)
        if len(self._calls_per_trace) >= _THRESHOLD and self._warnings < _MOST_WARNINGS:
            self._warnings += 1
            _log.warning(
                "%d out of the last %d calls to %s triggered tf.function retracing. Tracing is expensive; it repeats "
                "when a "
                "@tf.function is created in a loop (create it once, outside), when tensors come with other shapes "
                "(pass "
                "reduce_retracing=True, or pad them), and when numbers of Python are passed (pass tensors).",
                len(self._calls_per_trace),
                sum(self._calls_per_trace),
                name,
            )


_histories: Final[WeakKeyDictionary[Any, TracingHistory]] = WeakKeyDictionary()


def history_of(function: Callable[..., Any]) -> TracingHistory:
    """Return the history of the code of a Python function.

    Example:
        >>> history_of(history_of) is history_of(history_of)
        True
    """
    target: Any = function
    while hasattr(target, "__wrapped__"):
        target = target.__wrapped__
    target = getattr(target, "__func__", target)
    key = getattr(target, "__code__", None)
    return TracingHistory() if key is None else _histories.setdefault(key, TracingHistory())
