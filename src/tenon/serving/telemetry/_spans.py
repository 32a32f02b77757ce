"""A request that was answered becomes OpenTelemetry spans: the request, and in it queue, pad, run and encode."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from typing import Any

from tenon.base import Code
from tenon.serving.telemetry._trace import RequestTrace

_NANOSECONDS = 1_000_000_000
_SCOPE = "tenon.serving"


class SpanFactory:
    """Makes spans with the OpenTelemetry SDK, which must be installed.

    Args:
        service_name: the resource's ``service.name``.
    """

    def __init__(self, service_name: str) -> None:
        self._api: Any = importlib.import_module("opentelemetry.trace")
        sdk: Any = importlib.import_module("opentelemetry.sdk.trace")
        resources: Any = importlib.import_module("opentelemetry.sdk.resources")
        instrumentation: Any = importlib.import_module("opentelemetry.sdk.util.instrumentation")
        self._make = sdk.ReadableSpan
        self._resource = resources.Resource.create({"service.name": service_name})
        self._scope = instrumentation.InstrumentationScope(_SCOPE)

    def spans(self, trace: RequestTrace) -> list[Any]:
        """Return the spans of a request, its own first."""
        trace_id = int(trace.trace_id, 16)
        parent = None
        if trace.parent is not None:
            parent = self._context(trace_id, int(trace.parent.span_id, 16), is_remote=True)
        context = self._context(trace_id)
        request = self._span(
            f"{_SCOPE}/{trace.name}",
            *(trace, trace.started, trace.ended, context, parent, _attributes(trace)),
            kind=self._api.SpanKind.SERVER,
            status=self._status(trace.code),
        )
        children = [
            self._span(name, trace, start, end, self._context(trace_id), context, attributes)
            for name, start, end, attributes in _phases(trace)
        ]
        return [request, *children]

    def _context(self, trace_id: int, span_id: int | None = None, is_remote: bool = False) -> Any:
        span_id = random.getrandbits(64) | 1 if span_id is None else span_id
        return self._api.SpanContext(trace_id, span_id, is_remote, self._api.TraceFlags(self._api.TraceFlags.SAMPLED))

    def _status(self, code: Code) -> Any:
        codes = self._api.StatusCode
        return self._api.Status(codes.UNSET) if code is Code.OK else self._api.Status(codes.ERROR, code.name)

    def _span(
        self,
        name: str,
        trace: RequestTrace,
        start: float,
        end: float,
        context: Any,
        parent: Any,
        attributes: dict[str, str | int],
        **more: Any,
    ) -> Any:
        return self._make(
            name=name,
            context=context,
            parent=parent,
            resource=self._resource,
            instrumentation_scope=self._scope,
            attributes=attributes,
            start_time=int((start + trace.epoch) * _NANOSECONDS),
            end_time=int((end + trace.epoch) * _NANOSECONDS),
            **more,
        )


def _attributes(trace: RequestTrace) -> dict[str, str | int]:
    return {
        "tenon.model": trace.model,
        "tenon.version": trace.version,
        "tenon.signature": trace.signature,
        "tenon.engine": trace.engine,
        "tenon.protocol": trace.protocol,
        "tenon.rows": trace.rows,
        "tenon.code": trace.code.name,
    }


def _phases(trace: RequestTrace) -> Iterator[tuple[str, float, float, dict[str, str | int]]]:
    """Yield name, begin, end and attributes of the phases that the request has reached."""
    times = trace.times
    if times is not None and times.ended:
        closed = times.closed or times.started
        yield "queue", times.queued, closed, {}
        if times.closed:
            yield "pad", closed, times.started, {"tenon.padding_rows": times.padding_rows}
        yield "run", times.started, times.ended, {"tenon.batch_rows": times.batch_rows}
        yield "encode", times.ended, trace.ended, {}
