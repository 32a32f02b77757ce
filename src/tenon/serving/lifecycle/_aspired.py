"""Which version to load or unload next: a decision without state.

*Aspired* versions are wanted, not yet true. The manager shows a policy what is, the policy names one step towards what
is wanted, the manager takes it and asks again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenon.serving.servables import ServableId, State


@dataclass(frozen=True)
class AspiredServableStateSnapshot:
    """One version as a policy sees it.

    Args:
        id: the servable's name and version.
        state: where it stands.
        is_aspired: whether the source wants it.

    A version whose files were replaced is there twice: the one that answers, and its successor that is in ``START``.
    """

    id: ServableId
    state: State
    is_aspired: bool


@dataclass(frozen=True)
class Load:
    """Load this version, which is in ``START``."""

    id: ServableId


@dataclass(frozen=True)
class Unload:
    """Unload this version, which is ``AVAILABLE``."""

    id: ServableId


Action = Load | Unload


class AspiredVersionPolicy(ABC):
    """Decide the next step for the versions of one servable. Stateless: equal snapshots, equal answers."""

    @abstractmethod
    def next_action(self, versions: Sequence[AspiredServableStateSnapshot]) -> Action | None:
        """Return the one next action, or ``None`` if nothing is to be done now.

        Args:
            versions: every version of one name that has not ended well, in any order. A version in ``END`` has failed
                to load.
        """


class AvailabilityPreservingPolicy(AspiredVersionPolicy):
    """Load the new before unloading the old: never without an answer, at the price of both in memory.

    TensorFlow Serving's rules, in this order:

    1. Unload the lowest available version that is not aspired, provided that an aspired version is available, or
       nothing is aspired, or another version that is not aspired remains available.
    2. Otherwise load the highest aspired version that has not been tried.

    Example:
        >>> old = AspiredServableStateSnapshot(ServableId("m", 1), State.AVAILABLE, is_aspired=False)
        >>> new = AspiredServableStateSnapshot(ServableId("m", 2), State.START, is_aspired=True)
        >>> AvailabilityPreservingPolicy().next_action([old, new])
        Load(id=ServableId(name='m', version=2))
    """

    def next_action(self, versions: Sequence[AspiredServableStateSnapshot]) -> Action | None:
        """Apply the two rules."""
        aspired = [version for version in versions if version.is_aspired]
        unwanted = [v.id for v in versions if v.state is State.AVAILABLE and not v.is_aspired]
        answered = any(version.state is State.AVAILABLE for version in aspired)
        if unwanted and (answered or not aspired or len(unwanted) > 1):
            return Unload(min(unwanted))
        untried = [version.id for version in aspired if version.state is State.START]
        return Load(max(untried)) if untried else None


class ResourcePreservingPolicy(AspiredVersionPolicy):
    """Unload the old before loading the new: never both in memory, at the price of a time without an answer.

    TensorFlow Serving's rules, in this order:

    1. Unload the lowest available version that is not aspired, or whose successor waits.
    2. Wait until every version that is not aspired has ended.
    3. Load the highest aspired version that has not been tried.

    Example:
        >>> old = AspiredServableStateSnapshot(ServableId("m", 1), State.AVAILABLE, is_aspired=False)
        >>> new = AspiredServableStateSnapshot(ServableId("m", 2), State.START, is_aspired=True)
        >>> ResourcePreservingPolicy().next_action([old, new])
        Unload(id=ServableId(name='m', version=1))
    """

    def next_action(self, versions: Sequence[AspiredServableStateSnapshot]) -> Action | None:
        """Apply the three rules."""
        untried = {version.id for version in versions if version.is_aspired and version.state is State.START}
        available = [version for version in versions if version.state is State.AVAILABLE]
        if unwanted := [version.id for version in available if not version.is_aspired or version.id in untried]:
            return Unload(min(unwanted))
        if any(not version.is_aspired and version.state is not State.END for version in versions):
            return None
        ready = untried - {version.id for version in versions if version.state is State.UNLOADING}
        return Load(max(ready)) if ready else None


ASPIRED_VERSION_POLICIES: Mapping[str, type[AspiredVersionPolicy]] = {
    "availability": AvailabilityPreservingPolicy,
    "resource": ResourcePreservingPolicy,
}
"""The policies by the names that operators use."""
