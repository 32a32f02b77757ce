"""Summaries of graphs: strings that a writer puts into event files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tenon.compat._graph import GraphKeys, get_default_graph, graph_to_build
from tenon.compat._ops import tensor_of
from tenon.compat._samples import samples_of
from tenon.core.tensors import Tensor, TensorShape, string
from tenon.summary import SummaryWriter

Write = Callable[[SummaryWriter, Any, int], None]


def _summary(name: str, tensor: Any, collections: Any, family: str | None, kind: str) -> Any:
    graph = graph_to_build(f"tf.compat.v1.summary.{kind}")
    value = tensor_of(tensor)
    tag = graph.unique_name(f"{family}/{name}" if family else name, mark_as_used=False)

    def compute(environment: Any, values: Sequence[Any]) -> list[Tensor]:
        del environment
        return [_packed([(kind, tag, np.asarray(values[0].numpy()))])]

    described = [(string, samples_of(TensorShape([]), string))]
    operation = graph.add(f"{kind.capitalize()}Summary", name, [value], compute, described, role="host")
    graph.add_to_collections(list(collections or [GraphKeys.SUMMARIES]), operation.outputs[0])
    return operation.outputs[0]


def _packed(parts: Sequence[tuple[str, str, np.ndarray]]) -> Tensor:
    """Return what summaries say as one string, which only ``FileWriter`` reads."""
    buffer = io.BytesIO()
    named: dict[str, Any] = {f"{place}|{kind}|{tag}": value for place, (kind, tag, value) in enumerate(parts)}
    np.savez(buffer, **named)
    found = np.empty((), object)
    found[()] = buffer.getvalue()
    return Tensor(found)


def _unpacked(data: bytes) -> list[tuple[str, str, np.ndarray]]:
    with np.load(io.BytesIO(data)) as parts:
        keys = sorted(parts.files, key=lambda key: int(key.split("|", 1)[0]))
        return [(*key.split("|", 2)[1:], parts[key]) for key in keys]


def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Any:
    """Return a summary of a number, ``tf.compat.v1.summary.scalar``.

    Args:
        name: its tag.
        tensor: the number.
        collections: where it is listed; ``None`` for all summaries.
        family: is put before the tag.
    """
    return _summary(name, tensor, collections, family, "scalar")


def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Any:
    """Return a summary of many numbers, ``tf.compat.v1.summary.histogram``; arguments as of ``scalar``."""
    return _summary(name, values, collections, family, "histogram")


def image(name: str, tensor: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None) -> Any:
    """Return a summary of images, ``tf.compat.v1.summary.image``; at most ``max_outputs`` are kept."""
    return _summary(name, tensor_of(tensor)[:max_outputs], collections, family, "image")


def text(name: str, tensor: Any, collections: Any = None) -> Any:
    """Return a summary of text, ``tf.compat.v1.summary.text``."""
    return _summary(name, tensor, collections, None, "text")


def merge(inputs: Sequence[Any], collections: Any = None, name: str | None = None) -> Any:
    """Return one summary of several, ``tf.compat.v1.summary.merge``."""
    graph = graph_to_build("tf.compat.v1.summary.merge")

    def compute(environment: Any, values: Sequence[Any]) -> list[Tensor]:
        del environment
        return [_packed([part for value in values for part in _unpacked(value.numpy())])]

    described = [(string, samples_of(TensorShape([]), string))]
    operation = graph.add("MergeSummary", name, list(inputs), compute, described, role="host")
    graph.add_to_collections(list(collections or []), operation.outputs[0])
    return operation.outputs[0]


def merge_all(key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None) -> Any:
    """Return one summary of all that are listed, ``None`` where there is none, ``tf.compat.v1.summary.merge_all``."""
    found = get_default_graph().get_collection(key, scope)
    return merge(found, name=name) if found else None


_WRITERS: dict[str, Write] = {
    "scalar": lambda writer, part, step: writer.scalar(part[0], float(part[1]), step),
    "histogram": lambda writer, part, step: writer.histogram(part[0], part[1], step),
    "image": lambda writer, part, step: writer.image(part[0], part[1], step),
    "text": lambda writer, part, step: writer.text(part[0], part[1][()].decode(), step),
}


class FileWriter:
    """Writes summaries into an event file, ``tf.compat.v1.summary.FileWriter``.

    Args:
        logdir: the folder.
        graph: accepted and ignored.
        max_queue: accepted and ignored.
        flush_secs: accepted and ignored.
        graph_def: not taken.
        filename_suffix: the end of the file's name.
        session: accepted and ignored.
    """

    def __init__(
        self,
        logdir: Any,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        graph_def: None = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        del graph, max_queue, flush_secs, graph_def, session
        self._folder = str(logdir)
        self._writer = SummaryWriter(logdir, filename_suffix or "")

    def get_logdir(self) -> str:
        """Return the folder."""
        return self._folder

    def add_summary(self, summary: bytes, global_step: Any = None) -> None:
        """Write a summary that a session returned.

        Args:
            summary: what ``session.run`` gave for a summary.
            global_step: the step that it belongs to.
        """
        for kind, tag, value in _unpacked(summary):
            _WRITERS[kind](self._writer, (tag, value), int(global_step or 0))

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Accept a graph; it is not written."""
        del graph, global_step, graph_def

    def flush(self) -> None:
        """Let the file have everything."""
        self._writer.flush()

    def close(self) -> None:
        """Write everything and close the file."""
        self._writer.close()

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
