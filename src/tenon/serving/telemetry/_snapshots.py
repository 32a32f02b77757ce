"""Metrics of several worker processes become those of one server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.serving.telemetry._registry import Snapshot
from tenon.serving.telemetry._specs import Kind, Merge

_FACTS = ("kind", "labels", "bounds", "merge")


def merge_snapshots(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Return one snapshot of what several processes counted.

    Counters and histograms are summed; gauges are summed or their maximum is taken, as their spec says.

    Args:
        snapshots: of ``Registry.snapshot``, perhaps after a journey as JSON.

    Raises:
        InvalidArgumentError: two of them mean different things by one name.

    Example:
        >>> one = {"n": {"kind": "counter", "help": "", "labels": [], "bounds": [], "merge": "sum", "cells": [[[], 1]]}}
        >>> merge_snapshots([one, one])["n"]["cells"]
        [[[], 2]]
    """
    merged: Snapshot = {}
    cells: dict[str, dict[tuple[str, ...], Any]] = {}
    for snapshot in snapshots:
        for name, family in snapshot.items():
            _check_same(name, merged.setdefault(name, {**family, "cells": []}), family)
            _add(cells.setdefault(name, {}), family)
    return {
        name: {**family, "cells": [[list(key), value] for key, value in cells[name].items()]}
        for name, family in merged.items()
    }


def _check_same(name: str, known: dict[str, Any], received: dict[str, Any]) -> None:
    for fact in _FACTS:
        if known[fact] != received[fact]:
            raise InvalidArgumentError(
                f"snapshots: {name} must have one {fact} in all of them; received {known[fact]} and {received[fact]}. "
                "Run workers of one version of Tenon."
            )


def _add(cells: dict[tuple[str, ...], Any], family: dict[str, Any]) -> None:
    combine = _COMBINE[family["kind"], family["merge"]]
    for labels, value in family["cells"]:
        key = tuple(labels)
        cells[key] = combine(cells[key], value) if key in cells else value


def _sum(one: float, other: float) -> float:
    return one + other


def _sum_histograms(one: list[Any], other: list[Any]) -> list[Any]:
    return [one[0] + other[0], [a + b for a, b in zip(one[1], other[1], strict=True)]]


_COMBINE: dict[tuple[str, str], Callable[[Any, Any], Any]] = {
    (Kind.COUNTER, Merge.SUM): _sum,
    (Kind.HISTOGRAM, Merge.SUM): _sum_histograms,
    (Kind.GAUGE, Merge.SUM): _sum,
    (Kind.GAUGE, Merge.MAX): max,
}
