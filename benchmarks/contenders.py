"""Who is measured, with which settings. Every peer comes in several, and its best one counts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loads import GRPC, GRPC_ECHO, HERE, HTTP_ECHO, MODEL, PEER, REST, REST_ALONE, Load

PEERS_PYTHON = HERE.parent / ".venv-bench/bin/python"

TENON, LITSERVE, BENTOML = "Tenon", "LitServe", "BentoML"
HTTP_ECHO_NAME, GRPC_ECHO_NAME = "granian echo", "grpc.aio echo"


@dataclass(frozen=True)
class Contender:
    """A server and the loads that it is measured under.

    Args:
        name: whose it is.
        settings: what tells it from others of that name.
        words: its command; ``{port}``, ``{grpc_port}`` and ``{folder}`` are filled in.
        loads: each with the name of its port.
        environment: in addition to that of the benchmark.
    """

    name: str
    settings: str
    words: tuple[str, ...]
    loads: tuple[tuple[Load, str], ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, ports: Mapping[str, int], folder: Path) -> list[str]:
        """Return the command that starts it."""
        return [word.format(folder=folder, **ports) for word in self.words]


def _tenon() -> Contender:
    serve = (sys.executable, "-m", "tenon", "serve", "--model", f"{MODEL}={{folder}}/{MODEL}")
    ports = ("--port", "{grpc_port}", "--rest-api-port", "{port}", "--compile-cache", "{folder}/compiled")
    loads = ((REST, "port"), (REST_ALONE, "port"), (GRPC, "grpc_port"))
    return Contender(TENON, "defaults", (*serve, *ports), loads)


def _echo(name: str, script: str, load: Load) -> Contender:
    return Contender(name, "ceiling", (sys.executable, str(HERE / script), "--port", "{port}"), ((load, "port"),))


def _litserve(settings: str, *flags: str) -> Contender:
    words = (str(PEERS_PYTHON), str(HERE / "litserve_mlp.py"), "--port", "{port}", *flags)
    return Contender(LITSERVE, settings, words, ((PEER, "port"),), {"OPENBLAS_NUM_THREADS": "1"})


def _bentoml(settings: str, service: str, workers: int) -> Contender:
    serve = (str(PEERS_PYTHON), "-m", "bentoml", "serve", f"bentoml_mlp:{service}", "--working-dir", str(HERE))
    words = (*serve, "--host", "127.0.0.1", "--port", "{port}")
    environment = {"MLP_WORKERS": str(workers), "BENTOML_DO_NOT_TRACK": "True", "OPENBLAS_NUM_THREADS": "1"}
    return Contender(BENTOML, settings, words, ((PEER, "port"),), environment)


_BATCHES = ("--max-batch-size", "32", "--batch-timeout", "0.001")

CONTENDERS = (
    _tenon(),
    _echo(GRPC_ECHO_NAME, "grpc_echo.py", GRPC_ECHO),
    _echo(HTTP_ECHO_NAME, "granian_echo.py", HTTP_ECHO),
    _litserve("1 worker"),
    _litserve("1 worker, fast queue", "--fast-queue"),
    _litserve("2 API servers, 2 workers", "--api-servers", "2", "--workers", "2"),
    _litserve("2 API servers, 2 workers, fast queue", "--api-servers", "2", "--workers", "2", "--fast-queue"),
    _litserve("1 worker, fast queue, batches of 32", "--fast-queue", *_BATCHES),
    _litserve("2 API servers, 2 workers, batches of 32", "--api-servers", "2", "--workers", "2", *_BATCHES),
    _bentoml("1 worker", "Mlp", 1),
    _bentoml("2 workers", "Mlp", 2),
    _bentoml("2 workers, batches of 32", "BatchedMlp", 2),
)
