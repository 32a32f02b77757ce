"""Batches are counted: who waited how long, how many rows ran, how many of them for nobody."""

from __future__ import annotations

from collections.abc import Iterable

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
        >>> batches.ran([(0.001, 1), (0.002, 2)], rows=3, padding=1, run_seconds=0.004, ended=7.5)
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
        self._input_rows = registry.histograms(table.BATCH_INPUT_SIZE).labels()
        self._processed_rows = registry.histograms(table.BATCH_PROCESSED_SIZE).labels()
        self._paddings: dict[int, Histogram] = {}

    def ran(
        self, tasks: Iterable[tuple[float, int]], rows: int, padding: int, run_seconds: float, ended: float
    ) -> None:
        """Count a batch that ran.

        Args:
            tasks: for each of its requests how many seconds it waited, and its rows.
            rows: rows of the batch without padding.
            padding: rows of padding.
            run_seconds: how long it ran.
            ended: when it had run, by ``time.monotonic``.
        """
        for seconds, task_rows in tasks:
            self._queue_seconds.observe(seconds)
            self._queuing.observe(seconds * _MICROSECONDS)
            self._input_rows.observe(task_rows)
        self._run_seconds.observe(run_seconds)
        self._rows.observe(rows)
        self._padding_rows.value += padding
        self._runs.value += 1
        self._processed_rows.observe(rows + padding)
        self._padding_cell(rows + padding).observe(padding)
        self._series.batch(ended, rows, padding)

    def _padding_cell(self, size: int) -> Histogram:
        cell = self._paddings.get(size)
        if cell is None:
            cell = self._paddings[size] = self._registry.histograms(table.BATCH_PADDING_SIZE).labels(str(size))
        return cell
