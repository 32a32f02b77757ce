"""Probes for whoever restarts servers and sends them traffic: alive, started, ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tenon.base import NotFoundError, TenonError
from tenon.serving.http import JSON_HEADERS, HttpApi, HttpRequest, Response, error_body, http_status

LIVE, STARTED, READY = "/livez", "/startupz", "/readyz"
"""Kubernetes' own words for the three probes."""


class ProbeApi(HttpApi):
    """Answer ``/livez``, ``/startupz`` and ``/readyz``: 200 for yes, 503 for no.

    They ask for no credentials, for whoever probes has none, and tell nothing of the models.

    Args:
        started: whether every model has been loaded, or has failed, once.
        ready: whether requests are welcome now.

    Example:
        >>> import asyncio
        >>> api = ProbeApi(lambda: True, lambda: False)
        >>> [asyncio.run(api.respond(HttpRequest.of("GET", path))).status for path in (LIVE, STARTED, READY)]
        [200, 200, 503]
    """

    def __init__(self, started: Callable[[], bool], ready: Callable[[], bool]) -> None:
        self._probes: Mapping[str, Callable[[], bool]] = {LIVE: lambda: True, STARTED: started, READY: ready}

    def handles(self, path: str) -> bool:
        """Tell whether a path is one of the three."""
        return path in self._probes

    async def respond(self, request: HttpRequest) -> Response:
        """Ask the probe; any verb will do."""
        probe = self._probes.get(request.path)
        if probe is None:
            return self.error(NotFoundError(f"no probe at {request.path}; there are {', '.join(self._probes)}."))
        return Response(200, JSON_HEADERS, b'{"ok":true}') if probe() else Response(503, JSON_HEADERS, b'{"ok":false}')

    def error(self, error: TenonError) -> Response:
        """Return the error in JSON."""
        return Response(http_status(error), JSON_HEADERS, error_body(error.message))
