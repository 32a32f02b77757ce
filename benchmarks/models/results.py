"""What was found: a cell for each contender, workload and batch size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Cell:
    """All rounds of one contender.

    Args:
        contender: its name.
        workload: its name.
        batch: its size.
        units: that one call has: steps of training, else 1.
        calls: for each round, the median seconds of a call.
        cpu: for each round, the processor's seconds for a call, of all threads: what other work disturbs least.
        first_seconds: from nothing to the first result: build, compile, run; without imports.
        second_seconds: the same in a second process, where something is kept on disk.
        import_seconds: to import the framework.
        memory: the most resident memory of the process in MiB, all batch sizes together.
        note: how it ran, if there is anything to say.
        refusal: why there are no figures.
    """

    contender: str
    workload: str
    batch: int
    units: int = 1
    calls: tuple[float, ...] = ()
    cpu: tuple[float, ...] = ()
    first_seconds: float | None = None
    second_seconds: float | None = None
    import_seconds: float | None = None
    memory: float | None = None
    note: str = ""
    refusal: str = ""

    @property
    def milliseconds(self) -> float:
        """The median over the rounds, of a step or a call."""
        return median(self.calls) / self.units * 1e3

    @property
    def cpu_milliseconds(self) -> float:
        """The same of the processor's time."""
        return median(self.cpu) / self.units * 1e3


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one contender is as another.

    Args:
        median: over the rounds.
        lowest: of all rounds.
        highest: of all rounds.
    """

    median: float
    lowest: float
    highest: float


def ratio(own: Cell, peer: Cell) -> Ratio | None:
    """Return how many times as fast ``own`` is, round by round; ``None`` where one of them has no figures."""
    each = [b / a for a, b in zip(own.calls, peer.calls, strict=False)]
    return Ratio(median(each), min(each), max(each)) if each else None


def cell_of(cells: Sequence[Cell], contender: str, workload: str, batch: int) -> Cell | None:
    """Return one cell, if the contender does such workloads."""
    wanted = (contender, workload, batch)
    return next((cell for cell in cells if (cell.contender, cell.workload, cell.batch) == wanted), None)
