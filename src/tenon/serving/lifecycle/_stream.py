"""All versions of one servable: those wanted, those alive, those that ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tenon.serving.lifecycle._aspired import AspiredServableStateSnapshot
from tenon.serving.lifecycle._harness import LoaderHarness
from tenon.serving.servables import LoaderFactory, ServableId, ServableState, State

_ENDED_KEPT = 100
"""Ended versions listed per name: TensorFlow Serving keeps all for ever, which grows without end in a long life."""


class ServableStream:
    """The sequence of versions of one servable (TensorFlow Serving's word), and what is wanted of it.

    Invariant: a harness in ``END`` that is still here failed to load and is aspired. It stays, so that the version is
    not tried again before ``retry`` is called, or it is un-aspired and aspired anew. Every other ended version is only
    remembered.

    A version whose files were replaced has a *successor*, which takes its place when it answers; the one before is
    then *superseded* and unloaded.

    Args:
        name: the servable's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._aspired: Mapping[int, LoaderFactory] = {}
        self._harnesses: dict[int, LoaderHarness] = {}
        self._successors: dict[int, LoaderHarness] = {}
        self._superseded: list[LoaderHarness] = []
        self._ended: dict[int, ServableState] = {}
        self._failures: Counter[int] = Counter()

    @property
    def is_alive(self) -> bool:
        """Whether any version has yet to end."""
        return any(harness.state is not State.END for harness in self._all())

    def aspired(self) -> tuple[int, ...]:
        """Return the versions wanted, newest first."""
        return tuple(sorted(self._aspired, reverse=True))

    def harness(self, version: int, state: State) -> LoaderHarness:
        """Return the harness of a version that is in ``state``; of two, the one that should go before the other."""
        return next(harness for harness in self._all() if harness.id.version == version and harness.state is state)

    def available(self) -> dict[int, LoaderHarness]:
        """Return the versions that answer."""
        return {v: harness for v, harness in self._harnesses.items() if harness.state is State.AVAILABLE}

    def states(self) -> tuple[ServableState, ...]:
        """Return the state of every version, newest version first."""
        states = self._ended | {version: harness.status() for version, harness in self._harnesses.items()}
        return tuple(states[version] for version in sorted(states, reverse=True))

    def failed(self) -> tuple[int, ...]:
        """Return the versions whose load failed and which are still wanted, newest first."""
        failed = (v for v, harness in self._harnesses.items() if harness.state is State.END)
        return tuple(sorted(failed, reverse=True))

    def snapshots(self) -> list[AspiredServableStateSnapshot]:
        """Return what a policy decides on."""
        return [AspiredServableStateSnapshot(h.id, h.state, h.is_aspired) for h in self._all()]

    def aspire(self, versions: Mapping[int, LoaderFactory]) -> bool:
        """Replace what is wanted; return whether other versions are wanted than before.

        A version that is wanted again while it still answers, waits or loads simply goes on; one that is unloading
        ends first and is then loaded anew.
        """
        before, self._aspired = self._aspired, dict(versions)
        if versions.keys() == before.keys():
            return False
        self.refresh()
        return True

    def replace(self, version: int) -> bool:
        """Begin the successor of a version that answers; return whether it did: not while another one loads."""
        harness, successor = self._harnesses.get(version), self._successors.get(version)
        answers = harness is not None and harness.is_aspired and harness.state is State.AVAILABLE
        if not answers or (successor is not None and successor.state is not State.START):
            return False
        if successor is not None:
            successor.give_up()
        self._successors[version] = LoaderHarness(ServableId(self._name, version), self._aspired[version]())
        return True

    def retire(self, harness: LoaderHarness) -> None:
        """Remember a version that has ended, and begin it anew if it is wanted again."""
        if harness in self._superseded:
            self._superseded.remove(harness)
        else:
            self._forget(harness.id.version)
        self.refresh()

    def retry(self, version: int, harness: LoaderHarness | None = None) -> bool:
        """Begin a version anew if its load failed; return whether it had.

        With a ``harness``, only if it is the one that failed; without one, earlier failures are forgotten.
        """
        current = self._harnesses.get(version)
        if current is None or current.state is not State.END or harness not in (None, current):
            return False
        if harness is None:
            del self._failures[version]
        self.retire(current)
        return True

    def count_failure(self, harness: LoaderHarness) -> int:
        """Return how many loads of a version have failed in a row; 0 for one that is not to be tried again."""
        version = harness.id.version
        if self._harnesses.get(version) is not harness:
            return 0
        self._failures[version] += 1
        return self._failures[version]

    def refresh(self) -> None:
        """Bring the harnesses in line with what is wanted, as far as that needs neither load nor unload."""
        for version in list(self._successors):
            self._succeed(version)
        for version, harness in list(self._harnesses.items()):
            harness.is_aspired = version in self._aspired
            if harness.state is State.AVAILABLE or not harness.is_aspired:
                del self._failures[version]
            if not harness.is_aspired:
                self._drop_idle(version, harness)
        for version, make_loader in self._aspired.items():
            if version not in self._harnesses:
                self._ended.pop(version, None)
                self._harnesses[version] = LoaderHarness(ServableId(self._name, version), make_loader())

    def _all(self) -> Iterator[LoaderHarness]:
        yield from self._superseded
        yield from self._harnesses.values()
        yield from self._successors.values()

    def _succeed(self, version: int) -> None:
        """Let a successor take its place if it answers or nothing is in it, or drop it if nobody needs it."""
        successor, before = self._successors[version], self._harnesses.get(version)
        successor.is_aspired = version in self._aspired
        if successor.state is State.START and not successor.is_aspired:
            successor.give_up()
        if successor.state is State.END:
            del self._successors[version]
        elif before is None or successor.state is State.AVAILABLE:
            self._ended.pop(version, None)
            self._harnesses[version] = self._successors.pop(version)
            if before is not None:
                before.is_aspired = False
                self._superseded.append(before)

    def _drop_idle(self, version: int, harness: LoaderHarness) -> None:
        if harness.state is State.START:
            harness.give_up()
        if harness.state is State.END:
            self._forget(version)

    def _forget(self, version: int) -> None:
        self._ended[version] = self._harnesses.pop(version).status()
        while len(self._ended) > _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
