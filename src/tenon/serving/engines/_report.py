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
        xla_seconds: the quickest run of XLA's program.
        litert_seconds: the quickest run of LiteRT's.
        difference: how far the answers lie apart, as a part of the largest value.
    """

    rows: int
    xla_seconds: float
    litert_seconds: float
    difference: float

    @property
    def faster(self) -> str:
        """The name of the faster engine."""
        return LITERT if self.litert_seconds < self.xla_seconds else XLA

    @property
    def ratio(self) -> float:
        """How many times as fast the faster engine is."""
        slow, fast = sorted((self.xla_seconds, self.litert_seconds), reverse=True)
        return slow / max(fast, 1e-9)


@dataclass(frozen=True)
class EngineReport:
    """Which engine answers a signature, and why.

    Args:
        reason: why, for an operator to read.
        engines: the engine by the smallest batch size that it answers, ascending, the first for 0.
        measurements: what was measured, by ascending batch size; empty when nothing had to be.
        convert_seconds: how long the conversion to LiteRT took; 0 when there was none or it was found on disk.
        remembered: whether an earlier start on this machine measured it.
    """

    reason: str
    engines: tuple[tuple[int, str], ...] = ((0, XLA),)
    measurements: tuple[Measurement, ...] = ()
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
                Measurement(int(each["rows"]), *(float(each[key]) for key in _TIMES)) for each in value["measurements"]
            )
            report = cls(str(value["reason"]), engines, measurements, 0.0, remembered=True)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidArgumentError(f"value: must be a report that as_json wrote; received {value!r}.") from error
        if not engines or engines[0][0] != 0 or {engine for _, engine in engines} - {XLA, LITERT}:
            raise InvalidArgumentError(f"value: engines must start at 0 and be known; received {engines}.")
        return report


_TIMES = ("xla_seconds", "litert_seconds", "difference")
