"""The nouns that every part of serving shares: servables, their loaders, their states, and who hands them out."""

from tenon.serving.servables._loader import Loader, LoaderFactory
from tenon.serving.servables._manager import Manager, ServableHandle
from tenon.serving.servables._servable import (
    DEFAULT_RUN_OPTIONS,
    Priority,
    RunOptions,
    RunTimes,
    Servable,
    ServableId,
    ServableRequest,
    ServableSignature,
)
from tenon.serving.servables._state import LEGAL_TRANSITIONS, ServableState, State

__all__ = [
    "DEFAULT_RUN_OPTIONS",
    "LEGAL_TRANSITIONS",
    "Loader",
    "LoaderFactory",
    "Manager",
    "Priority",
    "RunOptions",
    "RunTimes",
    "Servable",
    "ServableHandle",
    "ServableId",
    "ServableRequest",
    "ServableSignature",
    "ServableState",
    "State",
]
