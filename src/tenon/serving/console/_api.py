"""The admin API, without a web server: one request in, one response out."""

from __future__ import annotations

import logging
from collections.abc import Collection

from tenon.base import InternalError, TenonError
from tenon.serving.console._audited import REQUEST_ID_HEADER, audited
from tenon.serving.console._controls import Controls
from tenon.serving.console._guard import check_host, check_origin
from tenon.serving.console._operations import FRESH_JSON, Asked, Operations
from tenon.serving.console._routes import MethodNotAllowedError, action_of, find_route
from tenon.serving.console._static import serve_file, static_files
from tenon.serving.http import HttpApi, HttpRequest, Response, error_body, error_headers, http_status
from tenon.serving.security import Gate, Identity

DEFAULT_MAX_BODY_BYTES = 16 * 2**20

_LOGGER = logging.getLogger(__name__)


class AdminApi(HttpApi):
    """Answer the admin API, its page and its descriptions.

    ``/openapi.json`` has every operation. All but the page, its files and the descriptions ask the gate for the scope
    ``admin``, ``/metrics`` for ``metrics``, and a change leaves a line of its own in the audit. Where nobody has to
    prove who they are, only requests to a known ``Host`` are answered, and changes only when no foreign page can have
    sent them. Belongs to the event loop of its controls.

    Args:
        controls: what is shown and changed.
        gate: who may; ``None`` for everybody.
        hosts: names, besides those of the loopback, by which clients without credentials may call this port.
        max_body_bytes: a larger body is refused.

    Example:
        >>> import asyncio
        >>> from tenon.serving.http import HttpServer
        >>> from tenon.serving.rest import ProbeApi
        >>> def admin_server(controls: Controls, gate: Gate) -> HttpServer:
        ...     probes = ProbeApi(lambda: True, lambda: True)
        ...     return HttpServer([probes, AdminApi(controls, gate=gate)], max_request_bytes=DEFAULT_MAX_BODY_BYTES)
    """

    def __init__(
        self,
        controls: Controls,
        *,
        gate: Gate | None = None,
        hosts: Collection[str] = (),
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    ) -> None:
        self._operations = Operations(controls)
        self._gate = gate
        self._is_open = gate is None or not gate.authenticates
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)
        self._max_body_bytes = max_body_bytes
        self._files = static_files()

    def handles(self, path: str) -> bool:
        """Take every path."""
        return bool(path)

    async def respond(self, request: HttpRequest) -> Response:
        """Answer one request; never raises for anything that a client sends.

        Args:
            request: the request.

        Returns:
            The response. An error is ``{"error": text}`` with the status of ``http_status``, or 405 for a verb that
            the path does not take; what went wrong inside the server is logged and not told.
        """
        try:
            if self._is_open:
                check_host(request.headers.get("host") or "", self._hosts)
            if request.method in ("GET", "HEAD") and (file := self._files.get(request.path)):
                return serve_file(file, request)
            return await self._admitted(request)
        except TenonError as error:
            return self.error(error)
        except Exception:
            _LOGGER.exception("%s %s failed", request.method, request.path)
            return self.error(InternalError("Internal error. The server's log has the details."))

    def error(self, error: TenonError) -> Response:
        """Return ``{"error": text}`` with the error's status."""
        if isinstance(error, MethodNotAllowedError):
            return Response(405, [*FRESH_JSON, ("Allow", ", ".join(error.allowed))], error_body(error.message))
        return Response(http_status(error), FRESH_JSON + error_headers(error), error_body(error.message))

    async def _admitted(self, request: HttpRequest) -> Response:
        """Ask the gate before anything else, so that strangers learn nothing but that they are."""
        gate, get = self._gate, request.headers.get
        if gate is None:
            return await self._routed(request, None)
        action, request_id = action_of(request.path), get(REQUEST_ID_HEADER) or ""
        with gate.admit(action, "", get, protocol="REST", remote=request.remote, request_id=request_id) as admission:
            return await self._routed(request, admission.identity)

    async def _routed(self, request: HttpRequest, identity: Identity | None) -> Response:
        route, parameters = find_route(request.method, request.path)
        asked = Asked(request, parameters, self._max_body_bytes)
        if route.changes and self._is_open:
            check_origin(request)
        if not route.changes or self._gate is None or identity is None:
            return await self._operations.answer(route, asked)
        with audited(self._gate, identity, route.name, request, parameters):
            return await self._operations.answer(route, asked)
