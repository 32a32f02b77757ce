"""Requests on record are run as if a client had sent them: for warm-up, before anybody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenon.base import UnimplementedError
from tenon.serving.answering import Pipeline
from tenon.serving.grpc._services import grpc_methods
from tenon.serving.http2 import CallContext, Unary
from tenon.serving.lifecycle import ServingMap
from tenon.serving.servables import (
    Manager,
    Servable,
    ServableHandle,
    ServableId,
    ServableRequest,
    ServableState,
    State,
)

_METHODS: Mapping[str, str] = {
    "predict_log": "Predict",
    "classify_log": "Classify",
    "regress_log": "Regress",
    "multi_inference_log": "MultiInference",
}
_SERVICE = "/tensorflow.serving.PredictionService/"


async def run_record(servable: Servable, record: Any) -> None:
    """Run the request of a ``tensorflow.serving.PredictionLog`` on a servable.

    As in TensorFlow Serving, the record's signature counts, and its model's name and version do not.

    Args:
        servable: what answers.
        record: the message; it is left as it is.

    Raises:
        UnimplementedError: it holds another kind of request than Predict, Classify, Regress and MultiInference.
        TenonError: what the request is answered.
    """
    kind = record.WhichOneof("log_type")
    if kind not in _METHODS:
        raise UnimplementedError(f"log_type: must be one of {sorted(_METHODS)}; received {kind!r}.")
    only = _Only(servable)
    method = grpc_methods(Pipeline(only))[_SERVICE + _METHODS[kind]]
    assert isinstance(method, Unary)
    request = type(getattr(record, kind).request)()
    request.CopyFrom(getattr(record, kind).request)
    for spec in [task.model_spec for task in request.tasks] if kind == "multi_inference_log" else [request.model_spec]:
        spec.name = only.id.name
        spec.ClearField("version_choice")
    await method.handler(request.SerializeToString(), CallContext({}, None, ""))


class _Only(Manager):
    """One servable that nobody else has yet."""

    def __init__(self, servable: Servable) -> None:
        self.id = ServableId("warm-up", 1)
        self._serving = ServingMap[Servable]()
        self._serving.replace(self.id.name, {self.id.version: servable})

    def servable_handle(self, request: ServableRequest) -> ServableHandle:
        return ServableHandle(self.id, self._serving.find(request), lambda: None)

    def available(self, name: str) -> tuple[int, ...]:
        return self._serving.available(name)

    def states(self, name: str) -> tuple[ServableState, ...]:
        return tuple(ServableState(ServableId(name, version), State.LOADING) for version in self.available(name))

    def names(self) -> tuple[str, ...]:
        return (self.id.name,)
