"""How many of the rows that wait run together, and on how many threads. Stateless."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tenon.serving.batching._batch_sizes import padded_size
from tenon.serving.engines import RUN_SECONDS, EngineReport, Pace

MAX_REMEMBERED = 4096
"""Choices that a plan keeps; it makes each in some microseconds."""


class RunPlan:
    """Chooses, for what waits and what is free, the runs that answer it at the highest rate.

    One row on an idle machine gets all processors where that is quicker; the more wait, the more runs there are side by
    side, each on fewer threads, which then have less to agree upon. Measurements decide, and they do not change.

    Args:
        sizes: padded batch sizes, ascending; empty when rows may not share a batch. Also an attribute.
        paces: what was measured of batch sizes and threads; without any, a run takes all that waits, and its threads
            are left to the engine.
        one_engine: whether what was measured tells something of larger sizes too.

    Attributes:
        full: rows of a full batch.

    Example:
        >>> plan = RunPlan((1, 2, 4), (Pace(1, 1, 2, 0.003), Pace(4, 1, 2, 0.008), Pace(1, 2, 1, 0.002)))
        >>> plan.choose(rows=1, first=1, runs=2, cores=2), plan.choose(rows=8, first=1, runs=2, cores=2)
        ((1, 2), (4, 1))
    """

    def __init__(self, sizes: tuple[int, ...], paces: Sequence[Pace] = (), *, one_engine: bool = True) -> None:
        self.sizes, self.full = sizes, sizes[-1] if sizes else 1
        ordered = sorted(paces, key=lambda pace: (pace.threads, pace.rows))
        self._paces = {threads: tuple(each) for threads, each in groupby(ordered, lambda pace: pace.threads)}
        self._one_engine = one_engine
        self._choices: dict[tuple[int, int, int, int], tuple[int, int]] = {}

    @classmethod
    def of(cls, sizes: tuple[int, ...], report: EngineReport) -> RunPlan:
        """Return the plan for what a report says was measured.

        Args:
            sizes: padded batch sizes, ascending; empty when rows may not share a batch.
            report: of the engine. Sizes that XLA answers count as runs that take all processors.
        """
        cores = max((pace.threads for pace in report.paces), default=1)
        xla = [
            Pace(each.rows, cores, 1, each.xla_seconds)
            for each in report.measurements
            if report.paces and each.xla_seconds is not None and report.engine_for(each.rows) == "xla"
        ]
        return cls(sizes, (*report.paces, *xla), one_engine=not xla)

    def choose(self, rows: int, first: int, runs: int, cores: int) -> tuple[int, int]:
        """Choose the next run.

        Args:
            rows: that wait; at least 1.
            first: of the task that is first, which cannot be divided.
            runs: that may begin now, counted as 1 at least.
            cores: that nobody uses.

        Returns:
            How many rows the run should take at most, and its threads; 0 for as many as the engine likes.
        """
        if not self._paces:
            return self.full, 0
        runs = max(runs, 1)
        key = min(rows, self.full * runs), min(first, self.full), runs, cores
        found = self._choices.get(key)
        if found is None:
            found = self._quickest(*key)
            if len(self._choices) < MAX_REMEMBERED:
                self._choices[key] = found
        return found

    def _quickest(self, rows: int, first: int, runs: int, cores: int) -> tuple[int, int]:
        """Compare the numbers of threads: so many runs side by side, each with its part of the rows."""
        fewest, most = min(self._paces), max(self._paces)
        best, chosen = 0.0, (self.full, most if most <= cores else fewest)
        for threads, paces in self._paces.items():
            beside = min(runs, cores // threads) or int(threads == fewest)
            for part in self._parts(max(-(-rows // beside), first), first) if beside else ():
                if self._one_engine or part <= paces[-1].rows:
                    seconds = _seconds(paces, self.padded(part)) + RUN_SECONDS
                    rate = min(rows, part * beside) / seconds
                    if rate > best:
                        best, chosen = rate, (part, threads)
        return chosen

    def _parts(self, share: int, first: int) -> set[int]:
        """Return what a run might take of its share: all that it can, or less, so that nothing is padded."""
        share = min(share, self.full)
        return {share, *(size for size in self.sizes if first <= size <= share)}

    def padded(self, rows: int) -> int:
        """Return the batch size that a number of rows is filled up to.

        Args:
            rows: at most those of a full batch, where rows share batches.
        """
        return padded_size(rows, self.sizes) if self.sizes and rows else rows


def _seconds(paces: Sequence[Pace], rows: int) -> float:
    """Return what a run takes, on the line between the measurements around its rows; beyond the last, by its rows."""
    high = next((pace for pace in paces if pace.rows >= rows), paces[-1])
    low = next((pace for pace in reversed(paces) if pace.rows < rows), high)
    if high.rows <= rows:
        return max(high.seconds * rows / max(high.rows, 1), 1e-9)
    slope = (high.seconds - low.seconds) / max(high.rows - low.rows, 1)
    return max(low.seconds + slope * (rows - low.rows), 1e-9)
