"""Summaries become events, events become a file that TensorBoard reads."""

from __future__ import annotations

import os
import time
import weakref
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.formats import EventFileWriter, make_tensor_proto, message_class
from tenon.summary._defaults import default_writer, set_default_writer
from tenon.summary._histogram import DEFAULT_BUCKETS, histogram_buckets
from tenon.summary._png import encode_png, to_pixels

_SCALAR, _TENSOR, _BLOB_SEQUENCE = 1, 2, 3
"""Numbers of ``tensorflow.DataClass``."""


class SummaryWriter:
    """Write the summaries of one run; TensorBoard calls the folder of the event file the run.

    The event file is created at once and buffered; ``flush`` makes everything written so far visible to readers, and
    what was flushed survives a kill. A writer that is dropped, or left open at exit, closes its file. Usable as a
    context manager, which closes.

    Args:
        log_dir: the run's folder; created when missing.
        filename_suffix: appended to the event file's name.

    Raises:
        OSError: the folder or the file cannot be created.

    Example:
        >>> import tempfile
        >>> with SummaryWriter(tempfile.mkdtemp()) as writer:
        ...     writer.scalar("loss", 0.25, step=1)
    """

    def __init__(self, log_dir: str | os.PathLike[str], filename_suffix: str = "") -> None:
        self._file = EventFileWriter(log_dir, filename_suffix)
        self._closed = False
        weakref.finalize(self, self._file.close)

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def scalar(self, tag: str, value: Any, step: int, description: str | None = None) -> None:
        """Write one number, stored as float32; NaN and infinities are written as they are.

        Raises:
            InvalidArgumentError: ``value`` is no single real number.
        """
        number = np.asarray(value)
        if number.shape != () or number.dtype.kind in "cOSUMm":
            raise InvalidArgumentError(
                f"value: a scalar must be one real number; received {number.dtype} of shape {number.shape} for {tag!r}."
            )
        with np.errstate(over="ignore"):
            self._summary(tag, number.astype(np.float32), step, "scalars", _SCALAR, description)

    def histogram(
        self, tag: str, values: Any, step: int, buckets: int = DEFAULT_BUCKETS, description: str | None = None
    ) -> None:
        """Write how values of any shape are distributed; the rules are those of ``histogram_buckets``.

        Raises:
            InvalidArgumentError: ``buckets`` is less than 1.
        """
        self._summary(tag, histogram_buckets(values, buckets), step, "histograms", _TENSOR, description)

    def image(self, tag: str, images: Any, step: int, max_outputs: int = 3, description: str | None = None) -> None:
        """Write the first ``max_outputs`` pictures of ``[k, height, width, channels]``, floats in [0, 1] or uint8.

        Raises:
            InvalidArgumentError: the shape or the dtype is no picture's.
        """
        pixels = to_pixels(images)
        _, height, width, _ = pixels.shape
        pictures = [encode_png(picture) for picture in pixels[:max_outputs]]
        strings = np.array([str(width).encode(), str(height).encode(), *pictures], dtype=object)
        self._summary(tag, strings, step, "images", _BLOB_SEQUENCE, description)

    def text(self, tag: str, text: Any, step: int, description: str | None = None) -> None:
        """Write Markdown, one text or an array of them, for the text dashboard."""
        found = np.array(text.encode(), dtype=object) if isinstance(text, str) else np.asarray(text, object)
        self._summary(tag, found, step, "text", _TENSOR, description)

    def graph(self, graph_def: Any) -> None:
        """Write the run's graph.

        Args:
            graph_def: a ``tensorflow.GraphDef`` message.
        """
        self._event(graph_def=graph_def.SerializeToString())

    def flush(self) -> None:
        """Make everything written so far visible to readers."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close the file; closing again does nothing."""
        self._closed = True
        self._file.close()

    def init(self) -> None:
        """Do nothing: the file is there when the writer is, ``tf.summary.SummaryWriter.init``."""

    def as_default(self, step: Any = None) -> AbstractContextManager[SummaryWriter]:
        """Return a context in which ``tf.summary.scalar`` and its like write here.

        Args:
            step: the step of what is written without one; an integer, tensor or variable.

        Raises:
            RuntimeError: the writer is closed.
        """
        return default_writer(self, step)

    def set_as_default(self, step: Any = None) -> None:
        """Let ``tf.summary.scalar`` and its like write here from now on, in this thread.

        Args:
            step: the step of what is written without one.

        Raises:
            RuntimeError: the writer is closed.
        """
        set_default_writer(self, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _summary(
        self, tag: str, array: Any, step: int, plugin: str, data_class: int, description: str | None = None
    ) -> None:
        summary = message_class("tensorflow.Summary")()
        value = summary.value.add(tag=tag, tensor=make_tensor_proto(array))
        value.metadata.plugin_data.plugin_name = plugin
        value.metadata.data_class = data_class
        value.metadata.summary_description = description or ""
        self._event(step=int(step), summary=summary)

    def _event(self, **fields: Any) -> None:
        self._file.write(message_class("tensorflow.Event")(wall_time=time.time(), **fields))
