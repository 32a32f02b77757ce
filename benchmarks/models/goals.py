"""What issue 5 asks of the figures, and whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.models.contenders import COMPILED, KERAS_JAX, ONNX, PYTORCH, TENON, TENSORFLOW
from benchmarks.models.results import Cell, cell_of, ratio
from benchmarks.models.workloads import WORKLOADS, Kind

COLD, WARM = 1.5, 0.2
"""The most that a first result may take: as a multiple of plain Keras's on JAX, and of the first start's."""


@dataclass(frozen=True)
class Goal:
    """Tenon beside peers, at one workload and batch size.

    Args:
        peers: the best of whom counts.
        least: how many times as fast Tenon should be.
        holds: whether the goal is meant for this workload and batch size.
    """

    peers: tuple[str, ...]
    least: float
    holds: Callable[[str, int], bool]


def _trains(workload: str, batch: int) -> bool:
    del batch
    return WORKLOADS[workload].kind is not Kind.INFER


def _infers(workload: str, batch: int) -> bool:
    return not _trains(workload, batch)


GOALS = (
    Goal((TENSORFLOW,), 3.0, lambda workload, batch: (workload, batch) == ("mlp_fit", 32)),
    Goal((TENSORFLOW,), 1.0, _trains),
    Goal((TENSORFLOW,), 3.0, lambda workload, batch: (workload, batch) == ("mobilenet_v2_inference", 1)),
    Goal((TENSORFLOW, PYTORCH, COMPILED, ONNX), 1.0, _infers),
)


def sentences(cells: Sequence[Cell]) -> str:
    """Return one line for each goal that could be looked at."""
    own = [cell for cell in cells if cell.contender == TENON and not cell.refusal]
    return "\n".join(line for cell in own for line in (*_speed(cell, cells), *_starts(cell, cells)))


def _speed(own: Cell, cells: Sequence[Cell]) -> Iterator[str]:
    for goal in GOALS:
        if not goal.holds(own.workload, own.batch):
            continue
        peers = (cell_of(cells, peer, own.workload, own.batch) for peer in goal.peers)
        found = [(times, peer.contender) for peer in peers if peer is not None and (times := ratio(own, peer))]
        if found:
            times, name = min(found, key=lambda pair: pair[0].median)
            text = f"{times.median:.2f} times as fast as {name}; goal at least {goal.least:g}"
            yield _line(own, text, times.median >= goal.least)


def _starts(own: Cell, cells: Sequence[Cell]) -> Iterator[str]:
    plain = cell_of(cells, KERAS_JAX, own.workload, own.batch)
    if own.first_seconds and plain is not None and plain.first_seconds:
        times = own.first_seconds / plain.first_seconds
        yield _line(own, f"first result after {times:.2f} of {KERAS_JAX}'s time; goal at most {COLD:g}", times <= COLD)
    if own.first_seconds and own.second_seconds:
        share = own.second_seconds / own.first_seconds
        yield _line(own, f"second start after {share:.2f} of the first's time; goal at most {WARM:g}", share <= WARM)


def _line(own: Cell, text: str, met: bool) -> str:
    return f"{own.workload} {own.batch}: {text}: {'met' if met else 'missed'}"
