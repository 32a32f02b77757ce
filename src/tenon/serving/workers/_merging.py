"""What several workers report of one server becomes one report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

Json = dict[str, Any]

_PROGRESS = ("START", "LOADING", "UNLOADING", "END", "AVAILABLE")
"""States, from the one that most speaks for itself: a version is AVAILABLE where it is so in every worker."""

_KEPT_DIFFERENCES = 32


def merge_models(reports: Sequence[list[Json]]) -> list[Json]:
    """Return one list of models.

    A version is in the state of the worker that is furthest behind, and has an error if any worker has one.

    Args:
        reports: of each worker, as ``Controls.models`` has them; at least one.

    Example:
        >>> version = {"version": 1, "state": "AVAILABLE", "error": None, "since": 5.0, "engines": {}}
        >>> model = {"name": "m", "versions": [version]}
        >>> behind = {"name": "m", "versions": [{**version, "state": "LOADING", "since": 9.0}]}
        >>> merge_models([[model], [behind]])[0]["versions"][0]["state"]
        'LOADING'
    """
    models: dict[str, list[Json]] = {}
    for model in (model for report in reports for model in report):
        models.setdefault(model["name"], []).append(model)
    return [{**models[name][0], "versions": _merge_versions(models[name])} for name in sorted(models)]


def _merge_versions(models: list[Json]) -> list[Json]:
    versions: dict[int, list[Json]] = {}
    for each in (each for model in models for each in model["versions"]):
        versions.setdefault(each["version"], []).append(each)
    return [_merge_version(versions[number]) for number in sorted(versions, reverse=True)]


def _merge_version(reports: list[Json]) -> Json:
    behind = min(reports, key=lambda report: _PROGRESS.index(report["state"]))
    error = next((report["error"] for report in reports if report["error"] is not None), None)
    engines = next((report["engines"] for report in reports if report["engines"]), behind["engines"])
    return {**behind, "error": error, "engines": engines}


def merge_traffic_status(reports: Sequence[Json]) -> Json:
    """Return one status of the rules: counts are added up, rollbacks are those of any worker.

    Args:
        reports: of each worker, as ``Router.status`` has them; at least one.
    """
    models = [report["models"] for report in reports]
    return {
        **reports[0],
        "models": {name: _merge_counted([each[name] for each in models if name in each]) for name in models[0]},
        "rollbacks": _distinct(event for report in reports for event in report["rollbacks"]),
        "history": _distinct(event for report in reports for event in report["history"]),
    }


def merge_shadows(reports: Sequence[Json]) -> Json:
    """Return what the shadows of all workers found.

    Args:
        reports: of each worker, as ``ShadowRunner.status`` has them.
    """
    merged: Json = {}
    for model, versions in ((model, versions) for report in reports for model, versions in report.items()):
        known = merged.setdefault(model, {})
        for number, found in versions.items():
            known[number] = _merge_counted([known[number], found]) if number in known else found
    return merged


def _merge_counted(reports: list[Any]) -> Any:
    """Add up what are counts; what is no count is the same in all workers, but for what they saw last."""
    first = reports[0]
    if isinstance(first, dict):
        merged = {key: _merge_member(key, [each[key] for each in reports if key in each]) for key in first}
        if merged.get("requests") and "error_rate" in merged:
            merged["error_rate"] = merged["errors"] / merged["requests"]
        return merged
    if isinstance(first, list):
        return [_merge_counted(list(parts)) for parts in zip(*reports, strict=False)]
    return first


def _merge_member(key: str, values: list[Any]) -> Any:
    merge = _MEMBERS.get(key, _merge_counted)
    known = [value for value in values if value is not None]
    return merge(known) if known else None


def _latest(reports: list[list[Any]]) -> list[Any]:
    return [finding for report in reports for finding in report][-_KEPT_DIFFERENCES:]


def _distinct(events: Iterable[Json]) -> list[Json]:
    """Return each rollback once; the others were told of it by the worker that decided."""
    known = {(event["model"], event["version"], event["time"]): event for event in events}
    return sorted(known.values(), key=lambda event: float(event["time"]))


_COUNTS = ("routed", "diverted", "latest", "requests", "errors", "agree", "differ", "error", "dropped")
_MEMBERS: dict[str, Callable[[list[Any]], Any]] = {
    **dict.fromkeys(_COUNTS, sum),
    "latency_seconds": max,
    "recent": _latest,
    "aliases": itemgetter(0),  # its keys are names, which may be those of counts
}
