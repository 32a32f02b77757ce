"""Metrics for Prometheus, on the port of the models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic

from tenon.base import InvalidArgumentError, TenonError
from tenon.serving.answering import Call, Pipeline, Protocol
from tenon.serving.http import JSON_HEADERS, HttpApi, HttpRequest, Response, error_body, error_headers, http_status
from tenon.serving.telemetry import Exposition, Snapshot, expose


class MetricsApi(HttpApi):
    """Answer one path with all metrics, in the format that the client accepts.

    Args:
        path: the path, such as TensorFlow Serving's ``/monitoring/prometheus/metrics``.
        pipeline: the gate stands in it.
        snapshot: returns the numbers of now, perhaps of several processes.
    """

    def __init__(self, path: str, pipeline: Pipeline, snapshot: Callable[[], Awaitable[Snapshot]]) -> None:
        self._path, self._pipeline, self._snapshot = path, pipeline, snapshot

    def handles(self, path: str) -> bool:
        """Tell whether it is the path."""
        return path == self._path

    async def respond(self, request: HttpRequest) -> Response:
        """Return the metrics; a query string is refused, as in TensorFlow Serving."""
        now = monotonic()
        call = Call(Protocol.REST, "metrics", request.headers.get, now, request.deadline, remote=request.remote)
        try:
            exposition = await self._pipeline.answer(call, partial(self._expose, call, request))
        except TenonError as error:
            return self.error(error)
        return Response(200, [("Content-Type", exposition.content_type)], exposition.body)

    async def _expose(self, call: Call, request: HttpRequest) -> Exposition:
        self._pipeline.admit_to_server(call)
        if request.query:
            raise InvalidArgumentError(f"Unexpected path: {request.path}?{request.query}. Ask without a query string.")
        return expose(await self._snapshot(), request.headers.get("accept") or "")

    def error(self, error: TenonError) -> Response:
        """Return the error in JSON."""
        return Response(http_status(error), JSON_HEADERS + error_headers(error), error_body(error.message))
