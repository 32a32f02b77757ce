"""The MLP in Ray Serve, with its HTTP proxy; runs in .venv-bench."""

from __future__ import annotations

import argparse
import os
import signal
from typing import Any

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_SERVE_LOG_TO_STDERR": "0", "RAY_DEDUP_LOGS": "0"}

import mlp
import numpy as np
import ray
from ray import serve
from starlette.requests import Request


@serve.deployment
class Mlp:
    """One request at a time."""

    def __init__(self) -> None:
        self.weights = mlp.kernels()

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Answer rows."""
        rows = np.asarray((await request.json())["instances"], np.float32)
        return {"predictions": mlp.forward(self.weights, rows).tolist()}


@serve.deployment
class BatchedMlp:
    """Rows of requests that arrive together share a run."""

    def __init__(self) -> None:
        self.weights = mlp.kernels()

    @serve.batch(max_batch_size=32, batch_wait_timeout_s=0.001)
    async def forward(self, requests: list[np.ndarray]) -> list[Any]:
        """Answer several requests of one row each."""
        return [[row] for row in mlp.forward(self.weights, np.concatenate(requests)).tolist()]

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Answer one row."""
        return {"predictions": await self.forward(np.asarray((await request.json())["instances"], np.float32))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--batched", action="store_true")
    flags = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    ray.init(num_cpus=flags.replicas + 1, include_dashboard=False, log_to_driver=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": flags.port})
    deployment = BatchedMlp if flags.batched else Mlp
    options = {"num_replicas": flags.replicas, "max_ongoing_requests": 100}
    serve.run(
        deployment.options(**options, logging_config={"enable_access_log": False}).bind(), route_prefix="/predict"
    )
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    ray.shutdown()


if __name__ == "__main__":
    main()
