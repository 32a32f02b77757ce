"""What the admin API reads and changes, whoever does it: one process, or a fleet of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from tenon.serving.servables import ServableRequest
from tenon.serving.telemetry import Snapshot
from tenon.serving.traffic import ModelRules, TrafficTable

Json = dict[str, Any]
"""An object that JSON can hold; ``openapi/admin.json`` says which members each has."""


class Controls(ABC):
    """Everything that operators see and change.

    All methods are called in the event loop and may wait, such as for the processes of a fleet. What they return is
    JSON-able, and the caller does not change it.
    """

    @abstractmethod
    async def about(self) -> Json:
        """Return what the server is: version, ``started`` (seconds since 1970), pids, ports, and flags; no secrets."""

    @abstractmethod
    async def models(self) -> list[Json]:
        """Return every model with its versions; ``model_report`` makes one."""

    @abstractmethod
    async def signatures(self, model: str, version: int) -> Json:
        """Return the signatures of one version by name; ``signature_report`` makes one.

        Raises:
            NotFoundError: the version does not answer.
        """

    @abstractmethod
    async def metrics(self) -> Snapshot:
        """Return all metrics of now, as ``Registry.snapshot`` and ``merge_snapshots`` do."""

    @abstractmethod
    async def history(self, last_seconds: float) -> Json:
        """Return the last seconds of every model, as ``History.snapshot`` and ``merge_histories`` do."""

    @abstractmethod
    async def errors(self) -> list[Json]:
        """Return recent errors, oldest first, with the fields of ``RecentError``."""

    @abstractmethod
    async def traffic(self) -> Json:
        """Return ``table`` (``to_json`` of the rules), ``status`` (``Router``) and ``shadows`` (``ShadowRunner``)."""

    @abstractmethod
    async def set_traffic(self, table: TrafficTable) -> None:
        """Put other rules in force for all models."""

    @abstractmethod
    async def set_model_traffic(self, model: str, rules: ModelRules | None) -> None:
        """Put other rules in force for one model, or none at all."""

    @abstractmethod
    async def reset_rollback(self, model: str, version: int) -> None:
        """Give a version that was rolled back its weight again.

        Raises:
            NotFoundError: it is not rolled back.
        """

    @abstractmethod
    async def reload(self, config: bytes) -> None:
        """Serve other models.

        Args:
            config: a ``ModelServerConfig`` in protocol buffer text, for ``parse_model_server_config``.

        Raises:
            TenonError: it breaks a rule, or cannot be served; nothing has changed.
        """

    @abstractmethod
    async def retry(self, model: str, version: int) -> None:
        """Try to load a version again whose load failed.

        Raises:
            NotFoundError: there is none.
        """

    @abstractmethod
    async def try_request(self, request: ServableRequest, body: bytes) -> tuple[int, bytes]:
        """Answer a ``:predict`` request as any other.

        Args:
            request: which model, and perhaps which version or label.
            body: the JSON of TensorFlow Serving's REST API.

        Returns:
            The HTTP status and the JSON of the answer, errors too.
        """
