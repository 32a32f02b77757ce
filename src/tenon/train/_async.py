"""Checkpoints of large models, on Orbax: written by every process in the background, each its part."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tenon.base import (
    AbortedError,
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    require_extra,
)
from tenon.train._checkpoint import Checkpoint
from tenon.train._orbax import OrbaxSource, as_arrays, make_manager, packed_checkpoint, save_arguments
from tenon.train._restoration import Restoration
from tenon.train._retention import KeepAll, RetentionPolicy
from tenon.train._source import object_graph
from tenon.train._state_file import PathLike


class AsyncCheckpointer:
    """Saves steps of a training in the background, and deletes old ones.

    ``save`` returns when the values are copied from the devices. Steps appear whole or not at all, so that a killed
    process leaves the last complete one. With several processes, all of them save and restore, each its part of the
    arrays. What goes wrong in the background is raised by the next call.

    Args:
        directory: the folder of the steps; it is created.
        retention: which steps stay; all if it is left out. The latest one always does.

    Raises:
        MissingExtraError: Orbax is not installed (``pip install 'tenon-ml[orbax]'``).
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from tenon.train import KeepLatest
        >>> weights = {"w": np.zeros((2, 2), np.float32)}
        >>> with AsyncCheckpointer(tempfile.mkdtemp(), KeepLatest(2)) as checkpointer:
        ...     for step in range(4):
        ...         checkpointer.save(step, weights)
        ...     checkpointer.wait()
        ...     checkpointer.steps, checkpointer.restore()["w"].shape
        ((2, 3), (2, 2))
    """

    def __init__(self, directory: PathLike, retention: RetentionPolicy | None = None) -> None:
        (self._orbax,) = require_extra("orbax")
        self._directory = os.fspath(directory)
        self._metrics: dict[int, Mapping[str, float]] = {}
        self._closed = False
        self._manager = make_manager(self._orbax, self._directory, retention or KeepAll(), self._metrics)
        for step in self._manager.all_steps():
            self._metrics[step] = self._manager.metadata(step).custom_metadata or {}

    @property
    def steps(self) -> tuple[int, ...]:
        """The numbers of the steps that are saved or being saved."""
        self._check_open()
        return tuple(sorted(self._manager.all_steps()))

    @property
    def latest_step(self) -> int | None:
        """The largest number of a step that is saved or being saved; ``None`` where there is none."""
        return max(self.steps, default=None)

    def metrics(self, step: int) -> Mapping[str, float]:
        """Return what was measured at a step.

        Raises:
            NotFoundError: there is no such step.
        """
        return dict(self._metrics[self._checked(step)])

    def save(self, step: int, checkpoint_or_pytree: Any, metrics: Mapping[str, float] | None = None) -> None:
        """Save a step in the background.

        Args:
            step: its number.
            checkpoint_or_pytree: a ``Checkpoint``; or nested dicts, lists and tuples of arrays, tensors, variables and
                numbers.
            metrics: what was measured at this step, for policies that keep the best.

        Raises:
            AlreadyExistsError: the step is there already.
            AbortedError: an earlier step could not be saved; this one was not begun.
            InvalidArgumentError: something in the pytree cannot be saved.
        """
        self.wait()
        if step in self._manager.all_steps():
            raise AlreadyExistsError(f"step: {step} is saved already in {self._directory}; save under another number.")
        if isinstance(checkpoint_or_pytree, Checkpoint):
            state, info = packed_checkpoint(checkpoint_or_pytree.snapshot())
        else:
            state, info = as_arrays(checkpoint_or_pytree), {}
        measured = {name: float(value) for name, value in (metrics or {}).items()}
        self._metrics[step] = measured
        arguments = save_arguments(self._orbax, state, info)
        # Without force a step with a smaller number than the latest is skipped in silence.
        self._manager.save(step, args=arguments, custom_metadata=measured, force=True)

    def wait(self) -> None:
        """Wait until everything is on disk and old steps are deleted.

        Raises:
            AbortedError: a step could not be saved; the cause is chained.
            FailedPreconditionError: the checkpointer is closed.
        """
        self._check_open()
        try:
            self._manager.wait_until_finished()
            self._manager.check_for_errors()
        except Exception as error:
            self._manager.reload()
            raise AbortedError(
                f"{self._directory}: a step could not be saved in the background, and is not there: {error}. "
                f"The steps that are there: {list(self.steps)}."
            ) from error

    def restore(self, step: int | None = None, target: Any = None) -> Any:
        """Give back what was saved at a step.

        Args:
            step: its number; ``None`` for the largest.
            target: a ``Checkpoint``, whose objects get the values, on the devices where their present values are; or a
                pytree like the saved one, whose leaves say by their ``sharding`` where arrays shall lie (arrays,
                ``jax.ShapeDtypeStruct``); or ``None``.

        Returns:
            The status of the restore, for a ``Checkpoint``; else the pytree: arrays of JAX where the target has a
            sharding, and of NumPy elsewhere. Without target, tuples come back as lists.

        Raises:
            NotFoundError: there is no such step, or none at all.
            InvalidArgumentError: the target has another structure than what was saved, or other shapes or dtypes.
            AbortedError: an earlier step could not be saved.
        """
        self.wait()
        chosen = self._checked(self.latest_step if step is None else step)
        source = OrbaxSource(self._orbax, self._manager, chosen)
        if not isinstance(target, Checkpoint):
            return source.pytree() if target is None else source.pytree_like(as_arrays(target))
        graph = object_graph(source, source.name)
        if graph is None:
            raise InvalidArgumentError(
                f"target: {source.name} holds a pytree, no Checkpoint; restore it without target, or with a pytree."
            )
        return target.start(Restoration(source.name, source, graph))

    def delete(self, step: int) -> None:
        """Delete a step, such as one that training was rolled back from.

        Raises:
            NotFoundError: there is no such step.
            AbortedError: an earlier step could not be saved.
        """
        self.wait()
        self._manager.delete(self._checked(step))
        del self._metrics[step]

    def close(self) -> None:
        """Wait until everything is on disk, and end; a second call does nothing.

        Raises:
            AbortedError: a step could not be saved.
        """
        if self._closed:
            return
        try:
            self.wait()
        finally:
            self._closed = True
            self._manager.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _checked(self, step: int | None) -> int:
        if step is None or step not in self.steps:
            wanted = "no step" if step is None else f"no step {step}"
            raise NotFoundError(f"{self._directory}: there is {wanted}; the steps are {list(self.steps)}.")
        return step

    def _check_open(self) -> None:
        if self._closed:
            raise FailedPreconditionError(f"{self._directory}: the checkpointer is closed. Make a new one.")
