"""Sampled requests reach a real collector over HTTP, and a slow one costs only traces."""

import contextvars
import gzip
import http.server
import threading

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tenon.base import Code, InvalidArgumentError
from tenon.serving.servables import RunTimes, ServableId
from tenon.serving.telemetry import (
    History,
    Observer,
    OtlpExporter,
    Registry,
    TraceExporter,
    Tracer,
    current_trace_id,
)

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}"


class Collector(http.server.ThreadingHTTPServer):
    """Decodes what is posted to it."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1/traces"

    @property
    def spans(self):
        scopes = [scope for request in self.requests for group in request.resource_spans for scope in group.scope_spans]
        return [span for scope in scopes for span in scope.spans]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200 if self.path == "/v1/traces" else 404)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def collector():
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Gate(TraceExporter):
    """A collector that is as slow as a test likes."""

    def __init__(self, arrived: bool = True):
        self.open, self.entered, self.arrived = threading.Event(), threading.Event(), arrived
        self.traces = []

    def export(self, traces):
        self.entered.set()
        self.open.wait(60)
        self.traces += traces
        return self.arrived

    def close(self):
        self.open.set()


def serve(tracer: Tracer, traceparent: str | None = None, code: Code = Code.OK) -> Observer:
    observer = Observer(Registry(), History(), tracer)

    def answer():
        request = observer.endpoint("Predict", "GRPC").start(traceparent)
        request.chose(ServableId("digits", 3), "serving_default", "xla")
        times, start = RunTimes(), request.started - 1
        times.queued, times.closed, times.started, times.ended = start + 0.1, start + 0.2, start + 0.3, start + 0.4
        times.batch_rows, times.padding_rows = 8, 3
        request.times, request.rows = times, 5
        request.finish(code, "message")

    contextvars.copy_context().run(answer)
    return observer


def attributes(span):
    return {item.key: item.value.string_value or item.value.int_value for item in span.attributes}


def test_a_request_is_a_span_with_its_phases_as_children(collector):
    tracer = Tracer(OtlpExporter(collector.url, "my_service"), 1.0)
    serve(tracer)
    tracer.close()
    assert tracer.counts() == {"exported": 1, "dropped": 0, "failed": 0}
    request, *phases = collector.spans
    assert request.name == "tenon.serving/Predict"
    assert attributes(request) == {
        "tenon.model": "digits",
        "tenon.version": "3",
        "tenon.signature": "serving_default",
        "tenon.engine": "xla",
        "tenon.protocol": "GRPC",
        "tenon.rows": 5,
        "tenon.code": "OK",
    }
    assert [span.name for span in phases] == ["queue", "pad", "run", "encode"]
    assert {span.parent_span_id for span in phases} == {request.span_id}
    assert {span.trace_id for span in phases} == {request.trace_id}
    assert len({span.span_id for span in collector.spans}) == 5
    queue, pad, run, _ = phases
    lengths = [(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9 for span in (queue, pad, run)]
    assert lengths == pytest.approx([0.1, 0.1, 0.1], abs=1e-5)
    assert attributes(pad) == {"tenon.padding_rows": 3}
    assert attributes(run) == {"tenon.batch_rows": 8}
    resource = collector.requests[0].resource_spans[0].resource
    assert {item.key: item.value.string_value for item in resource.attributes}["service.name"] == "my_service"


def test_a_sampled_parent_is_continued_whatever_the_rate(collector):
    tracer = Tracer(OtlpExporter(collector.url), 0.0)
    serve(tracer, f"{PARENT}-01")
    tracer.close()
    request = collector.spans[0]
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, SPAN)


def test_an_error_is_the_spans_status(collector):
    tracer = Tracer(OtlpExporter(collector.url), 1.0)
    serve(tracer, code=Code.UNAVAILABLE)
    tracer.close()
    status = collector.spans[0].status
    assert (status.code, status.message) == (status.STATUS_CODE_ERROR, "UNAVAILABLE")


def test_a_collector_that_refuses_costs_traces_that_are_counted(collector):
    tracer = Tracer(OtlpExporter(collector.url + "/nowhere"), 1.0)
    observer = serve(tracer)
    tracer.close()
    cells = observer.registry.snapshot()["tenon_serving_traces_total"]["cells"]
    assert cells == [[["exported"], 0], [["dropped"], 0], [["failed"], 1]]


def test_a_parent_that_is_not_sampled_is_respected():
    gate = Gate()
    tracer = Tracer(gate, 1.0)
    serve(tracer, f"{PARENT}-00")
    gate.open.set()
    tracer.close()
    assert gate.traces == []


@pytest.mark.parametrize("traceparent", [None, "nonsense"])
def test_the_rate_decides_about_requests_without_a_parent(traceparent):
    always, never = Tracer(Gate(), 1.0), Tracer(Gate(), 0.0)
    for _ in range(100):
        assert contextvars.copy_context().run(always.begin, traceparent).sampled
        assert never.begin(traceparent) is None
    always.close()
    never.close()


def test_a_slow_collector_costs_traces_and_no_time():
    gate = Gate()
    tracer = Tracer(gate, 1.0, max_queued=10, export_seconds=0.01)
    serve(tracer)
    assert gate.entered.wait(60)  # one trace is being sent, for as long as we like
    for _ in range(100):
        serve(tracer)
    assert tracer.counts() == {"exported": 0, "dropped": 90, "failed": 0}
    gate.open.set()
    tracer.close()
    assert tracer.counts() == {"exported": 11, "dropped": 90, "failed": 0}


def test_a_collector_that_hangs_does_not_hinder_the_end():
    gate = Gate()
    tracer = Tracer(gate, 1.0, export_seconds=0.01)
    serve(tracer)
    assert gate.entered.wait(60)
    tracer.close(timeout=0.01)
    assert gate.open.is_set()


def test_traces_after_the_end_are_dropped():
    gate = Gate()
    gate.open.set()
    tracer = Tracer(gate, 1.0)
    tracer.close()
    serve(tracer)
    assert tracer.counts()["dropped"] == 1


class _Broken(TraceExporter):
    def export(self, traces):
        raise RuntimeError("a bug")

    def close(self):
        pass


def test_an_exporter_that_breaks_does_not_end_the_thread(caplog):
    tracer = Tracer(_Broken(), 1.0)
    serve(tracer)
    tracer.close()
    assert tracer.counts()["failed"] == 1
    assert caplog.text.count("traces cannot be exported") == 1
    assert "a bug" in caplog.text


def test_log_records_of_a_traced_request_know_its_trace():
    tracer = Tracer(_Broken(), 0.0)

    def begin():
        tracer.begin(f"{PARENT}-00")
        return current_trace_id.get()

    assert contextvars.copy_context().run(begin) == TRACE
    assert current_trace_id.get() == ""
    tracer.close()


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_is_a_share(rate):
    with pytest.raises(InvalidArgumentError, match="trace_sampling_rate: must lie between 0 and 1"):
        Tracer(_Broken(), rate)
