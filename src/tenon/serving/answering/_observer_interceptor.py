"""The observer of telemetry, told of every request."""

from __future__ import annotations

from collections.abc import Mapping

from tenon.base import Code, TenonError
from tenon.serving.answering._call import Call
from tenon.serving.answering._pipeline import Interceptor
from tenon.serving.telemetry import LoggedRequest, LogKind, Observer, Refusal, RequestLog

REFUSALS: Mapping[Code, Refusal] = {
    Code.UNAUTHENTICATED: Refusal.UNAUTHENTICATED,
    Code.PERMISSION_DENIED: Refusal.PERMISSION_DENIED,
    Code.RESOURCE_EXHAUSTED: Refusal.RATE_LIMIT,
    Code.UNAVAILABLE: Refusal.QUEUE_FULL,
    Code.DEADLINE_EXCEEDED: Refusal.DEADLINE,
}
"""What refused a request, by the code of its answer."""


class ObserverInterceptor(Interceptor):
    """Count and trace every request, and log a sample of them.

    Args:
        observer: counts and traces.
        log: keeps samples; ``None`` for none.
    """

    def __init__(self, observer: Observer, log: RequestLog | None = None) -> None:
        self._observer, self._log = observer, log

    def begin(self, call: Call) -> None:
        """Start the clock, and the trace if this request has one."""
        traceparent = None if self._observer.tracer is None else call.header("traceparent")
        call.observation = self._observer.endpoint(call.api, call.protocol).start(traceparent)

    def admit(self, call: Call) -> None:
        """Count it as in flight."""
        if call.observation is not None and call.request is not None:
            call.observation.admitted(call.request.name)

    def finish(self, call: Call, error: TenonError | None) -> None:
        """Count how it ended."""
        seen = call.observation
        if seen is None:
            return
        model = "" if call.request is None else call.request.name
        if call.id is not None:
            seen.chose(call.id, call.signature_name, call.engine)
            seen.times, seen.rows = call.times, call.rows
        if error is None:
            seen.finish()
            self._sample(call)
        else:
            seen.finish(error.code, error.message, model)
            if error.code in REFUSALS:
                self._observer.refused(model, REFUSALS[error.code])

    def _sample(self, call: Call) -> None:
        if self._log is None or call.id is None or not call.signature_name or not self._log.samples(call.id.name):
            return
        kind, request, response = call.exchange or (LogKind.PREDICT, call.inputs, call.outputs)
        self._log.offer(LoggedRequest(call.id, call.signature_name, kind, request, response))
