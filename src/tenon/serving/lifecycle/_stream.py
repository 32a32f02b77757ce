"""All versions of one servable: those wanted, those alive, those that ended."""

from __future__ import annotations

from collections.abc import Mapping

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

    Args:
        name: the servable's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._aspired: Mapping[int, LoaderFactory] = {}
        self._harnesses: dict[int, LoaderHarness] = {}
        self._ended: dict[int, ServableState] = {}

    @property
    def is_alive(self) -> bool:
        """Whether any version has yet to end."""
        return any(harness.state is not State.END for harness in self._harnesses.values())

    def harness(self, version: int) -> LoaderHarness:
        """Return the harness of a version that is alive."""
        return self._harnesses[version]

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
        return [AspiredServableStateSnapshot(h.id, h.state, h.is_aspired) for h in self._harnesses.values()]

    def aspire(self, versions: Mapping[int, LoaderFactory]) -> bool:
        """Replace what is wanted; return whether that differs from before.

        A version that is wanted again while it still answers, waits or loads simply goes on; one that is unloading
        ends first and is then loaded anew.
        """
        if versions.keys() == self._aspired.keys():
            return False
        self._aspired = dict(versions)
        self.refresh()
        return True

    def retire(self, version: int) -> None:
        """Remember a version that has ended, and begin it anew if it is wanted again."""
        self._forget(version)
        self.refresh()

    def retry(self, version: int) -> bool:
        """Begin a version anew if its load failed; return whether it had."""
        harness = self._harnesses.get(version)
        if harness is None or harness.state is not State.END:
            return False
        self.retire(version)
        return True

    def refresh(self) -> None:
        """Bring the harnesses in line with what is wanted, as far as that needs neither load nor unload."""
        for version, harness in list(self._harnesses.items()):
            harness.is_aspired = version in self._aspired
            if not harness.is_aspired:
                self._drop_idle(version, harness)
        for version, make_loader in self._aspired.items():
            if version not in self._harnesses:
                self._ended.pop(version, None)
                self._harnesses[version] = LoaderHarness(ServableId(self._name, version), make_loader())

    def _drop_idle(self, version: int, harness: LoaderHarness) -> None:
        if harness.state is State.START:
            harness.give_up()
        if harness.state is State.END:
            self._forget(version)

    def _forget(self, version: int) -> None:
        self._ended[version] = self._harnesses.pop(version).status()
        while len(self._ended) > _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
