"""The last ten minutes, second by second, for people who look: rates, latencies, batch sizes, errors."""

from __future__ import annotations

import math
import time
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any

from tenon.base import Code
from tenon.serving.telemetry._registry import OTHER
from tenon.serving.telemetry._specs import exponential_bounds

KEPT_SECONDS = 600
KEPT_ERRORS = 100
MAX_SERIES = 100
"""Models whose history is told apart."""

MAX_ERROR_CHARACTERS = 200
_PAYLOAD_MARK = "JSON Value"  # what follows it in TensorFlow Serving's texts is a piece of the request
_BOUNDS = exponential_bounds(1e-5, 1.1, 170)  # 10 us to 100 s: percentiles are right to 10 %


@dataclass(frozen=True)
class RecentError:
    """One answer that was an error.

    Args:
        time: when, in seconds since 1970.
        model: whom the client asked, as far as it is known here.
        version: which version failed; ``None`` where none was chosen.
        api: what the client asked for.
        code: the code's name.
        text: the message, cut, on one line, without what it quotes of the request's body.
        trace_id: of the request's trace, 32 hexadecimal digits; empty where it has none.
    """

    time: float
    model: str
    version: int | None
    api: str
    code: str
    text: str
    trace_id: str = ""


@dataclass(frozen=True)
class Point:
    """What one model did in one second.

    Args:
        time: the second's begin, in seconds since 1970.
        requests: answers, errors among them.
        errors: answers that were the server's fault or a refusal: codes that are not the client's mistake.
        p50: median of the seconds that answers took, to 10 %; so are the others.
        p95: 95 of 100 answers took at most this long.
        p99: 99 of 100 answers took at most this long.
        batches: batches that were run.
        rows: their rows, without padding.
        padding: their rows of padding.
    """

    time: float
    requests: int
    errors: int
    p50: float
    p95: float
    p99: float
    batches: int
    rows: int
    padding: int


CLIENT_MISTAKES = frozenset(
    {
        *(Code.OK, Code.CANCELLED, Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.ALREADY_EXISTS),
        *(Code.PERMISSION_DENIED, Code.UNAUTHENTICATED, Code.OUT_OF_RANGE, Code.UNIMPLEMENTED),
    }
)
"""Codes that say nothing against the model."""


class Series:
    """One model's seconds: the current one being counted, and those of the last ten minutes in which anything happened.

    Times are ``time.monotonic``'s, which all processes of a machine share.
    """

    __slots__ = ("_batches", "_counts", "_errors", "_padding", "_requests", "_rows", "_second", "_seconds")

    def __init__(self) -> None:
        self._seconds: deque[array[int]] = deque()
        self._second = 0
        self._empty()

    def _empty(self) -> None:
        self._counts: dict[int, int] = {}
        self._requests = self._errors = self._batches = self._rows = self._padding = 0

    def request(self, now: float, seconds: float, failed: bool) -> None:
        """Count an answer.

        Args:
            now: when it was given.
            seconds: how long it took.
            failed: whether it speaks against the model.
        """
        if int(now) != self._second:
            self._turn_to(int(now))
        self._requests += 1
        if failed:
            self._errors += 1
        bucket = bisect_left(_BOUNDS, seconds)
        self._counts[bucket] = self._counts.get(bucket, 0) + 1

    def batch(self, now: float, rows: int, padding: int) -> None:
        """Count a batch.

        Args:
            now: when it had run.
            rows: its rows, without padding.
            padding: its rows of padding.
        """
        if int(now) != self._second:
            self._turn_to(int(now))
        self._batches += 1
        self._rows += rows
        self._padding += padding

    def _turn_to(self, second: int) -> None:
        if self._requests or self._batches:
            self._seconds.append(self._current())
            self._empty()
        self._second = second
        self._drop_before(second - KEPT_SECONDS)

    def _drop_before(self, second: int) -> None:
        while self._seconds and self._seconds[0][0] < second:
            self._seconds.popleft()

    def _current(self) -> array[int]:
        """Return the second packed into some 200 bytes: its sums, then pairs of a bucket and a count."""
        head = (self._second, self._requests, self._errors, self._batches, self._rows, self._padding)
        return array("I", (*head, *(number for pair in self._counts.items() for number in pair)))

    def snapshot(self, now: float, since: float = -math.inf) -> list[list[int]]:
        """Return whole seconds as lists of numbers; the current second is not among them.

        Args:
            now: the time.
            since: only seconds that begin at this time or later.
        """
        if int(now) != self._second:
            self._turn_to(int(now))
        later = takewhile(lambda second: second[0] >= since, reversed(self._seconds))
        return [second.tolist() for second in later][::-1]


class History:
    """What happened lately, of every model. Bounded memory; belongs to one event loop.

    Example:
        >>> history = History()
        >>> history.series("digits").request(5.0, 0.002, failed=False)
        >>> points = history_points(history.snapshot(now=6.0, wall=1006.0))["digits"]
        >>> [(point.time, point.requests, point.errors) for point in points]
        [(1005.0, 1, 0)]
    """

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}
        self._errors = {failed: deque[RecentError](maxlen=KEPT_ERRORS) for failed in (False, True)}

    def series(self, model: str) -> Series:
        """Return the series of a model; look it up once and keep it."""
        if model not in self._series and len(self._series) >= MAX_SERIES:
            model = OTHER
        return self._series.setdefault(model, Series())

    def error(self, error: RecentError) -> None:
        """Remember an error, and forget the oldest of too many; clients' mistakes do not push out those of a model."""
        self._errors[_speaks_against_model(error.code)].append(error)

    def snapshot(
        self, now: float | None = None, wall: float | None = None, last_seconds: float = KEPT_SECONDS
    ) -> dict[str, Any]:
        """Return what happened lately as data that JSON holds.

        Args:
            now: the time of ``time.monotonic``.
            wall: the time of ``time.time``.
            last_seconds: how far to look back; whoever asks every second needs two.
        """
        now = time.monotonic() if now is None else now
        wall = time.time() if wall is None else wall
        return {
            "offset": wall - now,
            "models": {model: series.snapshot(now, now - last_seconds - 1) for model, series in self._series.items()},
            "errors": _latest([asdict(error) for errors in self._errors.values() for error in errors]),
        }


def merge_histories(snapshots: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return one history of several processes of one machine: seconds are added up, the latest errors are kept.

    Args:
        snapshots: of ``History.snapshot``, perhaps after a journey as JSON; at least one.
    """
    offset = 0.0
    models: dict[str, dict[int, Any]] = {}
    errors: list[dict[str, Any]] = []
    for snapshot in snapshots:
        offset = snapshot["offset"]
        errors += snapshot["errors"]
        for model, seconds in snapshot["models"].items():
            known = models.setdefault(model, {})
            for second in seconds:
                known[second[0]] = _add(known[second[0]], second) if second[0] in known else second
    return {
        "offset": offset,
        "models": {model: [second for _, second in sorted(seconds.items())] for model, seconds in models.items()},
        "errors": _latest(errors),
    }


def _speaks_against_model(code: str) -> bool:
    return Code[code] not in CLIENT_MISTAKES


def _latest(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the last of the clients' mistakes and the last of the others, in the order of their coming."""
    kinds: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    for error in sorted(errors, key=_time):
        kinds[_speaks_against_model(error["code"])].append(error)
    return sorted((error for kind in kinds.values() for error in kind[-KEPT_ERRORS:]), key=_time)


def _time(error: dict[str, Any]) -> float:
    return float(error["time"])


def _add(one: list[int], other: list[int]) -> list[int]:
    counts = dict(_buckets(one))
    for bucket, count in _buckets(other):
        counts[bucket] = counts.get(bucket, 0) + count
    sums = [a + b for a, b in zip(one[1:6], other[1:6], strict=True)]
    return [one[0], *sums, *(number for pair in counts.items() for number in pair)]


def _buckets(second: list[int]) -> Iterator[tuple[int, int]]:
    return zip(second[6::2], second[7::2], strict=True)


def history_points(snapshot: dict[str, Any]) -> dict[str, list[Point]]:
    """Return what to plot: a point per model and second in which anything happened, oldest first.

    Args:
        snapshot: of ``History.snapshot`` or ``merge_histories``.
    """
    return {
        model: [_point(second, snapshot["offset"]) for second in seconds]
        for model, seconds in snapshot["models"].items()
    }


def _point(second: list[int], offset: float) -> Point:
    start, requests, errors, batches, rows, padding = second[:6]
    counts = sorted(_buckets(second))
    p50, p95, p99 = (_percentile(counts, requests, share) for share in (0.5, 0.95, 0.99))
    return Point(start + offset, requests, errors, p50, p95, p99, batches, rows, padding)


def _percentile(counts: list[tuple[int, int]], total: int, share: float) -> float:
    """Return the upper bound of the bucket in which the ``share``-th observation lies."""
    seen = 0
    for bucket, count in counts:
        seen += count
        if seen >= share * total:
            return _BOUNDS[min(bucket, len(_BOUNDS) - 1)]
    return 0.0


def error_text(message: str) -> str:
    """Return a message fit for people: one line, cut, without what it quotes of a request's body.

    Args:
        message: an error's text.

    Example:
        >>> error_text('JSON Value: "secret" is not a tensor')
        'JSON Value...'
    """
    text, mark, _ = message[: 4 * MAX_ERROR_CHARACTERS].partition(_PAYLOAD_MARK)
    text = "".join(character if character.isprintable() else " " for character in text + mark)
    if mark or len(text) > MAX_ERROR_CHARACTERS:
        text = text[:MAX_ERROR_CHARACTERS] + "..."
    return text
