"""The MLP in MLServer; runs in .venv-bench: ``mlserver start``, everything else from ``MLSERVER_...`` variables.

MLServer speaks the Open Inference Protocol alone, so its requests name, type and shape their four numbers.
"""

from __future__ import annotations

import mlp
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Mlp(MLModel):
    """One row or many."""

    async def load(self) -> bool:
        """Load the weights."""
        self.weights = mlp.kernels()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer rows."""
        rows = NumpyCodec.decode_input(payload.inputs[0])
        output = NumpyCodec.encode_output("predictions", mlp.forward(self.weights, rows))
        return InferenceResponse(model_name=self.name, outputs=[output])
