"""Metrics as text: Prometheus's format 0.0.4, and OpenMetrics for whoever asks for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from tenon.serving.telemetry._registry import Snapshot
from tenon.serving.telemetry._specs import Kind

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_VALUE_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
_TOTAL = "_total"


@dataclass(frozen=True)
class Exposition:
    """Metrics, ready to be sent.

    Args:
        content_type: for the header of that name.
        body: the text as UTF-8.
    """

    content_type: str
    body: bytes


def expose(snapshot: Snapshot, accept: str = "") -> Exposition:
    r"""Write metrics in the format that a scraper prefers.

    In OpenMetrics, counters whose names do not end in ``_total`` (TensorFlow Serving's) are of type ``unknown``, so
    that their names stay the same in both formats. Takes some milliseconds per thousand label sets; it needs nothing
    of the event loop and may run in a thread.

    Args:
        snapshot: of ``Registry.snapshot`` or ``merge_snapshots``.
        accept: the request's ``Accept`` header.

    Example:
        >>> cells = {"kind": "counter", "help": "Runs.", "labels": ["model"], "bounds": [], "cells": [[['a"b'], 2]]}
        >>> print(expose({"runs_total": cells}).body.decode(), end="")
        # HELP runs_total Runs.
        # TYPE runs_total counter
        runs_total{model="a\"b"} 2
    """
    openmetrics = _prefers_openmetrics(accept)
    lines: list[str] = []
    for name, family in snapshot.items():
        if family["cells"]:
            lines += _family(name, family, openmetrics)
    if openmetrics:
        lines.append("# EOF")
    lines.append("")
    return Exposition(OPENMETRICS_TYPE if openmetrics else TEXT_TYPE, "\n".join(lines).encode())


def _prefers_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics is asked for, and not less than plain text."""
    quality = dict(_quality(part) for part in accept.lower().split(","))
    openmetrics = quality.get("application/openmetrics-text", 0.0)
    return openmetrics > 0 and openmetrics >= quality.get("text/plain", 0.0)


def _quality(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    weights = [piece[2:] for piece in parameters if piece.startswith("q=")]
    try:
        return media_type, float(weights[0]) if weights else 1.0
    except ValueError:
        return media_type, 0.0


def _family(name: str, family: dict[str, Any], openmetrics: bool) -> Iterator[str]:
    shown, kind = name, family["kind"]
    if openmetrics and kind == Kind.COUNTER:
        shown, kind = (name.removesuffix(_TOTAL), kind) if name.endswith(_TOTAL) else (name, "unknown")
    yield f"# HELP {shown} {_escaped_help(family['help'], openmetrics)}"
    yield f"# TYPE {shown} {kind}"
    limits = _limits(family["bounds"], openmetrics) if kind == Kind.HISTOGRAM else []
    for values, value in family["cells"]:
        pairs = [_pair(key, text) for key, text in zip(family["labels"], values, strict=True)]
        if limits:
            yield from _histogram(name, ",".join(pairs), limits, *value)
        else:
            yield f"{name}{_braced(','.join(pairs))} {_number(value)}"


def _limits(bounds: list[float], openmetrics: bool) -> list[str]:
    """Return the end of every bucket's labels."""
    numbers = [repr(float(bound)) if openmetrics else f"{bound:g}" for bound in bounds]
    return [_pair("le", limit) + "}" for limit in (*numbers, "+Inf")]


def _escaped_help(text: str, openmetrics: bool) -> str:
    return text.translate(_VALUE_ESCAPES if openmetrics else _HELP_ESCAPES)


def _histogram(name: str, pairs: str, limits: list[str], total: float, counts: list[int]) -> Iterator[str]:
    begin = f"{name}_bucket{{{pairs}," if pairs else f"{name}_bucket{{"
    for limit, count in zip(limits, accumulate(counts), strict=True):
        yield f"{begin}{limit} {count}"
    yield f"{name}_sum{_braced(pairs)} {_number(total)}"
    yield f"{name}_count{_braced(pairs)} {sum(counts)}"


def _pair(key: str, text: str) -> str:
    return f'{key}="{text.translate(_VALUE_ESCAPES)}"'


def _braced(pairs: str) -> str:
    return f"{{{pairs}}}" if pairs else ""


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
