"""All metrics of one process: families of cells by their labels, and what they hold at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from tenon.base import InvalidArgumentError
from tenon.serving.telemetry._cells import Counter, Gauge, Histogram
from tenon.serving.telemetry._specs import Kind, MetricSpec

OTHER = "other"
"""The value of every label of the cell that label sets beyond the bound share."""

MAX_LABEL_CHARACTERS = 200
"""Longer label values are cut."""

OVERFLOWS = MetricSpec(
    "tenon_serving_metric_label_sets_refused_total",
    Kind.COUNTER,
    "Label sets that were counted under 'other' because the metric had too many.",
    ("metric",),
)

Snapshot = dict[str, dict[str, Any]]
"""Metrics at one moment, as data that JSON holds: per name its kind, help, labels, bounds, merge rule and cells."""

Cell = TypeVar("Cell", Counter, Gauge, Histogram)


class Family(Generic[Cell]):
    """The cells of one metric, one per label set.

    Args:
        spec: the metric.
        make: makes an empty cell.
    """

    def __init__(self, spec: MetricSpec, make: Callable[[], Cell]) -> None:
        self.spec = spec
        self.refused = 0
        self._make: Callable[[], Cell] = make
        self._cells: dict[tuple[str, ...], Cell] = {}

    def labels(self, *values: str) -> Cell:
        """Return the cell of a label set; look it up once and keep it.

        Args:
            *values: one per label of the spec, in its order; any text.

        Returns:
            Its cell, or the one that all share that come after ``max_label_sets`` others.

        Raises:
            InvalidArgumentError: not as many values as labels.
        """
        cell = self._cells.get(values)
        return cell if cell is not None else self._find_or_add(tuple([_clean(value) for value in values]))

    def _find_or_add(self, key: tuple[str, ...]) -> Cell:
        if len(key) != len(self.spec.labels):
            raise InvalidArgumentError(
                f"labels of {self.spec.name}: must be a value for each of {self.spec.labels}; received {key}."
            )
        if key not in self._cells and len(self._cells) >= self.spec.max_label_sets:
            self.refused += 1
            key = (OTHER,) * len(key)
        return self._cells.setdefault(key, self._make())

    def remove(self, **labels: str) -> None:
        """Forget the cells of which these labels have these values; whoever still holds one counts for nobody.

        Args:
            **labels: values by name; a family that lacks one of the names forgets nothing.
        """
        if not labels.keys() <= set(self.spec.labels):
            return
        wanted = [(self.spec.labels.index(name), _clean(value)) for name, value in labels.items()]
        for key in [key for key in self._cells if all(key[place] == value for place, value in wanted)]:
            del self._cells[key]

    def clear(self) -> None:
        """Forget every cell."""
        self._cells.clear()

    def snapshot(self) -> dict[str, Any]:
        """Return the metric and its cells as data that JSON holds."""
        spec = self.spec
        return {
            "kind": str(spec.kind),
            "help": spec.help,
            "labels": list(spec.labels),
            "bounds": list(spec.bounds),
            "merge": str(spec.merge),
            "cells": [[list(key), _value(cell)] for key, cell in self._cells.items()],
        }


def _value(cell: Counter | Gauge | Histogram) -> Any:
    return [cell.sum, list(cell.counts)] if isinstance(cell, Histogram) else cell.value


def _clean(value: str) -> str:
    """Return a value that UTF-8 can write and that is not endless."""
    return value[:MAX_LABEL_CHARACTERS].encode(errors="replace").decode()


class Registry:
    """The metrics of one process. Belongs to one event loop.

    Example:
        >>> registry = Registry()
        >>> spec = MetricSpec("requests_total", Kind.COUNTER, "Requests.", ("model",))
        >>> registry.counters(spec).labels("digits").inc()
        >>> registry.snapshot()["requests_total"]["cells"]
        [[['digits'], 1]]
    """

    def __init__(self) -> None:
        self._families: dict[str, Family[Any]] = {}
        self._collectors: list[Callable[[], None]] = []

    def counters(self, spec: MetricSpec) -> Family[Counter]:
        """Return the family of a counter."""
        return self._family(spec, Kind.COUNTER, Counter)

    def gauges(self, spec: MetricSpec) -> Family[Gauge]:
        """Return the family of a gauge."""
        return self._family(spec, Kind.GAUGE, Gauge)

    def histograms(self, spec: MetricSpec) -> Family[Histogram]:
        """Return the family of a histogram."""
        return self._family(spec, Kind.HISTOGRAM, partial(Histogram, spec.bounds))

    def _family(self, spec: MetricSpec, kind: Kind, make: Callable[[], Any]) -> Family[Any]:
        family = self._families.get(spec.name) or Family[Any](spec, make)
        if spec.kind is not kind or (family.spec is not spec and family.spec != spec):
            raise InvalidArgumentError(
                f"spec: {spec.name} must be a {kind} and stand for one metric; received {spec}, known is {family.spec}."
            )
        return self._families.setdefault(spec.name, family)

    def before_snapshot(self, collect: Callable[[], None]) -> None:
        """Have ``collect`` called before every snapshot, to set what nobody counts as it happens."""
        self._collectors.append(collect)

    def remove(self, **labels: str) -> None:
        """Forget, in every family that has all these labels, the cells with these values.

        Args:
            **labels: values by name.
        """
        for family in self._families.values():
            family.remove(**labels)

    def snapshot(self) -> Snapshot:
        """Return what all metrics hold now."""
        for collect in self._collectors:
            collect()
        self._count_overflows()
        return {name: family.snapshot() for name, family in self._families.items()}

    def _count_overflows(self) -> None:
        overflows: Mapping[str, int] = {name: family.refused for name, family in self._families.items()}
        for name, refused in overflows.items():
            if refused:
                self.counters(OVERFLOWS).labels(name).value = refused
