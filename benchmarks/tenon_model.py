"""The MLP as a SavedModel for Tenon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import mlp
import numpy as np

from tenon.saved_model import TensorSpec, save


def export(folder: Path) -> None:
    """Write version 1 of the model under ``folder``."""

    def forward(weights: list[Any], x: Any) -> dict[str, Any]:
        for kernel in weights[:-1]:
            x = jax.nn.relu(x @ kernel)
        return {"y": x @ weights[-1]}

    signatures = {"serving_default": {"x": TensorSpec((None, mlp.SIZES[0]), np.dtype(np.float32))}}
    save(forward, folder / "1", signatures, variables=mlp.kernels())
