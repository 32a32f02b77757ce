"""Versions of a servable live, answer and die safely; the nouns are TensorFlow Serving's.

A *Source* finds versions, a *Loader* brings one to life as a *Servable*, a *Manager* keeps the aspired versions loaded
and hands out *ServableHandles*, a stateless policy decides which version to load or unload next.
"""

from tenon.serving._server import ModelServer, host_and_port, serve
from tenon.serving.configuration import ModelConfig, ModelServerConfig, ServedModel, ServerOptions
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
from tenon.serving.models import SavedModelLoader, SavedModelServable
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
    "AspiredVersionPolicy",
    "AspiredVersionsManager",
    "AvailabilityPreservingPolicy",
    "FileSystemSource",
    "Latest",
    "Loader",
    "LoaderFactory",
    "Manager",
    "ModelConfig",
    "ModelServer",
    "ModelServerConfig",
    "PollResult",
    "ResourcePreservingPolicy",
    "SavedModelLoader",
    "SavedModelServable",
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
