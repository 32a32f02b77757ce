"""The contract between the client and a protocol."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenon.serving.client._examples import Classification, ExamplesRequest
from tenon.serving.client._signatures import TensorInfo
from tenon.serving.servables import ServableRequest

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Prediction:
    """A request to predict.

    Args:
        target: which model, and which version of it.
        signature_name: empty for the default one.
        inputs: arrays by name.
        outputs: names of the outputs wanted; empty for all.
        infos: the outputs of the signature; empty where they are not known.
    """

    target: ServableRequest
    signature_name: str
    inputs: Mapping[str, np.ndarray]
    outputs: Sequence[str]
    infos: Mapping[str, TensorInfo]


class Transport(ABC):
    """Ask a server once, over one protocol. Any number of threads may call.

    Every method takes the headers to be sent and the seconds that it may take, and raises ``TryAgainError`` when the
    server did not take the request, or the ``TenonError`` that tells what went wrong.
    """

    @property
    @abstractmethod
    def tells_dtypes(self) -> bool:
        """Whether answers tell their own dtypes, so that a prediction can do without ``infos``."""

    @abstractmethod
    def predict(self, prediction: Prediction, headers: Headers, timeout: float) -> dict[str, np.ndarray]:
        """Return the outputs by name.

        Raises:
            StaleMetadataError: the answer does not fit ``prediction.infos``.
        """

    @abstractmethod
    def classify(self, request: ExamplesRequest, headers: Headers, timeout: float) -> list[list[Classification]]:
        """Return the classes of every row."""

    @abstractmethod
    def regress(self, request: ExamplesRequest, headers: Headers, timeout: float) -> list[float]:
        """Return the value of every row."""

    @abstractmethod
    def status(self, target: ServableRequest, headers: Headers, timeout: float) -> Any:
        """Return a ``GetModelStatusResponse``."""

    @abstractmethod
    def metadata(self, target: ServableRequest, headers: Headers, timeout: float) -> Any:
        """Return a ``GetModelMetadataResponse``."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections; calling it again does nothing."""
