"""Samples become a table and a JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from contenders import BENTOML, GRPC_ECHO_NAME, HTTP_ECHO_NAME, LITSERVE, TENON
from loads import GRPC, REST
from sample import Sample


@dataclass(frozen=True)
class Goal:
    """What issue 2 asks of a ratio of requests per second.

    Args:
        protocol: the load's label.
        peer: the name to which Tenon is compared, in its defaults and in its best settings.
        least: the ratio wanted, if any.
    """

    protocol: str
    peer: str
    least: float | None


GOALS = (
    Goal(REST.label, LITSERVE, 12.0),
    Goal(REST.label, BENTOML, None),
    Goal(REST.label, HTTP_ECHO_NAME, None),
    Goal(GRPC.label, GRPC_ECHO_NAME, 0.5),
)


@dataclass(frozen=True)
class Row:
    """All rounds of one server, settings and load."""

    name: str
    settings: str
    load: str
    samples: tuple[Sample, ...]

    @property
    def rate(self) -> float:
        """The median of requests per second."""
        return median(sample.requests_per_second for sample in self.samples)


@dataclass(frozen=True)
class Ratio:
    """Tenon's rate over a peer's, in one of its settings."""

    goal: Goal
    settings: str
    value: float


def ratios(rows: Sequence[Row]) -> list[Ratio]:
    """Compare Tenon with every peer that was measured: with its defaults, listed first, and with its best settings."""
    found = []
    for goal in GOALS:
        same = [row for row in rows if row.load == goal.protocol]
        tenon = [row for row in same if row.name == TENON]
        peers = [row for row in same if row.name == goal.peer]
        if tenon and peers:
            best = max(peers, key=lambda row: row.rate)
            compared = [peers[0]] if peers[0] is best else [peers[0], best]
            found += [Ratio(goal, peer.settings, tenon[0].rate / peer.rate) for peer in compared]
    return found


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table: medians over the rounds, and the spread of the rate."""
    header = ("server", "settings", "load", "requests/s", "min-max", "p50 ms", "p99 ms")
    body = [_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    lines = [header, tuple("-" * width for width in widths), *body]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    rates = [sample.requests_per_second for sample in row.samples]
    p50, p99 = (median(getattr(sample, name) for sample in row.samples) for name in ("p50_ms", "p99_ms"))
    spread = f"{min(rates):,.0f}-{max(rates):,.0f}"
    return row.name, row.settings, row.load, f"{row.rate:,.0f}", spread, f"{p50:.2f}", f"{p99:.2f}"


def sentences(found: Sequence[Ratio]) -> str:
    """Return one line per ratio, with the goal where there is one."""
    return "\n".join(
        f"{ratio.goal.protocol}: Tenon answers {ratio.value:.2f} times the requests of {ratio.goal.peer} "
        f"({ratio.settings}){_verdict(ratio)}"
        for ratio in found
    )


def _verdict(ratio: Ratio) -> str:
    least = ratio.goal.least
    return "" if least is None else f"; goal {least:g}: {'met' if ratio.value >= least else 'missed'}"


def document(conditions: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """Return everything for ``--json``."""
    compared = [{**asdict(ratio.goal), "settings": ratio.settings, "ratio": ratio.value} for ratio in ratios(rows)]
    return {"conditions": dict(conditions), "rows": [asdict(row) for row in rows], "ratios": compared}
