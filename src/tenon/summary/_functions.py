"""``tf.summary``: functions that write to the default writer, also whenever a traced function runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np

from tenon.core.callbacks import tell
from tenon.core.tensors import Tensor, array_of, constant
from tenon.core.variables import full_name
from tenon.summary._defaults import DEFAULTS
from tenon.summary._histogram import DEFAULT_BUCKETS
from tenon.summary._writer import SummaryWriter

Write = Callable[[SummaryWriter, str, Any, int], None]


def create_file_writer(
    logdir: str | os.PathLike[str],
    max_queue: int | None = None,
    flush_millis: int | None = None,
    filename_suffix: str | None = None,
    name: str | None = None,
) -> SummaryWriter:
    """Return a writer of an event file, ``tf.summary.create_file_writer``.

    Args:
        logdir: the run's folder; created when missing.
        max_queue: ignored: the file is buffered by size.
        flush_millis: ignored: ``flush``, ``close`` and the end of ``as_default`` make what was written visible.
        filename_suffix: appended to the event file's name.
        name: ignored.

    Raises:
        OSError: the folder or the file cannot be created.

    Example:
        >>> import tempfile
        >>> with create_file_writer(tempfile.mkdtemp()).as_default(step=1):
        ...     scalar("loss", 0.25).numpy()
        np.True_
    """
    del max_queue, flush_millis, name
    return SummaryWriter(logdir, filename_suffix or "")


def create_noop_writer() -> Any:
    """Return a writer that writes nothing, ``tf.summary.create_noop_writer``.

    Example:
        >>> with create_noop_writer().as_default():
        ...     scalar("loss", 0.25, step=1).numpy()
        np.False_
    """
    return _NoWriter()


class _NoWriter:
    closed = False

    @contextmanager
    def as_default(self, step: Any = None) -> Iterator[None]:
        del step
        before, DEFAULTS.writer = DEFAULTS.writer, None
        try:
            yield
        finally:
            DEFAULTS.writer = before

    def set_as_default(self, step: Any = None) -> None:
        del step
        DEFAULTS.writer = None

    def init(self) -> None:
        """Do nothing."""

    flush = close = init


def scalar(name: str, data: Any, step: Any = None, description: str | None = None) -> Tensor:
    """Write a number, ``tf.summary.scalar``.

    Args:
        name: the tag; scopes of ``tf.name_scope`` come before it.
        data: a real number.
        step: an integer, tensor or variable; ``None`` for the default step.
        description: Markdown.

    Returns:
        Whether there is a writer that writes it.

    Raises:
        ValueError: there is no step, or ``data`` is no scalar.
        RuntimeError: the writer is closed.
    """
    array = array_of(data)
    if array.shape:
        raise ValueError(f"Expected scalar shape, saw shape: {tuple(array.shape)}.")

    def write(writer: SummaryWriter, tag: str, value: Any, number: int) -> None:
        writer.scalar(tag, value, number, description)

    return _written(name, array, step, write)


def histogram(
    name: str, data: Any, step: Any = None, buckets: int | None = None, description: str | None = None
) -> Tensor:
    """Write how values are distributed, ``tf.summary.histogram``; see ``scalar``.

    Args:
        name: the tag.
        data: numbers of any shape.
        step: an integer, tensor or variable; ``None`` for the default step.
        buckets: how many; ``None`` for 30.
        description: Markdown.
    """

    def write(writer: SummaryWriter, tag: str, value: Any, number: int) -> None:
        writer.histogram(tag, value, number, DEFAULT_BUCKETS if buckets is None else buckets, description)

    return _written(name, array_of(data), step, write)


def image(name: str, data: Any, step: Any = None, max_outputs: int = 3, description: str | None = None) -> Tensor:
    """Write pictures, ``tf.summary.image``; see ``scalar``.

    Args:
        name: the tag.
        data: ``[k, height, width, channels]``, floats in [0, 1] or uint8.
        step: an integer, tensor or variable; ``None`` for the default step.
        max_outputs: how many of the pictures are written at most.
        description: Markdown.
    """

    def write(writer: SummaryWriter, tag: str, value: Any, number: int) -> None:
        writer.image(tag, value, number, max_outputs, description)

    return _written(name, array_of(data), step, write)


def text(name: str, data: Any, step: Any = None, description: str | None = None) -> Tensor:
    """Write Markdown, ``tf.summary.text``; see ``scalar``.

    Args:
        name: the tag.
        data: a string or a tensor of strings.
        step: an integer, tensor or variable; ``None`` for the default step.
        description: Markdown.

    Raises:
        ValueError: there is no step, or ``data`` is no string.
    """
    strings = array_of(data)
    if strings.dtype != object:
        raise ValueError(f"data: must be strings; received {strings.dtype} for {name!r}.")

    def write(writer: SummaryWriter, tag: str, _: Any, number: int) -> None:
        writer.text(tag, strings, number, description)

    return _written(name, np.zeros(0, np.int32), step, write)


def flush(writer: SummaryWriter | None = None, name: str | None = None) -> None:
    """Make what was written visible to readers, ``tf.summary.flush``.

    Args:
        writer: the writer; ``None`` for the default one, if there is one.
        name: ignored.
    """
    del name
    chosen = DEFAULTS.writer if writer is None else writer
    if chosen is not None:
        tell(chosen.flush, [])


@contextmanager
def record_if(condition: Any) -> Iterator[None]:
    """Write inside the block only where ``condition`` holds, ``tf.summary.record_if``.

    Args:
        condition: a bool, a bool tensor, or a function that returns one and is asked for every summary.
    """
    before, DEFAULTS.condition = DEFAULTS.condition, condition
    try:
        yield
    finally:
        DEFAULTS.condition = before


def should_record_summaries() -> Tensor:
    """Tell whether there is a writer, and what ``record_if`` says, ``tf.summary.should_record_summaries``."""
    return Tensor(_allowed()) if DEFAULTS.writer is not None else constant(False)


def get_step() -> Any:
    """Return the default step, ``tf.summary.experimental.get_step``; ``None`` if there is none."""
    return DEFAULTS.step


def set_step(step: Any) -> None:
    """Set the default step of this thread, ``tf.summary.experimental.set_step``.

    Args:
        step: an integer, tensor or variable; ``None`` for none.
    """
    DEFAULTS.step = step


def _allowed() -> Any:
    condition = DEFAULTS.condition
    return array_of(condition() if callable(condition) else condition)


def _written(name: str, array: Any, step: Any, write: Write) -> Tensor:
    writer = DEFAULTS.writer
    if writer is None:
        return constant(False)
    if writer.closed:
        raise RuntimeError(f"SummaryWriter {writer!r} is already closed")
    number = DEFAULTS.step if step is None else step
    if number is None:
        raise ValueError(
            "No step set. Please specify one either through the `step` argument or through "
            "tf.summary.experimental.set_step()"
        )
    tag, allowed = full_name(name), _allowed()

    def host(value: Any, at: Any, wanted: Any) -> None:
        if wanted:
            write(writer, tag, value, int(at))

    tell(host, [array, array_of(number), allowed])
    return Tensor(allowed)


experimental = SimpleNamespace(get_step=get_step, set_step=set_step)
"""``tf.summary.experimental``."""
