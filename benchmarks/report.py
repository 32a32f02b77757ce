"""Samples become a table, the goals' verdicts and a JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from contenders import (
    ENGINE,
    GRPC,
    GRPC_ECHO,
    GRPC_PYTHON,
    HTTP_ECHO,
    MOBILE_NETS,
    SECURED,
    START,
    TENON,
    TENSORFLOW,
)
from loads import half_rate, saturation
from peers import NAMES as PEERS
from peers import REST
from sample import Sample
from tables import markdown

RATE, P50, P99, CPU, LOAD = "requests_per_second", "p50_ms", "p99_ms", "cpu_us", "load_us"
_UNITS = {RATE: "/s", P50: " ms (p50)", P99: " ms (p99)", CPU: " us of CPU"}


@dataclass(frozen=True)
class Row:
    """All rounds of one contender, settings and load."""

    name: str
    settings: str
    load: str
    samples: tuple[Sample, ...]

    def median(self, metric: str) -> float:
        """Return the median over the rounds."""
        return median(getattr(sample, metric) for sample in self.samples)


@dataclass(frozen=True)
class Figure:
    """A metric of the best row of some contenders: the highest rate, or the shortest time.

    Args:
        names: whose rows.
        load: under which load.
        metric: which.
    """

    names: tuple[str, ...]
    load: str
    metric: str = RATE

    def of(self, rows: Sequence[Row]) -> tuple[Row, float] | None:
        """Return the best row and its value; ``None`` where nothing was measured."""
        found = [(row, row.median(self.metric)) for row in rows if row.name in self.names and row.load == self.load]
        best = max if self.metric == RATE else min
        return best(found, key=lambda pair: pair[1], default=None)


@dataclass(frozen=True)
class Goal:
    """What issue 4 asks: a figure as a multiple of another one, or of a number.

    Args:
        letter: the goal's, in the issue.
        figure: Tenon's.
        beside: what it is divided by.
        bound: of the ratio: the least for rates, the most for times; ``None`` where only the ratio is of interest.
    """

    letter: str
    figure: Figure
    beside: Figure | float
    bound: float | None = None


_TENON_REST, _TENON_GRPC = Figure((TENON,), REST), Figure((TENON,), GRPC)


def _image_goals() -> list[Goal]:
    goals = []
    for model in MOBILE_NETS:
        label = saturation(model)
        goals += [
            Goal("c", Figure((TENON,), label), Figure((ENGINE,), label), 0.9),
            Goal("c", Figure((TENON,), label), Figure((TENSORFLOW,), label), 1.0),
            Goal("c", Figure((TENON,), label, CPU), Figure((ENGINE,), label, CPU)),
            Goal("d", Figure((TENON,), half_rate(model), P99), Figure((ENGINE,), label, P50), 3.0),
        ]
    return goals


GOALS = (
    *(Goal("a", _TENON_REST, Figure((name,), REST)) for name in PEERS),
    Goal("a", _TENON_REST, Figure(PEERS, REST), 12.0),
    Goal("a", _TENON_REST, Figure((HTTP_ECHO,), REST)),
    Goal("a", Figure((TENON,), REST, P99), 4.0, 1.0),
    Goal("b", _TENON_GRPC, 8000.0, 1.0),
    Goal("b", _TENON_GRPC, Figure((GRPC_ECHO,), GRPC), 0.6),
    Goal("b", Figure((TENON,), GRPC_PYTHON), Figure((GRPC_ECHO,), GRPC_PYTHON)),
    *_image_goals(),
    Goal("e", Figure((TENON,), START, P50), 2000.0, 1.0),
    Goal("f", Figure((SECURED,), REST), _TENON_REST, 0.75),
    Goal("f", Figure((SECURED,), REST, CPU), Figure((TENON,), REST, CPU)),
)


@dataclass(frozen=True)
class Ratio:
    """A goal beside what was measured.

    Args:
        goal: the goal.
        value: Tenon's figure.
        beside: the other one.
        whose: the contender and settings of the other; empty for a number.
    """

    goal: Goal
    value: float
    beside: float
    whose: str

    @property
    def ratio(self) -> float:
        """The one as a multiple of the other."""
        return self.value / self.beside

    @property
    def met(self) -> bool | None:
        """Whether the bound holds; ``None`` without one."""
        bound = self.goal.bound
        if bound is None:
            return None
        return self.ratio >= bound if self.goal.figure.metric == RATE else self.ratio <= bound


def ratios(rows: Sequence[Row]) -> list[Ratio]:
    """Compare what was measured; goals of which a side is missing are left out."""
    return [ratio for goal in GOALS if (ratio := _ratio(goal, rows)) is not None]


def _ratio(goal: Goal, rows: Sequence[Row]) -> Ratio | None:
    own = goal.figure.of(rows)
    if own is None:
        return None
    if not isinstance(goal.beside, Figure):
        return Ratio(goal, own[1], goal.beside, "")
    other = goal.beside.of(rows)
    return None if other is None else Ratio(goal, own[1], other[1], f"{other[0].name} ({other[0].settings})")


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table: medians over the rounds, and the spread of the rate."""
    header = (
        "contender",
        "settings",
        "load",
        "requests/s",
        "min-max",
        "Tenon is",
        "p50 ms",
        "p99 ms",
        "CPU us",
        "its load",
    )
    return markdown(header, [_cells(row, rows) for row in rows])


def _cells(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    rates = [sample.requests_per_second for sample in row.samples]
    tenon = Figure((TENON,), row.load).of(rows)
    times = "" if tenon is None else f"{tenon[1] / row.median(RATE):.2f}x"
    numbers = (f"{row.median(RATE):,.5g}", f"{min(rates):,.5g}-{max(rates):,.5g}", times)
    processor = (f"{row.median(CPU):.0f}", f"{row.median(LOAD):.0f}")
    return row.name, row.settings, row.load, *numbers, f"{row.median(P50):.2f}", f"{row.median(P99):.2f}", *processor


def sentences(found: Sequence[Ratio]) -> str:
    """Return one line per ratio, with the goal where there is one."""
    return "\n".join(map(_sentence, found))


def _sentence(ratio: Ratio) -> str:
    goal, unit = ratio.goal, _UNITS[ratio.goal.figure.metric]
    other = _UNITS[goal.beside.metric] if isinstance(goal.beside, Figure) else unit
    whose = f"{ratio.whose}'s" if ratio.whose else "the goal's"
    own = f"({goal.letter}) {goal.figure.load}, {goal.figure.names[0]}: {ratio.value:,.5g}{unit}"
    return f"{own} is {ratio.ratio:.2f} times {whose} {ratio.beside:,.5g}{other}{_verdict(ratio)}"


def _verdict(ratio: Ratio) -> str:
    if ratio.met is None:
        return ""
    side = "at least" if ratio.goal.figure.metric == RATE else "at most"
    return f"; goal {side} {ratio.goal.bound:g}: {'met' if ratio.met else 'missed'}"


def document(conditions: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """Return everything for ``--json``."""
    compared = [{**asdict(each), "ratio": each.ratio, "met": each.met} for each in ratios(rows)]
    return {"conditions": dict(conditions), "rows": [asdict(row) for row in rows], "ratios": compared}
