"""Versions are found, loaded, kept and unloaded: sources, policies, and the manager that obeys them."""

from tenon.serving.lifecycle._aspired import (
    ASPIRED_VERSION_POLICIES,
    AspiredVersionPolicy,
    AvailabilityPreservingPolicy,
    ResourcePreservingPolicy,
)
from tenon.serving.lifecycle._aspired_versions_manager import AspiredVersionsManager
from tenon.serving.lifecycle._observer import LifecycleObserver
from tenon.serving.lifecycle._poller import SourcePoller
from tenon.serving.lifecycle._serving_map import ServingMap
from tenon.serving.lifecycle._source import FileSystemSource, PollResult, ServableToMonitor, Source
from tenon.serving.lifecycle._version_policy import All, AnyOf, Latest, Specific, VersionPolicy

__all__ = [
    "ASPIRED_VERSION_POLICIES",
    "All",
    "AnyOf",
    "AspiredVersionPolicy",
    "AspiredVersionsManager",
    "AvailabilityPreservingPolicy",
    "FileSystemSource",
    "Latest",
    "LifecycleObserver",
    "PollResult",
    "ResourcePreservingPolicy",
    "ServableToMonitor",
    "ServingMap",
    "Source",
    "SourcePoller",
    "Specific",
    "VersionPolicy",
]
