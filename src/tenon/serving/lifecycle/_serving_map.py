"""From a request to the version that answers it, in one look-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.serving.servables import ServableRequest

T = TypeVar("T")


class ServingMap(Generic[T]):
    """The available versions of every name, the newest of each precomputed.

    Used by one event loop. ``find`` costs one or two dictionary look-ups.

    Example:
        >>> serving = ServingMap[str]()
        >>> serving.replace("digits", {1: "old", 2: "new"})
        >>> serving.set_labels("digits", {"stable": 1})
        >>> serving.find(ServableRequest.latest("digits")), serving.find(ServableRequest("digits", label="stable"))
        ('new', 'old')
    """

    def __init__(self) -> None:
        self._labels: dict[str, Mapping[str, int]] = {}
        self._versions: dict[str, dict[int, T]] = {}
        self._latest: dict[str, T] = {}
        self._numbers: dict[str, tuple[int, ...]] = {}

    def replace(self, name: str, versions: Mapping[int, T]) -> None:
        """Make ``versions`` the available versions of ``name``; an empty mapping removes the name."""
        self._versions.pop(name, None)
        self._latest.pop(name, None)
        self._numbers.pop(name, None)
        if versions:
            self._versions[name] = dict(versions)
            self._numbers[name] = tuple(sorted(versions, reverse=True))
            self._latest[name] = versions[max(versions)]

    def available(self, name: str) -> tuple[int, ...]:
        """Return the available versions of ``name``, newest first."""
        return self._numbers.get(name, ())

    def set_labels(self, name: str, labels: Mapping[str, int]) -> None:
        """Make ``labels`` the labels of ``name``, all of them; their versions need not be available."""
        self._labels.pop(name, None)
        if labels:
            self._labels[name] = dict(labels)

    def labels(self, name: str) -> Mapping[str, int]:
        """Return the version that each label of ``name`` stands for."""
        return self._labels.get(name, {})

    def find(self, request: ServableRequest) -> T:
        """Return what is available under ``request``.

        Raises:
            InvalidArgumentError: the name has no such label.
            NotFoundError: the name is unknown or the version is not available. The texts are TensorFlow Serving's.
        """
        version = request.version if request.label is None else self._labelled(request.name, request.label)
        try:
            if version is None:
                return self._latest[request.name]
            return self._versions[request.name][version]
        except KeyError:
            asked = ServableRequest(request.name, version)
            raise NotFoundError(f"Servable not found for request: {asked}") from None

    def _labelled(self, name: str, label: str) -> int:
        try:
            return self._labels[name][label]
        except KeyError:
            raise InvalidArgumentError(f"Unrecognized servable version label: {label}") from None
