"""``ModelService/HandleReloadConfigRequest``: other models while the server runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.formats import message_class
from tenon.serving.answering import Call, Pipeline
from tenon.serving.grpc._parsing import parsed
from tenon.serving.servables import ServableRequest

_ReloadConfigRequest = message_class("tensorflow.serving.ReloadConfigRequest")
_ReloadConfigResponse = message_class("tensorflow.serving.ReloadConfigResponse")

Reload = Callable[[Any], Awaitable[None]]
"""Change to the models of a ``tensorflow.serving.ModelServerConfig`` message."""

MetricValue = Callable[[str], int | None]
"""Return the value of a counter under TensorFlow Serving's internal name; ``None`` for one that there is not."""


def reload_answer(
    reload: Reload, metric_value: MetricValue | None = None
) -> Callable[[Pipeline, Call, bytes], Awaitable[Any]]:
    """Return what answers HandleReloadConfigRequest.

    It is admitted as a call for the model with the empty name: all of them.

    Args:
        reload: changes the models, or raises.
        metric_value: reads the counters whose increase a client asks for; those that are not there are left out.
    """

    def values(names: list[str]) -> dict[str, int]:
        found = {name: metric_value(name) for name in names} if metric_value is not None else {}
        return {name: value for name, value in found.items() if value is not None}

    async def answer(pipeline: Pipeline, call: Call, data: bytes) -> Any:
        pipeline.admit(call, ServableRequest.latest(""))
        request = _parse(data)
        names = list(request.metric_names)
        before = values(names)
        await reload(request.config)
        increases = [
            {"name": name, "int64_value_increase": value - before.get(name, 0)} for name, value in values(names).items()
        ]
        return _ReloadConfigResponse(status={"error_code": 0}, metric=increases)

    return answer


def _parse(data: bytes) -> Any:
    request = parsed(_ReloadConfigRequest, data)
    if request.config.WhichOneof("config") != "model_config_list":
        raise InvalidArgumentError(
            "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently "
            f"supported; received {request.config.WhichOneof('config')}."
        )
    return request
