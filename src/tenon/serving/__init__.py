"""Versions of a servable live, answer and die safely; the nouns are TensorFlow Serving's.

A *Source* finds versions, a *Loader* brings one to life as a *Servable*, a *Manager* keeps the aspired versions loaded
and hands out *ServableHandles*, a stateless policy decides which version to load or unload next. A *Client* asks.

What runs models loads when it is first used: who only asks needs no JAX.
"""

import importlib
import typing

from tenon.serving.client import Client
from tenon.serving.lifecycle import (
    All,
    AspiredVersionPolicy,
    AspiredVersionsManager,
    AvailabilityPreservingPolicy,
    FileSystemSource,
    Latest,
    PollResult,
    ResourcePreservingPolicy,
    ServableToMonitor,
    Source,
    SourcePoller,
    Specific,
    VersionPolicy,
)
from tenon.serving.servables import (
    Loader,
    LoaderFactory,
    Manager,
    Servable,
    ServableHandle,
    ServableId,
    ServableRequest,
    ServableSignature,
    ServableState,
    State,
)

if typing.TYPE_CHECKING:
    from tenon.serving._ports import host_and_port
    from tenon.serving._serve import serve
    from tenon.serving._server import ModelServer
    from tenon.serving.configuration import ModelConfig, ModelServerConfig, ServedModel, ServerOptions
    from tenon.serving.models import ModelServable, SavedModelLoader

__all__ = [
    "All",
    "AspiredVersionPolicy",
    "AspiredVersionsManager",
    "AvailabilityPreservingPolicy",
    "Client",
    "FileSystemSource",
    "Latest",
    "Loader",
    "LoaderFactory",
    "Manager",
    "ModelConfig",
    "ModelServable",
    "ModelServer",
    "ModelServerConfig",
    "PollResult",
    "ResourcePreservingPolicy",
    "SavedModelLoader",
    "Servable",
    "ServableHandle",
    "ServableId",
    "ServableRequest",
    "ServableSignature",
    "ServableState",
    "ServableToMonitor",
    "ServedModel",
    "ServerOptions",
    "Source",
    "SourcePoller",
    "Specific",
    "State",
    "VersionPolicy",
    "host_and_port",
    "serve",
]

_LATER = {
    "_ports": ("host_and_port",),
    "_serve": ("serve",),
    "_server": ("ModelServer",),
    "configuration": ("ModelConfig", "ModelServerConfig", "ServedModel", "ServerOptions"),
    "models": ("ModelServable", "SavedModelLoader"),
}


def __getattr__(name: str) -> typing.Any:
    for part, names in _LATER.items():
        if name in names:
            value = getattr(importlib.import_module(f"tenon.serving.{part}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
