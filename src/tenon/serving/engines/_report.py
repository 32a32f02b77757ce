"""Which engine answers a signature, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tenon.base import InvalidArgumentError

XLA, LITERT = "xla", "litert"


@dataclass(frozen=True)
class Measurement:
    """Both engines on the same inputs.

    Args:
        rows: the batch size.
        xla_seconds: the quickest run of XLA's program; ``None`` where it would have taken too long to measure.
        litert_seconds: the quickest run of LiteRT's.
        difference: how far the answers lie apart, as a part of the largest value; ``None`` without XLA's.

    Example:
        >>> print(Measurement(8, 0.002, 0.001, 0.0))
        8 rows: XLA 2 ms, LiteRT 1 ms
    """

    rows: int
    xla_seconds: float | None
    litert_seconds: float
    difference: float | None

    @property
    def faster(self) -> str:
        """The name of the faster engine."""
        return LITERT if self.xla_seconds is None or self.litert_seconds < self.xla_seconds else XLA

    @property
    def ratio(self) -> float:
        """How many times as fast the faster engine is; 1 where only one was measured."""
        times = sorted((self.litert_seconds, self.litert_seconds if self.xla_seconds is None else self.xla_seconds))
        return times[1] / max(times[0], 1e-9)

    @property
    def seconds(self) -> float:
        """What one run of each takes together."""
        return self.litert_seconds + (self.xla_seconds or 0.0)

    def seconds_of(self, engine: str) -> float:
        """Return the time of one engine, LiteRT's if XLA's is not known.

        Args:
            engine: its name.
        """
        return self.litert_seconds if engine == LITERT or self.xla_seconds is None else self.xla_seconds

    def __str__(self) -> str:
        xla = "" if self.xla_seconds is None else f"XLA {self.xla_seconds * 1e3:.3g} ms, "
        return f"{self.rows} rows: {xla}LiteRT {self.litert_seconds * 1e3:.3g} ms"


RUN_SECONDS = 0.00025
"""What a server takes for a run besides: a thread is woken and wakes the event loop, whose memory the run has pushed
out of the caches. A guess for a quiet machine: a busy one took twice as long (``docs/decisions/run_plans.md``)."""


@dataclass(frozen=True)
class Pace:
    """How quickly rows are answered when as many runs are under way at once as the processors allow.

    Args:
        rows: of each run.
        threads: that each run uses.
        runs: at once.
        seconds: of one run among them.

    Example:
        >>> pace = Pace(8, 1, 2, 0.016)
        >>> pace.rows_per_second
        1000.0
        >>> print(pace)
        2 runs of 8 rows on 1 thread: 1,000.0 rows/s
    """

    rows: int
    threads: int
    runs: int
    seconds: float

    @property
    def rows_per_second(self) -> float:
        """Of all runs together."""
        return self.rows * self.runs / max(self.seconds, 1e-9)

    @property
    def served_per_second(self) -> float:
        """The same where every run takes ``RUN_SECONDS`` longer."""
        return self.rows * self.runs / (self.seconds + RUN_SECONDS)

    def __str__(self) -> str:
        runs, rows, threads = (
            f"{number} {noun}{'s' if number > 1 else ''}"
            for number, noun in ((self.runs, "run"), (self.rows, "row"), (self.threads, "thread"))
        )
        return f"{runs} of {rows} on {threads}: {self.rows_per_second:,.1f} rows/s"


@dataclass(frozen=True)
class EngineReport:
    """Which engine answers a signature, and why.

    Args:
        reason: why, for an operator to read.
        engines: the engine by the smallest batch size that it answers, ascending, the first for 0.
        measurements: what was measured, by ascending batch size; empty when nothing had to be.
        largest_batch: the batch size beyond which a row gets no cheaper, so that larger ones only make requests wait;
            ``None`` where larger is better as far as was seen.
        paces: what was measured of batch sizes and threads together, where threads are a choice.
        convert_seconds: how long the conversion to LiteRT took; 0 when there was none or it was found on disk.
        remembered: whether an earlier start on this machine measured it.
    """

    reason: str
    engines: tuple[tuple[int, str], ...] = ((0, XLA),)
    measurements: tuple[Measurement, ...] = ()
    largest_batch: int | None = None
    paces: tuple[Pace, ...] = ()
    convert_seconds: float = 0.0
    remembered: bool = False

    @property
    def name(self) -> str:
        """The engine, or both with ``+`` between.

        Example:
            >>> EngineReport("measured", ((0, "litert"), (16, "xla"))).name
            'litert+xla'
        """
        return "+".join(dict.fromkeys(engine for _, engine in self.engines))

    def engine_for(self, rows: int) -> str:
        """Return the engine that answers batches of a size.

        Args:
            rows: the padded batch size.

        Example:
            >>> EngineReport("measured", ((0, "litert"), (16, "xla"))).engine_for(8)
            'litert'
        """
        return [engine for smallest, engine in self.engines if smallest <= rows][-1]

    def as_json(self) -> dict[str, Any]:
        """Return what can be written as JSON, for metadata and consoles; times are in seconds."""
        return {"engine": self.name, **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> EngineReport:
        """Return the report that ``as_json`` wrote, marked as remembered.

        Args:
            value: what ``as_json`` returned, read back from JSON.

        Raises:
            InvalidArgumentError: ``value`` is none.
        """
        try:
            engines = tuple((int(rows), str(engine)) for rows, engine in value["engines"])
            measurements = tuple(
                Measurement(
                    int(each["rows"]),
                    _number(each["xla_seconds"]),
                    float(each["litert_seconds"]),
                    _number(each["difference"]),
                )
                for each in value["measurements"]
            )
            largest = None if value["largest_batch"] is None else int(value["largest_batch"])
            paces = tuple(_pace(each) for each in value["paces"])
            report = cls(str(value["reason"]), engines, measurements, largest, paces, remembered=True)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidArgumentError(f"value: must be a report that as_json wrote; received {value!r}.") from error
        if not engines or engines[0][0] != 0 or {engine for _, engine in engines} - {XLA, LITERT}:
            raise InvalidArgumentError(f"value: engines must start at 0 and be known; received {engines}.")
        return report


def _pace(value: Mapping[str, Any]) -> Pace:
    return Pace(int(value["rows"]), int(value["threads"]), int(value["runs"]), float(value["seconds"]))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
