"""The controls of a server that is one process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from tenon.base import NotFoundError
from tenon.serving.configuration import ModelServerConfig, ServedModel, parse_model_server_config
from tenon.serving.console._controls import Controls, Json
from tenon.serving.console._reports import model_report, signature_report
from tenon.serving.http import HttpApi, HttpRequest
from tenon.serving.servables import Manager, ServableRequest, State
from tenon.serving.telemetry import History, Registry, Snapshot
from tenon.serving.traffic import ModelRules, Router, ShadowRunner, TrafficTable, to_json

_MODELS_A_TURN = 16


class LocalControls(Controls):
    """Show and change what lives in this event loop.

    Args:
        about: what the server is, JSON-able; no secrets.
        models: the models, as ``ServerCore.models`` has them.
        manager: where the versions live.
        registry: where the metrics live.
        history: where the last ten minutes live.
        router: the rules of traffic.
        shadows: compares shadow versions; ``None`` where nobody does.
        predict: answers TensorFlow Serving's ``:predict`` requests of the form, without a gate in its way.
        reload: changes to another configuration, as ``ServerCore.reload`` does.
        retry: loads a version anew whose load failed, as ``AspiredVersionsManager.retry`` does.
    """

    def __init__(
        self,
        *,
        about: Callable[[], Json],
        models: Callable[[], Iterable[ServedModel]],
        manager: Manager,
        registry: Registry,
        history: History,
        router: Router,
        shadows: ShadowRunner | None,
        predict: HttpApi,
        reload: Callable[[ModelServerConfig], Awaitable[None]],
        retry: Callable[[str, int], None],
    ) -> None:
        self._about, self._models, self._manager = about, models, manager
        self._registry, self._history_kept = registry, history
        self._router, self._shadows = router, shadows
        self._written: tuple[TrafficTable | None, Json] = (None, {})  # writing hundreds of rules takes milliseconds
        self._predict, self._reload, self._retry = predict, reload, retry

    async def about(self) -> Json:
        """Return what the server is."""
        return self._about()

    async def models(self) -> list[Json]:
        """Return every model with its versions; other work has its turn now and then, for there may be thousands."""
        reports = []
        for served in self._models():
            reports.append(self._model(served))
            if len(reports) % _MODELS_A_TURN == 0:
                await asyncio.sleep(0)
        return reports

    def _model(self, served: ServedModel) -> Json:
        return model_report(
            served,
            aliases=self._router.aliases(served.name),
            engines={version: self._engines(served.name, version) for version in self._manager.available(served.name)},
        )

    def _engines(self, model: str, version: int) -> dict[str, str]:
        with self._manager.servable_handle(ServableRequest.specific(model, version)) as handle:
            return {name: signature.engine for name, signature in handle.servable.signatures.items()}

    async def signatures(self, model: str, version: int) -> Json:
        """Return the signatures of one version by name."""
        with self._manager.servable_handle(ServableRequest.specific(model, version)) as handle:
            return {name: signature_report(signature) for name, signature in handle.servable.signatures.items()}

    async def metrics(self) -> Snapshot:
        """Return all metrics of now."""
        return self._registry.snapshot()

    async def history(self, last_seconds: float) -> Json:
        """Return the last seconds of every model; other work has its turn after each, for ten minutes are 2 ms."""
        history, since = self._history_kept, time.monotonic() - last_seconds - 1
        snapshot: Json = history.snapshot(last_seconds=0)
        for name in snapshot["models"]:
            snapshot["models"][name] = history.series(name).snapshot(time.monotonic(), since)
            await asyncio.sleep(0)
        return snapshot

    async def errors(self) -> list[Json]:
        """Return recent errors, oldest first."""
        errors: list[Json] = self._history_kept.snapshot(last_seconds=0)["errors"]
        return errors

    async def traffic(self) -> Json:
        """Return the rules, what came of them, and what shadows found."""
        return {
            "table": self._rules(),
            "status": self._router.status(),
            "shadows": {} if self._shadows is None else self._shadows.status(),
        }

    def _rules(self) -> Json:
        table = self._router.table
        if self._written[0] is not table:
            self._written = (table, to_json(table))
        return self._written[1]

    async def set_traffic(self, table: TrafficTable) -> None:
        """Put other rules in force for all models."""
        self._router.replace(table)

    async def set_model_traffic(self, model: str, rules: ModelRules | None) -> None:
        """Put other rules in force for one model."""
        self._router.replace(self._router.table.replaced(model, rules))

    async def reset_rollback(self, model: str, version: int) -> None:
        """Give a version that was rolled back its weight again."""
        self._router.reset(model, version)

    async def reload(self, config: bytes) -> None:
        """Serve other models."""
        await self._reload(parse_model_server_config(config, "config"))

    async def retry(self, model: str, version: int) -> None:
        """Try to load a version again whose load failed.

        Raises:
            NotFoundError: there is none.
        """
        states = {state.id.version: state for state in self._manager.states(model)}
        state = states.get(version)
        if state is None or state.state is not State.END or state.error is None:
            known = [number for number, other in states.items() if other.error is not None]
            raise NotFoundError(f"model {model!r}: version {version} has not failed; these have: {known}.")
        self._retry(model, version)

    async def try_request(self, request: ServableRequest, body: bytes) -> tuple[int, bytes]:
        """Answer a ``:predict`` request."""
        target = "" if request.version is None else f"/versions/{request.version}"
        target = target if request.label is None else f"/labels/{request.label}"
        asked = HttpRequest.of("POST", f"/v1/models/{request.name}{target}:predict", body)
        response = await self._predict.respond(asked)
        return response.status, response.body
