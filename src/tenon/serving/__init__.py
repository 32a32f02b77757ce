"""Versions of a servable live, answer and die safely; the nouns are TensorFlow Serving's.

A *Source* finds versions, a *Loader* brings one to life as a *Servable*, a *Manager* keeps the aspired versions loaded
and hands out *ServableHandles*, a stateless policy decides which version to load or unload next.
"""

from tenon.serving._server import ModelServer, ServerOptions, host_and_port, serve
from tenon.serving.lifecycle import (
    All,
    AspiredVersionsManager,
    AvailabilityPreservingPolicy,
    FileSystemSource,
    Latest,
    PollResult,
    ServableToMonitor,
    Source,
    SourcePoller,
    Specific,
    VersionPolicy,
)
from tenon.serving.models import ModelServable, SavedModelLoader
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

__all__ = [
    "All",
    "AspiredVersionsManager",
    "AvailabilityPreservingPolicy",
    "FileSystemSource",
    "Latest",
    "Loader",
    "LoaderFactory",
    "Manager",
    "ModelServable",
    "ModelServer",
    "PollResult",
    "SavedModelLoader",
    "Servable",
    "ServableHandle",
    "ServableId",
    "ServableRequest",
    "ServableSignature",
    "ServableState",
    "ServableToMonitor",
    "ServerOptions",
    "Source",
    "SourcePoller",
    "Specific",
    "State",
    "VersionPolicy",
    "host_and_port",
    "serve",
]
