"""What each operation of the admin API does: read what is asked, call the controls, write what they say."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

from tenon.base import InvalidArgumentError
from tenon.serving.console._controls import Controls, Json
from tenon.serving.console._history import history_columns, whole_columns
from tenon.serving.console._routes import Route, parse_version
from tenon.serving.console._static import SECURITY_HEADERS
from tenon.serving.http import JSON_HEADERS, BodyTooLargeError, Headers, HttpRequest, Response
from tenon.serving.servables import ServableRequest
from tenon.serving.telemetry import expose
from tenon.serving.traffic import read_model_rules, read_traffic_table

KEPT_SECONDS = 600

FRESH: Headers = [("Cache-Control", "no-store"), *SECURITY_HEADERS]
FRESH_JSON: Headers = JSON_HEADERS + FRESH


@dataclass(frozen=True)
class Asked:
    """One request whose path was understood.

    Args:
        request: the request.
        parameters: those of the path; an operation adds what the audit shall know besides.
        max_body_bytes: a larger body is refused.
    """

    request: HttpRequest
    parameters: dict[str, Any]
    max_body_bytes: int

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            BodyTooLargeError: it is.
        """
        length = self.request.headers.get("content-length") or ""
        too_large = length.isascii() and length.isdigit() and int(length[:20]) > self.max_body_bytes
        body = b"" if too_large else await self.request.body()
        if too_large or len(body) > self.max_body_bytes:
            raise BodyTooLargeError(f"The request body must be at most {self.max_body_bytes} bytes. Send less.")
        return body

    def query(self, *names: str) -> dict[str, str]:
        """Return the parameters in the query string.

        Args:
            *names: those that there are.

        Raises:
            InvalidArgumentError: one is unknown, or stands there twice.
        """
        try:
            found = parse_qs(self.request.query, keep_blank_values=True, max_num_fields=len(names), errors="strict")
        except ValueError as error:
            raise InvalidArgumentError(f"query: takes {', '.join(names)}, in UTF-8; {error}.") from error
        for name, values in found.items():
            if name not in names or len(values) != 1:
                raise InvalidArgumentError(
                    f"query: takes {', '.join(names)}, each once; received {name[:50]!r} {len(values)} times."
                )
        return {name: values[0] for name, values in found.items()}


class Operations:
    """Do what the routes name.

    Args:
        controls: what is shown and changed.
    """

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._reads: Mapping[str, Callable[[], Awaitable[Any]]] = {
            "about": controls.about,
            "models": controls.models,
            "errors": controls.errors,
            "metrics": controls.metrics,
            "traffic": controls.traffic,
        }
        self._changes: Mapping[str, Callable[[Asked], Awaitable[None]]] = {
            "set_traffic": self._set_traffic,
            "set_model_traffic": self._set_model_traffic,
            "remove_model_traffic": self._remove_model_traffic,
            "reset_rollback": self._reset_rollback,
            "reload": self._reload,
            "retry": self._retry,
        }
        self._others: Mapping[str, Callable[[Asked], Awaitable[Response]]] = {
            "signatures": self._signatures,
            "history": self._history,
            "overview": self._overview,
            "exposition": self._exposition,
            "try_request": self._try_request,
        }

    async def answer(self, route: Route, asked: Asked) -> Response:
        """Do one operation; a change is answered with what it changed.

        Args:
            route: the operation.
            asked: what came.

        Raises:
            TenonError: of the reading, or of the controls.
        """
        other = self._others.get(route.name)
        if other is not None:
            return await other(asked)
        if route.changes:
            await self._changes[route.name](asked)
        return _json(await self._reads[route.tells or route.name]())

    async def _signatures(self, asked: Asked) -> Response:
        return _json(await self._controls.signatures(**asked.parameters))

    async def _exposition(self, asked: Asked) -> Response:
        accept = asked.request.headers.get("accept") or ""
        exposition = await asyncio.to_thread(expose, await self._controls.metrics(), accept)
        return Response(200, [("Content-Type", exposition.content_type), *FRESH], exposition.body)

    async def _history(self, asked: Asked) -> Response:
        return _json(await self._history_of(asked, history_columns))

    async def _overview(self, asked: Asked) -> Response:
        """Return everything that changes by the second, for one request of the page."""
        controls, history = self._controls, self._history_of(asked, _whole)
        names = ("about", "models", "traffic", "errors", "history")
        parts = (controls.about(), controls.models(), controls.traffic(), controls.errors(), history)
        return _json(dict(zip(names, await asyncio.gather(*parts), strict=True)))

    async def _history_of(self, asked: Asked, columns: Callable[[Json, str | None], Json]) -> Json:
        query = asked.query("seconds", "model")
        snapshot = await self._controls.history(_seconds(query.get("seconds", str(KEPT_SECONDS))))
        found = await asyncio.to_thread(columns, snapshot, query.get("model"))
        return found | {"now": int(time.time() - snapshot["offset"])}

    async def _set_traffic(self, asked: Asked) -> None:
        await self._controls.set_traffic(read_traffic_table(await asked.body()))

    async def _set_model_traffic(self, asked: Asked) -> None:
        await self._controls.set_model_traffic(asked.parameters["model"], read_model_rules(await asked.body()))

    async def _remove_model_traffic(self, asked: Asked) -> None:
        await self._controls.set_model_traffic(asked.parameters["model"], None)

    async def _reset_rollback(self, asked: Asked) -> None:
        await self._controls.reset_rollback(**asked.parameters)

    async def _reload(self, asked: Asked) -> None:
        await self._controls.reload(await asked.body())

    async def _retry(self, asked: Asked) -> None:
        await self._controls.retry(**asked.parameters)

    async def _try_request(self, asked: Asked) -> Response:
        """Answer as the model does; the header ``Server-Timing`` tells the milliseconds that it took."""
        wanted = _target(asked.query("model", "version", "label"))
        asked.parameters.update(model=wanted.name, version=wanted.version)
        body = await asked.body()
        began = time.perf_counter()
        status, answer = await self._controls.try_request(wanted, body)
        timing = f"answer;dur={(time.perf_counter() - began) * 1e3:.3f}"
        return Response(status, [*FRESH_JSON, ("Server-Timing", timing)], answer)


def _whole(snapshot: Json, model: str | None) -> Json:
    return {"offset": snapshot["offset"], "columns": whole_columns(snapshot, model)}


def _json(value: Any) -> Response:
    try:
        body = orjson.dumps(value)
    except TypeError:  # a path that is no UTF-8, or a number of more than 64 bits
        body = json.dumps(value, default=str).encode()
    return Response(200, FRESH_JSON, body)


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= KEPT_SECONDS):
        raise InvalidArgumentError(f"seconds: must be a whole number from 1 to {KEPT_SECONDS}; received {text[:50]!r}.")
    return float(text)


def _target(query: Mapping[str, str]) -> ServableRequest:
    if not query.get("model"):
        raise InvalidArgumentError("model: the query string must name one; it does not. Add ?model=NAME.")
    if "version" in query and "label" in query:
        raise InvalidArgumentError("version: must not stand beside label; received both. Remove one.")
    version = parse_version(query["version"]) if "version" in query else None
    return ServableRequest(query["model"], version, query.get("label"))
