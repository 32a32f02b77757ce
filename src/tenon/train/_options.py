"""How a checkpoint is written or read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class CheckpointOptions:
    """Options of saving and restoring, ``tf.train.CheckpointOptions``.

    Args:
        experimental_io_device: accepted and ignored: this process reads and writes.
        experimental_enable_async_checkpoint: the older name of ``enable_async``.
        experimental_write_callbacks: functions that are called when the checkpoint is on disk, with its path if they
            take an argument.
        enable_async: whether ``save`` and ``write`` copy the values and return, while a thread writes them.
        experimental_skip_slot_variables: whether ``restore`` leaves alone what optimizers keep beside variables.
        experimental_sharding_callback: accepted and ignored: a checkpoint has one data file.

    Example:
        >>> CheckpointOptions(enable_async=True).enable_async
        True
    """

    def __init__(
        self,
        experimental_io_device: str | None = None,
        experimental_enable_async_checkpoint: bool = False,
        experimental_write_callbacks: Sequence[Callable[..., Any]] | None = None,
        enable_async: bool = False,
        experimental_skip_slot_variables: bool = False,
        experimental_sharding_callback: Any = None,
    ) -> None:
        self.experimental_io_device = experimental_io_device
        self.enable_async = enable_async or experimental_enable_async_checkpoint
        self.experimental_write_callbacks = (
            None if experimental_write_callbacks is None else list(experimental_write_callbacks)
        )
        self.experimental_skip_slot_variables = experimental_skip_slot_variables
        self.experimental_sharding_callback = experimental_sharding_callback

    @property
    def experimental_enable_async_checkpoint(self) -> bool:
        """The older name of ``enable_async``."""
        return self.enable_async
