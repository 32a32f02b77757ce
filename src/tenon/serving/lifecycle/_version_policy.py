"""Which of the versions found are aspired: a decision without state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass

from tenon.base import InvalidArgumentError


class VersionPolicy(ABC):
    """Choose versions to serve among those found."""

    @abstractmethod
    def choose(self, found: Collection[int]) -> tuple[int, ...]:
        """Return the versions wanted, newest first; they may include versions that were not found."""


@dataclass(frozen=True)
class Latest(VersionPolicy):
    """Serve the highest versions.

    Args:
        num_versions: how many.

    Raises:
        InvalidArgumentError: ``num_versions`` is below 1.

    Example:
        >>> Latest(2).choose([1, 10, 9])
        (10, 9)
    """

    num_versions: int = 1

    def __post_init__(self) -> None:
        if self.num_versions < 1:
            raise InvalidArgumentError(
                f"num_versions: a policy 'latest' serves at least 1 version; received {self.num_versions}. "
                "To serve none, remove the model."
            )

    def choose(self, found: Collection[int]) -> tuple[int, ...]:
        """Return the ``num_versions`` highest."""
        return tuple(sorted(found, reverse=True)[: self.num_versions])


@dataclass(frozen=True)
class All(VersionPolicy):
    """Serve every version found.

    Example:
        >>> All().choose([1, 10, 9])
        (10, 9, 1)
    """

    def choose(self, found: Collection[int]) -> tuple[int, ...]:
        """Return all."""
        return tuple(sorted(found, reverse=True))


@dataclass(frozen=True)
class Specific(VersionPolicy):
    """Serve exactly these versions.

    Args:
        versions: the versions; none at all is allowed and serves nothing.

    Example:
        >>> Specific((1, 3)).choose([1, 2])
        (3, 1)
    """

    versions: tuple[int, ...]

    def choose(self, found: Collection[int]) -> tuple[int, ...]:
        """Return the versions pinned, found or not."""
        del found  # what is pinned does not depend on it
        return tuple(sorted(set(self.versions), reverse=True))


@dataclass(frozen=True)
class AnyOf(VersionPolicy):
    """Serve what any of several policies chooses.

    Args:
        policies: the policies.

    Example:
        >>> AnyOf((Latest(), Specific((3,)))).choose([1, 3, 9])
        (9, 3)
    """

    policies: tuple[VersionPolicy, ...]

    def choose(self, found: Collection[int]) -> tuple[int, ...]:
        """Return the union."""
        return tuple(sorted({version for policy in self.policies for version in policy.choose(found)}, reverse=True))
