"""The MLP in BentoML; runs in .venv-bench: ``bentoml serve bentoml_mlp:Mlp``, workers from ``MLP_WORKERS``.

The methods are coroutines: the model takes microseconds, and BentoML runs plain methods in a thread each, which halves
what it can serve. Access log and metrics are off, as Tenon has neither.
"""

from __future__ import annotations

import os
from typing import Any

import bentoml
import mlp
import numpy as np

_service = bentoml.service(
    workers=int(os.environ.get("MLP_WORKERS", "1")),
    traffic={"timeout": 30},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)


@_service
class Mlp:
    """One request at a time."""

    def __init__(self) -> None:
        self.weights = mlp.kernels()

    @bentoml.api
    async def predict(self, instances: list[list[float]]) -> dict[str, Any]:
        """Answer rows."""
        return {"predictions": mlp.forward(self.weights, np.asarray(instances, np.float32)).tolist()}


@_service
class BatchedMlp:
    """BentoML's adaptive batching; its answers have no key, for it must be able to split them."""

    def __init__(self) -> None:
        self.weights = mlp.kernels()

    @bentoml.api(batchable=True, max_batch_size=32, max_latency_ms=1000)
    async def predict(self, instances: list[list[float]]) -> list[list[float]]:
        """Answer the rows of several requests."""
        answers: list[list[float]] = mlp.forward(self.weights, np.asarray(instances, np.float32)).tolist()
        return answers
