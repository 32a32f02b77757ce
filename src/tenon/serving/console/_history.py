"""The last seconds of models as columns of numbers, which plots take as they are."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from tenon.serving.telemetry import Point, history_points, merge_histories

COLUMNS = ("requests", "errors", "p50", "p95", "p99", "batches", "rows", "padding")


def history_columns(snapshot: dict[str, Any], model: str | None = None) -> dict[str, Any]:
    """Return columns by model, and for all models together.

    Takes some 10 us per second and model that had requests; it needs nothing of the event loop and may run in a thread.

    Args:
        snapshot: of ``History.snapshot`` or ``merge_histories``.
        model: leave out the others; ``None`` for every model.

    Returns:
        ``offset``, which makes seconds since 1970 of each ``second``; ``models``; and ``all``. Columns are as long as
        ``second``, which has only those seconds in which anything happened.

    Example:
        >>> snapshot = {"offset": 1000.0, "models": {"digits": [[5, 1, 0, 1, 1, 3, 40, 1]]}, "errors": []}
        >>> columns = history_columns(snapshot)
        >>> columns["all"]["second"], columns["models"]["digits"]["padding"]
        ([5], [3])
    """
    kept = {name: seconds for name, seconds in snapshot["models"].items() if model in (None, name)}
    offset = snapshot["offset"]
    parts = [{"offset": offset, "models": {"": seconds}, "errors": []} for seconds in kept.values()]
    whole = merge_histories(parts) if parts else {"offset": offset, "models": {}, "errors": []}
    return {
        "offset": offset,
        "models": {
            name: _columns(points, offset)
            for name, points in history_points({"offset": offset, "models": kept, "errors": []}).items()
        },
        "all": _columns(history_points(whole).get("", ()), offset),
    }


def _columns(points: Iterable[Point], offset: float) -> dict[str, list[Any]]:
    points = list(points)
    seconds = [round(point.time - offset) for point in points]
    return {"second": seconds, **{name: list(map(attrgetter(name), points)) for name in COLUMNS}}
