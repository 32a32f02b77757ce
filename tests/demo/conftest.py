from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import pytest

from tenon import saved_model
from tenon.base import TensorSpec
from tenon.demo._server import Endpoint, choose_endpoint, served


def save_double(base: Path) -> None:
    """Write version 1 of a model that gives ``[2 x, y]``."""

    def double(x: jnp.ndarray, y: jnp.ndarray) -> dict[str, jnp.ndarray]:
        return {"output_0": jnp.stack([2 * x, y], axis=1)}

    specs = {name: TensorSpec((None,), "float32") for name in "xy"}
    saved_model.save(double, base / "1", {"serving_default": specs})


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory, compile_cache: Path) -> Iterator[Endpoint]:
    """A server of ``save_double``."""
    folder = tmp_path_factory.mktemp("double")
    save_double(folder / "double")
    found = choose_endpoint("double")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TENON_CACHE_DIR", str(compile_cache))
        with served(found, folder / "double", folder / "server.log"):
            yield found
