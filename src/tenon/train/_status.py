"""What became of a restore: the objects that ``tf.train.Checkpoint.restore`` returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from tenon.base import FailedPreconditionError
from tenon.train._graph import Node, node_names, walk
from tenon.train._name_based import NameBasedRestoration
from tenon.train._restoration import Restoration

_SHOWN: Final = 10
_COUNTER: Final = "save_counter"


class UnmatchedError(FailedPreconditionError, AssertionError):
    """Values of a checkpoint and objects do not match as asserted; it is an ``AssertionError``, as in TensorFlow."""


class LoadStatus(ABC):
    """Tells how far a checkpoint and the objects match."""

    @abstractmethod
    def assert_consumed(self) -> Self:
        """Check that every value has an object, and every object with values a value.

        Returns:
            The status itself.

        Raises:
            UnmatchedError: one has none; the message names it. It is an ``AssertionError`` too.
        """

    @abstractmethod
    def assert_existing_objects_matched(self) -> Self:
        """Check that every object with values that exists now has a value; values may have no object yet.

        Returns:
            The status itself.

        Raises:
            UnmatchedError: one has none; the message names it. It is an ``AssertionError`` too.
        """

    @abstractmethod
    def assert_nontrivial_match(self) -> Self:
        """Check that anything but the root was matched.

        Returns:
            The status itself.

        Raises:
            UnmatchedError: nothing was. It is an ``AssertionError`` too.
        """

    @abstractmethod
    def expect_partial(self) -> Self:
        """Say that the checkpoint may hold more than the objects take, so that nobody is warned of it.

        Returns:
            The status itself.
        """

    @abstractmethod
    def run_restore_ops(self, session: Any = None) -> None:
        """Do nothing: values are given at once, or when their object appears.

        Args:
            session: ignored.
        """

    @abstractmethod
    def initialize_or_restore(self, session: Any = None) -> None:
        """Do nothing: variables have their values since they were created or restored.

        Args:
            session: ignored.
        """


class CheckpointLoadStatus(LoadStatus):
    """The status of a checkpoint with an object graph.

    Args:
        restoration: what was and will be restored.
        root: the root object; the status keeps it alive.
        attached: further children of the root.
    """

    def __init__(self, restoration: Restoration, root: Any, attached: Mapping[str, Any]) -> None:
        self._restoration = restoration
        self._root = root
        self._attached = attached

    def assert_consumed(self) -> Self:
        """Check that every value has an object, and every object with values a value."""
        self.assert_existing_objects_matched()
        progress = self._restoration.progress
        names = node_names(progress.graph)
        for number in sorted(progress.missing):
            raise UnmatchedError(
                f"Unresolved object in checkpoint {progress.path}: {names[number]} has values "
                f"{[attribute.checkpoint_key for attribute in progress.graph.nodes[number].attributes]}, but no object "
                f"here is its counterpart ({len(progress.missing)} such objects in all). Build the missing objects "
                "first, or use assert_existing_objects_matched() and expect_partial()."
            )
        for number, attributes in progress.unused.items():
            raise UnmatchedError(
                f"Unused attributes in checkpoint {progress.path}: {names[number]} has values {attributes}, but the "
                f"object here takes none: {self._restoration.object(number)!r}."
            )
        return self

    def assert_existing_objects_matched(self) -> Self:
        """Check that every object with values that exists now has a value; values may have no object yet."""
        self._restoration.settle()
        unmatched = self._unmatched()
        if unmatched:
            raise UnmatchedError(
                f"Found {len(unmatched)} Python objects that were not bound to checkpointed values, likely due to "
                f"changes in the Python program. {_shown(unmatched)}"
            )
        return self

    def assert_nontrivial_match(self) -> Self:
        """Check that anything but the root was matched."""
        self._restoration.settle()
        if self._restoration.matched_objects > 1:
            return self
        unmatched = self._unmatched()
        if unmatched:
            raise UnmatchedError(
                "Nothing except the root object matched a checkpointed value. Typically this means that the "
                f"checkpoint does not match the Python program. {_shown(unmatched)}"
            )
        raise UnmatchedError(f"Nothing to load. No dependencies have been added to {self._root!r} yet.")

    def expect_partial(self) -> Self:
        """Say that the checkpoint may hold more than the objects take, so that nobody is warned of it."""
        self._restoration.progress.expect_partial = True
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Do nothing: values are given at once, or when their object appears."""

    def initialize_or_restore(self, session: Any = None) -> None:
        """Do nothing: variables have their values since they were created or restored."""

    def _unmatched(self) -> list[Node]:
        nodes = walk(self._root, self._attached)
        slots = {number for node in nodes for _, _, number in node.slots}
        skipped = slots if self._restoration.skip_slots else set()
        return [
            node
            for number, node in enumerate(nodes)
            if node.tensors and number not in skipped and not self._restoration.knows(node.value)
        ]


class NameBasedStatus(LoadStatus):
    """The status of a checkpoint that goes by the names of variables, as ``tf.compat.v1.train.Saver`` writes them.

    Args:
        path: the checkpoint.
        restoration: what was restored.
    """

    def __init__(self, path: str, restoration: NameBasedRestoration) -> None:
        self._path = path
        self._restoration = restoration

    def assert_consumed(self) -> Self:
        """Check that every object with values has a value."""
        unmatched = [node for node in self._restoration.run() if node.path != _COUNTER]
        if unmatched:
            names = [node.path for node in unmatched[:_SHOWN]]
            raise UnmatchedError(
                f"{self._path} goes by the names of variables, and {len(unmatched)} objects have none of its names, "
                f"such as {names}. Name the variables as they were, or load single ones with tf.train.load_variable."
            )
        return self

    def assert_existing_objects_matched(self) -> Self:
        """Check that every object with values has a value."""
        return self.assert_consumed()

    def assert_nontrivial_match(self) -> Self:
        """Check that every object with values has a value."""
        return self.assert_consumed()

    def expect_partial(self) -> Self:
        """Return the status: nobody is warned of values without a variable."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Do nothing: values are given at once."""

    def initialize_or_restore(self, session: Any = None) -> None:
        """Do nothing: variables have their values since they were created or restored."""


class InitializationOnlyStatus(LoadStatus):
    """The status where there was nothing to restore: ``restore(None)``."""

    def assert_consumed(self) -> Self:
        """Refuse: there is no checkpoint."""
        raise _nothing_restored()

    def assert_existing_objects_matched(self) -> Self:
        """Refuse: there is no checkpoint."""
        raise _nothing_restored()

    def assert_nontrivial_match(self) -> Self:
        """Refuse: there is no checkpoint."""
        raise _nothing_restored()

    def expect_partial(self) -> Self:
        """Return the status."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Refuse: there is no checkpoint."""
        del session
        raise _nothing_restored()

    def initialize_or_restore(self, session: Any = None) -> None:
        """Do nothing: variables have their values since they were created."""


def _nothing_restored() -> UnmatchedError:
    return UnmatchedError("No checkpoint specified (save_path=None); nothing is being restored.")


def _shown(nodes: Iterable[Node]) -> str:
    listed = [f"{node.path or '(root)'}: {node.value!r}" for node in nodes]
    return f"Showing {min(_SHOWN, len(listed))} of {len(listed)} unmatched objects: {listed[:_SHOWN]}"
