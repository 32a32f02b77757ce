"""Batches are counted: who waited how long, how many rows ran, how many of them for nobody."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tenon.serving.telemetry import _table as table
from tenon.serving.telemetry._cells import Histogram
from tenon.serving.telemetry._history import Series
from tenon.serving.telemetry._registry import Registry

_MICROSECONDS = 1e6


class BatchMetrics:
    """Counts the batches of one signature of one version.

    Args:
        registry: where the numbers live.
        series: the model's last ten minutes.
        labels: model, version, signature and engine.
        thread_pool_name: TensorFlow Serving's label of its queueing metric.

    Example:
        >>> from tenon.serving.telemetry import Registry
        >>> registry = Registry()
        >>> batches = BatchMetrics(registry, Series(), ("digits", "3", "serving_default", "xla"), "batch_threads")
        >>> batches.ran([0.001, 0.002], rows=3, padding_rows=1, run_seconds=0.004)
        >>> registry.snapshot()["tenon_serving_padding_rows_total"]["cells"][0][1]
        1
    """

    def __init__(
        self, registry: Registry, series: Series, labels: tuple[str, str, str, str], thread_pool_name: str
    ) -> None:
        self._registry, self._series = registry, series
        self._queue_seconds = registry.histograms(table.QUEUE_SECONDS).labels(*labels)
        self._run_seconds = registry.histograms(table.RUN_SECONDS).labels(*labels)
        self._rows = registry.histograms(table.BATCH_ROWS).labels(*labels)
        self._padding_rows = registry.counters(table.PADDING_ROWS).labels(*labels)
        self._queuing = registry.histograms(table.BATCH_QUEUING_LATENCY).labels(thread_pool_name)
        self._runs = registry.counters(table.BATCH_WRAPPED_RUN_COUNT).labels()
        self._processed_rows = registry.histograms(table.BATCH_PROCESSED_SIZE).labels()
        self._paddings: dict[int, Histogram] = {}

    def ran(self, queue_seconds: Sequence[float], rows: int, padding_rows: int, run_seconds: float) -> None:
        """Count a batch that has just run.

        Args:
            queue_seconds: for each of its requests how long it had waited.
            rows: rows of the batch without padding.
            padding_rows: rows of padding.
            run_seconds: how long it ran.
        """
        self._queue_seconds.observe_all(queue_seconds)
        self._queuing.observe_all([seconds * _MICROSECONDS for seconds in queue_seconds])
        self._run_seconds.observe(run_seconds)
        self._rows.observe(rows)
        self._padding_rows.value += padding_rows
        self._runs.value += 1
        self._processed_rows.observe(rows + padding_rows)
        self._padding_cell(rows + padding_rows).observe(padding_rows)
        self._series.batch(time.monotonic(), rows, padding_rows)

    def _padding_cell(self, size: int) -> Histogram:
        cell = self._paddings.get(size)
        if cell is None:
            cell = self._paddings[size] = self._registry.histograms(table.BATCH_PADDING_SIZE).labels(str(size))
        return cell
