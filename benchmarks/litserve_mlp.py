"""The MLP in LitServe; runs in .venv-bench.

Only ``setup``, ``decode_request``, ``predict`` and ``encode_response`` are ours, with a ``batch`` and an ``unbatch``
for rows that are arrays already: all that LitServe leaves to its users.
"""

from __future__ import annotations

import argparse
from typing import Any

import litserve
import mlp
import numpy as np


class Mlp(litserve.LitAPI):
    """One row or many."""

    def setup(self, device: str) -> None:
        """Load the weights; LitServe calls it once in each worker."""
        del device
        self.weights = mlp.kernels()

    def decode_request(self, request) -> np.ndarray:
        """Read the rows of one request; without a type, which LitServe would have pydantic check at a cost."""
        return np.asarray(request["instances"], np.float32)

    def batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Join requests of one row each."""
        return np.concatenate(inputs)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Run the model."""
        return mlp.forward(self.weights, x)

    def unbatch(self, output: np.ndarray) -> list[np.ndarray]:
        """Give each request its row."""
        return [output[index : index + 1] for index in range(len(output))]

    def encode_response(self, output: np.ndarray) -> dict[str, Any]:
        """Write the rows of one answer."""
        return {"predictions": output.tolist()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--api-servers", type=int, default=1)
    parser.add_argument("--max-batch-size", type=int, default=1)
    parser.add_argument("--batch-timeout", type=float, default=0.0)
    parser.add_argument("--fast-queue", action="store_true")
    flags = parser.parse_args()
    api = Mlp(max_batch_size=flags.max_batch_size, batch_timeout=flags.batch_timeout)
    server = litserve.LitServer(
        api, accelerator="cpu", workers_per_device=flags.workers, fast_queue=flags.fast_queue, disable_openapi_url=True
    )
    server.run(
        host="127.0.0.1",
        port=flags.port,
        num_api_servers=flags.api_servers,
        log_level="error",
        generate_client_file=False,
    )


if __name__ == "__main__":
    main()
