"""Versions of a servable live, answer and die safely; the nouns are TensorFlow Serving's.

A *Source* finds versions, a *Loader* brings one to life as a *Servable*, a *Manager* keeps the aspired versions loaded
and hands out *ServableHandles*, a stateless policy decides which version to load or unload next.
"""

from tenon.serving._aspired import AvailabilityPreservingPolicy
from tenon.serving._aspired_versions_manager import AspiredVersionsManager
from tenon.serving._loader import Loader, LoaderFactory
from tenon.serving._manager import Manager, ServableHandle
from tenon.serving._poller import SourcePoller
from tenon.serving._saved_model_loader import SavedModelLoader, SavedModelServable
from tenon.serving._servable import Servable, ServableId, ServableRequest, ServableSignature
from tenon.serving._server import ModelServer, ServerOptions, host_and_port, serve
from tenon.serving._source import FileSystemSource, PollResult, ServableToMonitor, Source
from tenon.serving._state import ServableState, State
from tenon.serving._version_policy import All, Latest, Specific, VersionPolicy

__all__ = [
    "All",
    "AspiredVersionsManager",
    "AvailabilityPreservingPolicy",
    "FileSystemSource",
    "Latest",
    "Loader",
    "LoaderFactory",
    "Manager",
    "ModelServer",
    "PollResult",
    "SavedModelLoader",
    "SavedModelServable",
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
