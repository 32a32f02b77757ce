"""Follow a folder: yield its latest checkpoint whenever there is a new one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tenon.train._state_file import PathLike, latest_checkpoint

_POLL_SECONDS = 1.0


def checkpoints_iterator(
    checkpoint_dir: PathLike,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """Yield the latest checkpoint of a folder, then each time a newer one, ``tf.train.checkpoints_iterator``.

    Checkpoints that come while the caller works are skipped but for the latest.

    Args:
        checkpoint_dir: the folder.
        min_interval_secs: seconds between two yields at least.
        timeout: seconds to wait for a new checkpoint; ``None`` for ever.
        timeout_fn: called when the time is over; the iterator ends if it returns true, else it waits on. Without it,
            it ends.

    Example:
        >>> import tempfile
        >>> list(checkpoints_iterator(tempfile.mkdtemp(), timeout=0))
        []
    """
    last: str | None = None
    while True:
        new = _next(checkpoint_dir, last, timeout)
        if new is None:
            if timeout_fn is None or timeout_fn():
                return
            continue
        start, last = time.monotonic(), new
        yield new
        time.sleep(max(0.0, start + min_interval_secs - time.monotonic()))


def _next(folder: PathLike, last: str | None, timeout: float | None) -> str | None:
    """Wait for a checkpoint other than ``last``; ``None`` when the time is over."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        path = latest_checkpoint(folder)
        if path is not None and path != last:
            return path
        rest = _POLL_SECONDS if end is None else min(_POLL_SECONDS, end - time.monotonic())
        if rest <= 0:
            return None
        time.sleep(rest)
