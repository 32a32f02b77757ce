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
    points = history_points({**snapshot, "models": kept})
    return {
        "offset": snapshot["offset"],
        "models": {name: _columns(found, snapshot["offset"]) for name, found in points.items()},
        "all": whole_columns(snapshot, model),
    }


def whole_columns(snapshot: dict[str, Any], model: str | None = None) -> dict[str, list[Any]]:
    """Return the columns of one model, or of all together.

    Args:
        snapshot: of ``History.snapshot`` or ``merge_histories``.
        model: the model; ``None`` for all.

    Example:
        >>> whole_columns({"offset": 0.0, "models": {"a": [[5, 1, 0, 0, 0, 0, 40, 1]]}, "errors": []}, "b")["second"]
        []
    """
    offset, models = snapshot["offset"], snapshot["models"]
    kept = models.values() if model is None else [models[model]] if model in models else []
    parts = [{"offset": offset, "models": {"": seconds}, "errors": []} for seconds in kept]
    whole = parts[0] if len(parts) == 1 else merge_histories(parts)
    return _columns(history_points({**whole, "offset": offset}).get("", ()), offset)


def _columns(points: Iterable[Point], offset: float) -> dict[str, list[Any]]:
    points = list(points)
    seconds = [round(point.time - offset) for point in points]
    return {"second": seconds, **{name: list(map(attrgetter(name), points)) for name in COLUMNS}}
