"""Where values of restored checkpoints wait for objects that are not there yet.

An object that tells of its new attributes is looked at when it does. Lists and dicts cannot tell: they are looked at
whenever an attribute is set or a variable is used anywhere, so before anybody can see that a value is missing. While
nobody waits, nothing is observed.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tenon.base import TenonError
from tenon.core.variables import observers
from tenon.train._places import Place, Reference, place_of, reference
from tenon.train._trackable import known_type

_KEEPER: Final = "_tenon_keeper"
_log = logging.getLogger("tenon.train")


class Matcher(Protocol):
    """Takes the objects that were waited for."""

    def match(self, number: int, value: Any, place: Place) -> None:
        """Match a node with an object."""

    @property
    def complete(self) -> bool:
        """Whether every value has its object, so that there is nothing to wait for."""


@dataclass(eq=False)
class Waiter:
    """Waits for children of one object.

    Attributes:
        matcher: takes them.
        place: where the object is.
        names: the nodes that are waited for, by name.
    """

    matcher: Matcher
    place: Place
    names: dict[str, int]
    _first: int = field(default=0, init=False)

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return not self.names or self.matcher.complete

    def look(self, name: str | None = None) -> bool:
        """Take what is there now, or only what is there under ``name``; tell whether there was anything to take."""
        return self.look_into(self.place.value(), name)

    def look_into(self, value: Any, name: str | None = None) -> bool:
        """Do as ``look`` with the object itself."""
        if not self._may_have(value):
            return False
        before = len(self.names)
        for wanted in [wanted for wanted in self.names if name is None or wanted == name]:
            child = known_type(value).child(value, wanted)
            if child is not None:
                self.matcher.match(self.names.pop(wanted), child, place_of(child, self.place, wanted))
        self._first = min([int(wanted) for wanted in self.names if wanted.isdecimal()], default=0)
        return len(self.names) < before

    def is_due(self) -> bool:
        """Tell, in less than a microsecond, whether it is worth to look."""
        return self._may_have(self.place.value())

    def _may_have(self, value: Any) -> bool:
        if isinstance(value, list):
            return self._first < len(value)
        if isinstance(value, dict):
            return not self.names.keys().isdisjoint(value)
        return value is not None


class Keeper:
    """Belongs to an object and holds its lists and dicts in which something is waited for.

    When the object goes, what came into them last is taken before anybody else can use it.
    """

    def __init__(self) -> None:
        self._containers: dict[Waiter, Any] = {}

    def keep(self, waiter: Waiter) -> None:
        """Hold what a waiter looks into, as it is now."""
        self._containers[waiter] = waiter.place.value()

    def keep_again(self, name: str) -> None:
        """Hold what is there now, where an attribute has been set."""
        for waiter in self._containers:
            if waiter.place.path[0] == name:
                self.keep(waiter)

    def __del__(self) -> None:
        for waiter, value in [] if sys.is_finalizing() else self._containers.items():
            try:
                if not waiter.over:
                    waiter.look_into(value)
            except (TenonError, OSError) as error:
                _log.warning("A value that was restored late could not be given: %s", error)

    def __reduce__(self) -> Any:
        return Keeper, ()


def _keeper(holder: Any) -> Keeper:
    found: Keeper = getattr(holder, "__dict__", {}).setdefault(_KEEPER, Keeper())
    return found


class WaitingRoom:
    """Holds the waiters, and is the one who observes for them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._waiters: dict[int, list[Waiter]] = {}
        self._ends: dict[int, Reference] = {}
        self._in_containers: list[Waiter] = []
        self._busy = False

    def add(self, waiter: Waiter) -> None:
        """Let a waiter in, until what it waits for is there or the object is gone in which it would appear."""
        holder = waiter.place.holder()
        if holder is None:
            return
        if waiter.place.path:
            _keeper(holder).keep(waiter)
        with self._lock:
            key = id(holder)
            self._waiters.setdefault(key, []).append(waiter)
            self._ends.setdefault(key, reference(holder, lambda: self._forget(key)))
            self._note_change()

    def attribute_set(self, owner: Any, name: str) -> None:
        """Look at what may have got a child."""
        with self._lock:
            if _KEEPER in getattr(owner, "__dict__", {}):
                _keeper(owner).keep_again(name)
            own = [waiter for waiter in self._waiters.get(id(owner), ()) if not waiter.place.path]
            self._look([waiter for waiter in own if waiter.place.holder() is owner], name)
            self._look([waiter for waiter in self._all() if not _tells(waiter)])

    def variable_used(self, variable: Any) -> None:  # noqa: ARG002  # which one does not matter
        """Look at lists and dicts, in which the variable may be since a moment ago."""
        due = [waiter for waiter in self._in_containers if waiter.is_due()]
        if due:
            with self._lock:
                if not self._busy:
                    self._look(due)

    def look(self) -> None:
        """Look at everything."""
        with self._lock:
            self._look(self._all())

    def _all(self) -> list[Waiter]:
        return [waiter for waiters in self._waiters.values() for waiter in waiters]

    def _look(self, waiters: Sequence[Waiter], name: str | None = None) -> None:
        before, self._busy = self._busy, True
        try:
            found = [waiter for waiter in tuple(waiters) if waiter.look(name)]
        finally:
            self._busy = before
        if found:
            self._leave()

    def _leave(self) -> None:
        for key, waiters in list(self._waiters.items()):
            waiters[:] = [waiter for waiter in waiters if not waiter.over]
            if not waiters:
                self._waiters.pop(key)
                holder = self._ends.pop(key)()
                getattr(holder, "__dict__", {}).pop(_KEEPER, None)
        self._note_change()

    def _forget(self, key: int) -> None:
        with self._lock:
            self._waiters.pop(key, None)
            self._ends.pop(key, None)
            self._note_change()

    def _note_change(self) -> None:
        self._in_containers = [waiter for waiter in self._all() if waiter.place.path]
        if self._waiters and self not in observers:
            observers.append(self)
        elif not self._waiters and self in observers:
            observers.remove(self)


def _tells(waiter: Waiter) -> bool:
    holder = waiter.place.holder()
    return not waiter.place.path and holder is not None and known_type(holder).tells


ROOM: Final = WaitingRoom()
"""The one waiting room."""
