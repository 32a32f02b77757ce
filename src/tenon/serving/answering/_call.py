"""One request on its way through the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.serving.security import Admission, Identity
from tenon.serving.servables import Priority, RunOptions, RunTimes, ServableId, ServableRequest
from tenon.serving.telemetry import LogKind, RequestObservation
from tenon.serving.traffic import Route

PRIORITY_HEADER = "x-tenon-priority"
"""The header (REST) or metadata key (gRPC) that says ``normal`` or ``low``."""

_PRIORITIES = {None: Priority.NORMAL, "normal": Priority.NORMAL, "low": Priority.LOW}


class Protocol(StrEnum):
    """How a request came; the values are the entrypoints in TensorFlow Serving's metrics."""

    GRPC = "GRPC"
    REST = "REST"


class Call:
    """What a request asks, who asks and until when; and, as it is answered, what came of it.

    Belongs to one request. Whoever learns something writes it down here, so that the interceptors that see the end of
    a request (metrics, audit, logs, traces) need not ask.

    Args:
        protocol: how it came.
        api: what is asked, such as ``Predict`` or ``GetModelStatus``.
        header: returns the value of a header or of gRPC metadata by its name in lower case, or ``None``.
        started: the event loop's time when it came.
        deadline: the event loop's time at which nobody waits any more; ``None`` for no such time.
        request: which servable is asked, as soon as that is known.
        remote: the client's address, where it is known.

    Attributes:
        identity: who asks, between the gate's finding it out and its letting the request in.
        client: the name of who asks; empty for nobody in particular.
        admission: what the gate gave, to be given back at the end.
        observation: what telemetry knows of the request.
        route: what the rules of traffic decided, if they have any for the model.
        id: the version that answers.
        signature_name: the signature that runs.
        engine: what computes it.
        inputs: the arrays sent.
        outputs: the arrays answered.
        rows: how many rows the inputs have.
        exchange: for a log, what kind of request it was, and the messages asked and answered; ``None`` where
            ``inputs`` and ``outputs`` say all.
        times: what the run took.
        urgency: how urgent the request itself says it is, where its protocol has words for that; ``None`` leaves it to
            the header.
        reply: names and values of headers (REST) or trailing metadata (gRPC) that the answer shall carry.

    Example:
        >>> call = Call(Protocol.REST, "Predict", {"x-tenon-priority": "low"}.get, 0.0)
        >>> call.priority().name
        'LOW'
    """

    __slots__ = (
        *("admission", "api", "client", "deadline", "engine", "exchange", "header", "id", "identity", "inputs"),
        *("observation", "outputs", "protocol", "remote", "reply", "request", "route", "rows", "signature_name"),
        *("started", "times", "urgency"),
    )

    def __init__(
        self,
        protocol: Protocol,
        api: str,
        header: Callable[[str], str | None],
        started: float,
        deadline: float | None = None,
        request: ServableRequest | None = None,
        remote: str = "",
    ) -> None:
        self.protocol, self.api, self.header = protocol, api, header
        self.started, self.deadline, self.request, self.remote = started, deadline, request, remote
        self.client = self.signature_name = self.engine = ""
        self.id: ServableId | None = None
        self.inputs: Mapping[str, np.ndarray] = {}
        self.outputs: Mapping[str, np.ndarray] = {}
        self.rows = 0
        self.exchange: tuple[LogKind, Any, Any] | None = None
        self.times: RunTimes | None = None
        self.urgency: Priority | None = None
        self.identity: Identity | None = None
        self.admission: Admission | None = None
        self.observation: RequestObservation | None = None
        self.route: Route | None = None
        self.reply: list[tuple[str, str]] = []

    def check_size(self, size: int) -> None:
        """Refuse a request that is larger than the gate allows for its model.

        Args:
            size: bytes of the request, as it came over the wire.

        Raises:
            ResourceExhaustedError: it is.
        """
        if self.admission is not None:
            self.admission.check_size(size)

    def priority(self) -> Priority:
        """Return how urgent the client says it is: ``urgency``, or else the header.

        Raises:
            InvalidArgumentError: the header has another value than ``normal`` and ``low``.
        """
        if self.urgency is not None:
            return self.urgency
        word = self.header(PRIORITY_HEADER)
        priority = _PRIORITIES.get(word)
        if priority is None:
            raise InvalidArgumentError(f"{PRIORITY_HEADER}: must be 'normal' or 'low'; received {word!r}.")
        return priority

    def run_options(self) -> RunOptions:
        """Return how urgent the run of this call is; ``times`` is filled in by it.

        Raises:
            InvalidArgumentError: see ``priority``.
        """
        self.times = RunTimes()
        return RunOptions(self.deadline, self.priority(), self.times)
