"""The controls of a server that is several processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from tenon.serving.configuration import parse_model_server_config
from tenon.serving.console import Controls
from tenon.serving.servables import ServableRequest
from tenon.serving.telemetry import Snapshot, merge_histories
from tenon.serving.traffic import ModelRules, TrafficTable, to_json
from tenon.serving.workers._fleet import Fleet
from tenon.serving.workers._merging import merge_models, merge_shadows, merge_traffic_status

Json = dict[str, Any]


class FleetControls(Controls):
    """Show what all workers say together, and change all of them.

    Args:
        fleet: the workers.
        admin_port: returns the port for operators; ``None`` if there is none.
    """

    def __init__(self, fleet: Fleet, admin_port: Callable[[], int | None] = lambda: None) -> None:
        self._fleet, self._admin_port = fleet, admin_port
        self._started = time.time()

    async def about(self) -> Json:
        """Return what the server is."""
        fleet = self._fleet
        return {
            "version": version("tenon-ml"),
            "started": self._started,
            "pids": [os.getpid(), *(worker.pid for worker in fleet.members)],
            "ports": {"grpc": fleet.port, "rest": fleet.rest_api_port, "admin": self._admin_port()},
            "flags": fleet.options.told(),
        }

    async def models(self) -> list[Json]:
        """Return every model with its versions, each in the state of the worker that is furthest behind."""
        return merge_models(await self._fleet.ask_all("models"))

    async def signatures(self, model: str, version: int) -> Json:
        """Return the signatures of one version by name."""
        return await self._first("signatures", model=model, version=version)

    async def metrics(self) -> Snapshot:
        """Return the sum of all metrics."""
        return await self._fleet.metrics()

    async def history(self, last_seconds: float) -> Json:
        """Return the last seconds of every model."""
        return merge_histories(await self._fleet.ask_all("history", last_seconds=last_seconds))

    async def errors(self) -> list[Json]:
        """Return recent errors, oldest first."""
        errors: list[Json] = (await self.history(0))["errors"]
        return errors

    async def traffic(self) -> Json:
        """Return the rules in force, and what came of them in all workers."""
        reports = await self._fleet.ask_all("traffic")
        return {
            "table": to_json(self._fleet.traffic),
            "status": merge_traffic_status([report["status"] for report in reports]),
            "shadows": merge_shadows([report["shadows"] for report in reports]),
        }

    async def set_traffic(self, table: TrafficTable) -> None:
        """Put other rules in force for all models."""
        await self._fleet.set_traffic(table)

    async def set_model_traffic(self, model: str, rules: ModelRules | None) -> None:
        """Put other rules in force for one model."""
        await self._fleet.change_traffic(lambda table: table.replaced(model, rules))

    async def reset_rollback(self, model: str, version: int) -> None:
        """Give a version that was rolled back its weight again."""
        await self._fleet.reset_rollback(model, version)

    async def reload(self, config: bytes) -> None:
        """Serve other models, in all workers or in none."""
        await self._fleet.reload(parse_model_server_config(config, "config"))

    async def retry(self, model: str, version: int) -> None:
        """Have each worker that could not load a version try again."""
        await self._fleet.ask_all("retry", model=model, version=version)

    async def try_request(self, request: ServableRequest, body: bytes) -> tuple[int, bytes]:
        """Have one worker answer a ``:predict`` request."""
        status, answer = await self._fleet.ask_one("try_request", request=request, body=body)
        return int(status), bytes(answer)

    async def _first(self, name: str, **arguments: Any) -> Json:
        found: Json = await self._fleet.ask_one(name, **arguments)
        return found
