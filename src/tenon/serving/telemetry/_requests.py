"""The life of a request, as told by whoever leads it, becomes metrics, history and a trace."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tenon.base import Code
from tenon.serving.servables import RunTimes, ServableId
from tenon.serving.telemetry import _table as table
from tenon.serving.telemetry._cells import Counter, Gauge, Histogram
from tenon.serving.telemetry._history import CLIENT_MISTAKES, History, RecentError, Series, error_text
from tenon.serving.telemetry._names import ModelNames
from tenon.serving.telemetry._registry import Registry
from tenon.serving.telemetry._trace import RequestTrace
from tenon.serving.telemetry._tracing import Tracer

_MICROSECONDS = 1e6
_MULTI_INFERENCE = "MultiInference"
_INFERENCE = frozenset({"predict", "classify", "regress", "infer", "modelinfer"})
"""What TensorFlow Serving measures, and what the Open Inference Protocol calls the same; in lower case."""


_PENDING = 64
"""Requests of one outcome that are counted together: a third of the price of counting each when it ends."""


@dataclass(frozen=True, slots=True)
class _Target:
    """What requests of one endpoint to one signature of one version write to."""

    labels: tuple[str, str, str, str]
    version: int | None
    runtime: Histogram | None
    input_rows: Histogram
    series: Series
    outcomes: dict[int, _Outcome]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The cells of one code of one target, and requests that are to be counted in them.

    A pending request is its seconds, those of its run (``None`` where nothing ran) and its rows.
    """

    target: _Target
    requests: Counter
    seconds: Histogram
    tensorflow_requests: Counter
    tensorflow_latency: Histogram | None
    failed: bool
    pending: list[tuple[float, float | None, int]] = field(default_factory=list)

    def count(self) -> None:
        """Count what is pending; before anybody looks at the cells."""
        if not self.pending:
            return
        seconds = [each[0] for each in self.pending]
        runs = [each for each in self.pending if each[1] is not None]
        self.pending.clear()
        self.requests.value += len(seconds)
        self.tensorflow_requests.value += len(seconds)
        self.seconds.observe_all(seconds)
        if self.tensorflow_latency is not None:
            self.tensorflow_latency.observe_all([each * _MICROSECONDS for each in seconds])
        if self.target.runtime is not None:
            self.target.runtime.observe_all([each[1] * _MICROSECONDS for each in runs if each[1] is not None])
        self.target.input_rows.observe_all([each[2] for each in runs])


class Endpoint:
    """Where requests of one API over one protocol begin.

    Args:
        registry: where the numbers live.
        history: where the last ten minutes live.
        names: which models are known.
        tracer: where sampled requests are traced; ``None`` when nobody traces.
        api: what is asked for; TensorFlow Serving writes it as its gRPC method, and in lower case over REST.
        protocol: ``GRPC`` or ``REST``, or what else there may be.
    """

    def __init__(
        self, registry: Registry, history: History, names: ModelNames, tracer: Tracer | None, api: str, protocol: str
    ) -> None:
        self.registry, self.history, self.names, self.tracer = registry, history, names, tracer
        self.api, self.protocol = api, protocol
        self._measured = api.lower() in _INFERENCE
        self._counted = self._measured or protocol != "GRPC"
        self._targets: dict[tuple[str, int | None, str], _Target] = {}
        self._in_flight: dict[str, Gauge] = {}
        registry.before_snapshot(self._count)

    def _count(self) -> None:
        """Count what has ended; the cells then hold all of it."""
        for target in self._targets.values():
            for outcome in target.outcomes.values():
                outcome.count()

    def start(self, traceparent: str | None = None) -> RequestObservation:
        """Say that a request has arrived, in the task that answers it.

        Args:
            traceparent: its header or metadata of that name (W3C Trace Context), as it came; needed only if there is a
                ``tracer``.

        Returns:
            What to tell the rest of its life.
        """
        return RequestObservation(self, None if self.tracer is None else self.tracer.begin(traceparent))

    def forget(self, id_: ServableId) -> None:
        """Forget what was looked up for a version that is gone."""
        self._count()
        for key in [key for key in self._targets if key[:2] == (id_.name, id_.version)]:
            del self._targets[key]

    def in_flight(self, model: str) -> Gauge:
        """Return the gauge of a model's requests in flight."""
        gauge = self._in_flight.get(model)
        if gauge is None:
            label = self.names.label(model)  # one for all of too many strangers: no more than the labels is kept
            gauge = self._in_flight.get(label) or self.registry.gauges(table.REQUESTS_IN_FLIGHT).labels(label)
            self._in_flight[label] = gauge
        return gauge

    def target(self, id_: ServableId | None, model: str, signature: str, engine: str) -> _Target:
        """Return the cells for requests to one signature, looking them up at the first of them."""
        name, version = (self.names.label(model), None) if id_ is None else (id_.name, id_.version)
        found = self._targets.get((name, version, signature))
        if found is None:
            found = self._targets[name, version, signature] = self._new_target(name, version, signature, engine)
        return found

    def _new_target(self, name: str, version: int | None, signature: str, engine: str) -> _Target:
        input_rows = self.registry.histograms(table.BATCH_INPUT_SIZE).labels()
        if version is None:  # nobody was found to answer: the console plots no strangers
            return _Target((name, "", "", ""), None, None, input_rows, Series(), {})
        self.names.serves(name)
        runtime = None
        if self._measured:
            runtime = self.registry.histograms(table.RUNTIME_LATENCY).labels(name, self.api, "TF1")
        labels = (name, str(version), signature, engine)
        return _Target(labels, version, runtime, input_rows, self.history.series(name), {})

    def outcome(self, target: _Target, code: Code) -> _Outcome:
        """Return the cells of one code of a target, looking them up at its first request with that code."""
        registry, name = self.registry, target.labels[0]
        latency = None
        if code is Code.OK and self._measured:
            latency = registry.histograms(table.REQUEST_LATENCY).labels(name, self.api, self.protocol)
        made = target.outcomes[code] = _Outcome(
            target,
            registry.counters(table.REQUESTS).labels(*target.labels, self.api, self.protocol, code.name),
            registry.histograms(table.REQUEST_SECONDS).labels(*target.labels, code.name),
            registry.counters(table.REQUEST_COUNT).labels(name, code.name) if self._counted else Counter(),
            latency,
            code not in CLIENT_MISTAKES,
        )
        return made


class RequestObservation:
    """One request, from its arrival to its answer.

    Call order: ``admitted`` when it is known whom it asks and nobody refused, ``chose`` when a version and a signature
    were found, ``finish`` once, whatever happened. The first two may be left out.

    Args:
        endpoint: where it began.
        trace: what is remembered for its trace; ``None`` where it is not traced.

    Attributes:
        started: when it arrived, by ``time.monotonic``.
        times: what its run took, by the same clock; set it before ``finish``.
        rows: how many rows it has; set it before ``finish``.
    """

    __slots__ = ("_endpoint", "_engine", "_id", "_in_flight", "_signature", "rows", "started", "times", "trace")

    def __init__(self, endpoint: Endpoint, trace: RequestTrace | None) -> None:
        self.started = time.monotonic()
        self.trace = trace
        self.times: RunTimes | None = None
        self.rows = 0
        self._endpoint: Endpoint | None = endpoint
        self._in_flight: Gauge | None = None
        self._id: ServableId | None = None
        self._signature = self._engine = ""

    @property
    def trace_id(self) -> str:
        """The trace's id, 32 hexadecimal digits; empty where the request is not traced."""
        return "" if self.trace is None else self.trace.trace_id

    def admitted(self, model: str) -> None:
        """Say that nobody refused the request; from then on it is in flight.

        Args:
            model: whom the client asks.
        """
        if self._endpoint is not None and self._in_flight is None:
            self._in_flight = self._endpoint.in_flight(model)
            self._in_flight.value += 1

    def chose(self, id_: ServableId, signature: str, engine: str = "") -> None:
        """Say who answers.

        Args:
            id_: the version.
            signature: the signature's name, which the version has; empty where none runs.
            engine: what computes it.
        """
        self._id, self._signature, self._engine = id_, signature, engine

    def finish(self, code: int = 0, message: str = "", model: str = "") -> None:
        """Say that the request was answered; a second call counts nothing.

        Args:
            code: the canonical code of the answer (``tenon.base.Code``).
            message: the error's text, for the list of recent errors.
            model: whom the client asked, where nobody was chosen.
        """
        endpoint, now = self._endpoint, time.monotonic()
        if endpoint is None:
            return
        self._endpoint = None
        target = endpoint.target(self._id, model, self._signature, self._engine)
        outcome = target.outcomes.get(code) or endpoint.outcome(target, Code(code))
        seconds = now - self.started
        if self._in_flight is not None:
            self._in_flight.value -= 1
        times, pending = self.times, outcome.pending
        pending.append((seconds, times.ended - times.queued if times is not None and times.ended else None, self.rows))
        if len(pending) >= _PENDING:
            outcome.count()
        target.series.request(now, seconds, outcome.failed)
        if code or self.trace is not None or endpoint.api == _MULTI_INFERENCE:
            self._tell_more(endpoint, target, Code(code), message, now)

    def _tell_more(self, endpoint: Endpoint, target: _Target, code: Code, message: str, now: float) -> None:
        """Do what few requests need: remember an error, count examples, hand over a trace."""
        model = target.labels[0]
        if code:
            text = error_text(message)
            endpoint.history.error(
                RecentError(time.time(), model, target.version, endpoint.api, code.name, text, self.trace_id)
            )
        elif endpoint.api == _MULTI_INFERENCE:
            endpoint.registry.histograms(table.REQUEST_EXAMPLE_COUNTS).labels(model).observe(self.rows)
            endpoint.registry.counters(table.REQUEST_EXAMPLE_COUNT_TOTAL).labels(model).inc(self.rows)
        if self.trace is not None and self.trace.sampled and endpoint.tracer is not None:
            endpoint.tracer.end(self._told(self.trace, endpoint, target, code, now))

    def _told(self, trace: RequestTrace, endpoint: Endpoint, target: _Target, code: Code, now: float) -> RequestTrace:
        trace.name, trace.protocol = endpoint.api, endpoint.protocol
        trace.model, trace.version, trace.signature, trace.engine = target.labels
        trace.rows, trace.code = self.rows, code
        trace.started, trace.ended, trace.times = self.started, now, self.times
        return trace
