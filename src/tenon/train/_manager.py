"""Keep a folder of checkpoints: number, delete, go on from the latest, ``tf.train.CheckpointManager``."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from tenon.base import InvalidArgumentError
from tenon.train._checkpoint import Checkpoint
from tenon.train._files import delete_checkpoint, delete_leftovers
from tenon.train._options import CheckpointOptions
from tenon.train._state_file import PathLike, get_checkpoint_state, write_checkpoint_state
from tenon.train._sweep import Saved, SweepPolicy

_log = logging.getLogger("tenon.train")
_SECOND: Final = 1.0


class CheckpointManager:
    """Saves checkpoints into a folder and deletes old ones, ``tf.train.CheckpointManager``.

    What it knows is in the folder's file ``checkpoint``; a manager made in another process goes on with it. That file
    is written after the checkpoint and before anything is deleted, so that it never names less than there is.

    Args:
        checkpoint: what to save.
        directory: the folder; it is created by the first save.
        max_to_keep: how many of the newest checkpoints stay; ``None`` for all.
        keep_checkpoint_every_n_hours: of those that would be deleted, one stays for good when so many hours have passed
            since the last one that did; ``None`` for none.
        checkpoint_name: the beginning of the files' names.
        step_counter: the variable that counts steps, for ``checkpoint_interval``.
        checkpoint_interval: how many steps lie at least between two checkpoints.
        init_fn: called by ``restore_or_initialize`` where there is no checkpoint.
        last_checkpoint_step: the step of the last checkpoint, if it is known.

    Raises:
        InvalidArgumentError: ``max_to_keep`` is not positive, or there is an interval without a counter.

    Example:
        >>> import tempfile
        >>> from tenon.core.variables import Variable
        >>> manager = CheckpointManager(Checkpoint(step=Variable(1)), tempfile.mkdtemp(), max_to_keep=2)
        >>> paths = [manager.save() for _ in range(3)]
        >>> [path[-6:] for path in manager.checkpoints]
        ['ckpt-2', 'ckpt-3']
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: PathLike,
        max_to_keep: int | None,
        keep_checkpoint_every_n_hours: float | None = None,
        checkpoint_name: str = "ckpt",
        step_counter: Any = None,
        checkpoint_interval: int | None = None,
        init_fn: Callable[[], Any] | None = None,
        last_checkpoint_step: int | None = None,
    ) -> None:
        if max_to_keep is not None and max_to_keep <= 0:
            raise InvalidArgumentError(
                f"Expected a positive integer or `None` for `max_to_keep`, got {max_to_keep}. Use None to keep all."
            )
        if checkpoint_interval is not None and step_counter is None:
            raise InvalidArgumentError("`step_counter` should be passed if `checkpoint_interval` is not None.")
        self._checkpoint = checkpoint
        self._directory = os.fspath(directory)
        self._prefix = os.path.join(self._directory, checkpoint_name)  # noqa: PTH118  # paths stay as they were given
        self._policy = SweepPolicy(max_to_keep, keep_checkpoint_every_n_hours)
        self._step_counter = step_counter
        self._interval = checkpoint_interval
        self._last_step = last_checkpoint_step
        self._init_fn = init_fn
        self._latest: str | None = None
        self._saved: tuple[Saved, ...] = ()
        self._last_preserved = time.time() - _SECOND
        self._resume()
        delete_leftovers(self._prefix)

    def _resume(self) -> None:
        """Take over what an earlier manager wrote."""
        state = get_checkpoint_state(self._directory)
        if state is None:
            return
        now = time.time()
        self._latest = state.model_checkpoint_path
        self._last_preserved = min(state.last_preserved_timestamp, now)
        if state.last_preserved_timestamp > now:
            _log.warning("%s: the clock is behind the checkpoints that are there; they count as new.", self._directory)
        paths = state.all_model_checkpoint_paths
        times: Sequence[float] = state.all_model_checkpoint_timestamps or [0.0] * len(paths)  # saved without a manager
        saved = [Saved(path, min(moment, now)) for path, moment in zip(paths, times, strict=False)]
        self._saved = tuple([each for each in saved if each.time > self._last_preserved])

    @property
    def checkpoint(self) -> Checkpoint:
        """What is saved."""
        return self._checkpoint

    @property
    def directory(self) -> str:
        """The folder."""
        return self._directory

    @property
    def checkpoint_interval(self) -> int | None:
        """How many steps lie at least between two checkpoints."""
        return self._interval

    @property
    def latest_checkpoint(self) -> str | None:
        """The path of the latest checkpoint; ``None`` where there is none."""
        return self._latest

    @property
    def checkpoints(self) -> list[str]:
        """The paths of the checkpoints that are not kept for good, oldest first."""
        return [saved.path for saved in self._saved]

    def save(
        self, checkpoint_number: Any = None, check_interval: bool = True, options: CheckpointOptions | None = None
    ) -> str | None:
        """Write a checkpoint, note it as the latest, and delete old ones.

        Args:
            checkpoint_number: the number in its name, or a variable or tensor with it; ``None`` for the save counter.
            check_interval: whether to save only if ``checkpoint_interval`` steps have passed; without it, unless this
                very step is saved already.
            options: how to write.

        Returns:
            The path of the checkpoint; ``None`` where it was too early for one.

        Raises:
            UnimplementedError: a function is being traced.
            OSError: the file system refuses; nothing was deleted.
        """
        step = None if self._interval is None else int(self._step_counter)
        if step is not None and self._is_early(step, check_interval):
            return None
        number = None if checkpoint_number is None else int(checkpoint_number)
        path = self._checkpoint.write_numbered(self._prefix, number, self._note, options)
        self._last_step = self._last_step if step is None else step
        return path

    def _is_early(self, step: int, check_interval: bool) -> bool:
        if self._last_step is None or self._interval is None:
            return False
        return step == self._last_step or (check_interval and step < self._last_step + self._interval)

    def _note(self, path: str) -> None:
        """Enter a checkpoint that is on disk, and sweep."""
        others = tuple([saved for saved in self._saved if saved.path != path])
        self._saved = (*others, Saved(path, time.time()))
        self._latest = path
        self._record()
        sweep = self._policy.sweep(self._saved, self._last_preserved)
        for saved in sweep.deleted:
            delete_checkpoint(saved.path)
        self._saved, self._last_preserved = sweep.active, sweep.last_preserved
        self._record()

    def _record(self) -> None:
        times = [saved.time for saved in self._saved]
        write_checkpoint_state(self._directory, self.checkpoints, times, self._last_preserved)

    def restore_or_initialize(self) -> str | None:
        """Restore the latest checkpoint, or call ``init_fn`` where there is none.

        Returns:
            The path of the checkpoint, or ``None``.

        Raises:
            NotFoundError: its files are gone.
            DataLossError: it is damaged.
            InvalidArgumentError: a value has another shape or dtype than its variable.
        """
        if self._latest is None:
            if self._init_fn is not None:
                self._init_fn()
            return None
        self._checkpoint.restore(self._latest)
        if self._interval is not None:
            self._last_step = int(self._step_counter)
        return self._latest

    def sync(self) -> None:
        """Wait until what ``enable_async`` writes is on disk; what went wrong on its thread is raised here."""
        self._checkpoint.sync()
