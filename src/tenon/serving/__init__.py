"""Versions of a servable live, answer and die safely; the nouns are TensorFlow Serving's.

A *Source* finds versions, a *Loader* brings one to life as a *Servable*, a *Manager* keeps the aspired versions loaded
and hands out *ServableHandles*, a stateless policy decides which version to load or unload next.
"""

from tenon.serving._loader import Loader, LoaderFactory
from tenon.serving._manager import Manager, ServableHandle
from tenon.serving._servable import Servable, ServableId, ServableRequest, ServableSignature
from tenon.serving._state import ServableState, State

__all__ = [
    "Loader",
    "LoaderFactory",
    "Manager",
    "Servable",
    "ServableHandle",
    "ServableId",
    "ServableRequest",
    "ServableSignature",
    "ServableState",
    "State",
]
