"""A server in memory with models, rules, a past, and a name that would like to be a script."""

import asyncio
import math
import time
from contextlib import asynccontextmanager
from pathlib import Path

from tenon.base import InternalError, TenonError
from tenon.serving.answering import ObserverInterceptor, Pipeline, TrafficInterceptor
from tenon.serving.configuration import ModelConfig, ServedModel
from tenon.serving.console import AdminApi, LocalControls
from tenon.serving.http import HttpRequest
from tenon.serving.rest import ProbeApi, RestApi
from tenon.serving.telemetry import History, Observer, RecentError, Registry
from tenon.serving.testing import FakeServable, StaticManager, half_plus_two
from tenon.serving.traffic import Rollback, Router, ShadowRunner, read_traffic_table
from tests.serving.doubles import SIGNATURES
from tests.serving.servers import http_serving

HOSTILE = """<img src=x onerror="window.hacked=1">'&amp;"""
FAR = 2**63 - 1
"""A version that is no number in JavaScript."""

TABLE = """{"models": {"half": {
  "aliases": {"champion": 1, "canary": 3},
  "split": [{"version": "champion", "weight": 95}, {"version": "canary", "weight": 5}],
  "experiments": [
    {"name": "colors", "share": 0.2, "arms": [{"name": "blue", "version": 1}, {"name": "red", "version": 3}]}
  ],
  "shadows": [{"version": 9223372036854775807, "sample_rate": 0.1}],
  "rollback": {"canary": "canary", "champion": "champion", "max_error_rate": 0.02}
}}}"""


class World:
    """All that the controls look at, and what they did."""

    def __init__(self) -> None:
        failed: TenonError = InternalError(f"the program cannot be read: {HOSTILE}")
        self.manager = StaticManager(
            {
                "half": {1: half_plus_two(), 3: half_plus_two(), FAR: half_plus_two()},
                "many": {7: FakeServable(SIGNATURES)},
                HOSTILE: {1: half_plus_two()},
            },
            {"half": {2: failed}},
        )
        self.registry, self.past = Registry(), History()
        self.observer = Observer(self.registry, self.past)
        self.router = Router(read_traffic_table(TABLE))
        self.shadows = ShadowRunner(self.manager)
        self.reloads: list = []
        self.retries: list = []
        traffic = TrafficInterceptor(self.router, self.shadows, self.manager)
        self.rest = RestApi(Pipeline(self.manager, [ObserverInterceptor(self.observer), traffic], traffic))
        self.controls = LocalControls(
            about=self.about,
            models=self.models,
            manager=self.manager,
            registry=self.registry,
            history=self.past,
            router=self.router,
            shadows=self.shadows,
            predict=self.rest,
            reload=self.reload,
            retry=lambda model, version: self.retries.append((model, version)),
        )

    def about(self):
        ports = {"grpc": 8500, "rest": 8501, "admin": 8502}
        flags = {"max_batch_size": 64, "host": "127.0.0.1"}
        return {"version": "0.3.0", "started": time.time() - 8000, "pids": [4711], "ports": ports, "flags": flags}

    def models(self):
        return [
            ServedModel(name, ModelConfig(name, Path("/models") / "m"), self.manager.states(name), {"stable": 1})
            for name in self.manager.names()
        ]

    async def reload(self, config):
        self.reloads.append(config)

    def roll_back(self) -> None:
        self.router.roll_back(Rollback("half", 3, time.time(), f"max_error_rate: 0.3 is above 0.02 {HOSTILE}"))

    def live(self, seconds: int = 600) -> None:
        """Make a past that looks like one."""
        now = int(time.monotonic())
        self.past.error(RecentError(time.time(), HOSTILE, None, "predict", "NOT_FOUND", HOSTILE))
        self.past.error(RecentError(time.time(), "half", 3, "Predict", "INTERNAL", "the program failed", "0af7" * 8))
        for second in range(max(1, now - seconds), now):
            wave = 1 + math.sin(second / 40) / 2
            for model, rate in (("half", 30), ("many", 8)):
                series = self.past.series(model)
                for number in range(int(rate * wave)):
                    series.request(second, 0.002 * wave * (1 + number * number / 300), failed=number % 29 == 28)
                for _ in range(4):
                    series.batch(second, int(rate * wave / 4), 2)


def ask(api, method, path, body=b"", query="", **headers):
    """Send one request and return status, headers and body."""
    named = {"host": "localhost:8502", "x-tenon-admin": "1"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    named = {name: value for name, value in named.items() if value is not None}
    return asyncio.run(api.respond(HttpRequest.of(method, path, body, named, query)))


@asynccontextmanager
async def console_serving(world, **options):
    """Yield the port of a server that answers the admin API of a world."""
    apis = [ProbeApi(lambda: True, lambda: True), AdminApi(world.controls, **options)]
    async with http_serving(apis) as port:
        yield port
