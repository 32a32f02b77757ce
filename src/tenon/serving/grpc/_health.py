"""The standard health service of gRPC: who asks learns, who watches is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping

from tenon.base import NotFoundError, UnavailableError
from tenon.formats import message_class
from tenon.serving.grpc._parsing import parsed
from tenon.serving.http2 import CallContext, Streaming, Unary

HEALTH_SERVICES = ("", "ModelService", "PredictionService")
"""The names under which the health service tells whether the server is serving, as in TensorFlow Serving."""

_Request = message_class("grpc.health.v1.HealthCheckRequest")
_Response = message_class("grpc.health.v1.HealthCheckResponse")
_ListResponse = message_class("grpc.health.v1.HealthListResponse")


class Health:
    """Whether the services of a server are ready; belongs to one event loop.

    Args:
        services: the names that are known; all of them are NOT_SERVING at first.

    Example:
        >>> health = Health(["a"])
        >>> health.set_serving(True)
        >>> health.statuses
        {'a': 1}
    """

    def __init__(self, services: Iterable[str] = HEALTH_SERVICES) -> None:
        self._serving = dict.fromkeys(services, False)
        self._changed = asyncio.Event()
        self._is_closed = False

    @property
    def statuses(self) -> Mapping[str, int]:
        """The number of the status of every service."""
        return {
            name: _Response.SERVING if serving else _Response.NOT_SERVING for name, serving in self._serving.items()
        }

    def set_serving(self, serving: bool) -> None:
        """Say whether requests are welcome, for all services.

        Args:
            serving: whether they are.
        """
        self._serving = dict.fromkeys(self._serving, serving)
        self._wake()

    def close(self) -> None:
        """Send away those who watch: the server stops."""
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def methods(self) -> dict[str, Unary | Streaming]:
        """Return ``grpc.health.v1.Health``: Check, List and Watch."""
        service = "/grpc.health.v1.Health/"
        return {
            f"{service}Check": Unary(self._check),
            f"{service}List": Unary(self._list),
            f"{service}Watch": Streaming(self._watch),
        }

    async def _check(self, data: bytes, context: CallContext) -> bytes:
        del context
        service = parsed(_Request, data).service
        if service not in self._serving:
            raise NotFoundError(f"service {service!r} is not known; the services are {sorted(self._serving)}.")
        return bytes(_Response(status=self.statuses[service]).SerializeToString())

    async def _list(self, data: bytes, context: CallContext) -> bytes:
        del data, context
        statuses = {name: _Response(status=status) for name, status in self.statuses.items()}
        return bytes(_ListResponse(statuses=statuses).SerializeToString())

    async def _watch(self, requests: AsyncIterator[bytes], context: CallContext) -> AsyncIterator[bytes]:
        del context
        service = parsed(_Request, await anext(requests, b"")).service
        told = -1
        while not self._is_closed:
            status = self.statuses.get(service, _Response.SERVICE_UNKNOWN)
            if status != told:
                told = status
                yield bytes(_Response(status=status).SerializeToString())
            if not self._is_closed:
                await self._changed.wait()
        raise UnavailableError("The server stops. Watch another one, or this one when it is back.")
