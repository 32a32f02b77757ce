"""From objects to a bundle on disk: at once, or on a thread that works on copies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenon.base import UnimplementedError
from tenon.core.tensors import Tensor
from tenon.formats import BundleWriter
from tenon.train._graph import Node, graph_proto
from tenon.train._keys import OBJECT_GRAPH


@dataclass(frozen=True)
class Snapshot:
    """The values of objects at one moment.

    Attributes:
        tensors: arrays by key. They are not copied, but nobody changes an array of JAX.
        graph: the serialized object graph.
    """

    tensors: Mapping[str, Any]
    graph: bytes


def snapshot(nodes: Sequence[Node], copied: bool = False) -> Snapshot:
    """Return the values of nodes.

    Args:
        nodes: what ``walk`` returned.
        copied: whether to copy them to the host's memory, so that a training step may reuse the device's.

    Raises:
        UnimplementedError: they are to be copied and one lies on devices of several processes.
    """
    tensors = {key: _array(node.tensors[name]) for node in nodes for name, key in node.keys().items()}
    if copied:
        tensors = {key: np.array(_whole(key, array)) for key, array in tensors.items()}
    return Snapshot(tensors, graph_proto(nodes).SerializeToString(deterministic=True))


def _array(value: Any) -> Any:
    return value.value if isinstance(value, Tensor) else value


def _whole(key: str, array: Any) -> np.ndarray:
    if not getattr(array, "is_fully_addressable", True):
        raise UnimplementedError(
            f"{key}: a Checkpoint saves what this process can see, but the array lies on devices of several processes. "
            "Use tenon.train.AsyncCheckpointer, with which every process writes its part."
        )
    return np.asarray(array)


def write_snapshot(path: str, values: Snapshot) -> None:
    """Write values as a bundle; what stood at ``path`` is there until all is on disk.

    Raises:
        UnimplementedError: an array lies on devices of several processes.
        OSError: the file system refuses.
    """
    with BundleWriter(path) as writer:
        for key, array in values.tensors.items():
            writer.add(key, _whole(key, array))
        writer.add(OBJECT_GRAPH, np.array(values.graph, dtype=object))


class BackgroundWriter:
    """Runs one task after the other on a thread; what goes wrong there is raised at the next ``wait``."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def start(self, task: Callable[[], None]) -> None:
        """Run a task in the background; the last one must have been waited for."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._run, args=[task], name="tenon-checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Wait for the task; raise what it raised."""
        if self._thread is None:
            return
        self._thread.join()
        self._thread, error, self._error = None, self._error, None
        if error is not None:
            raise error

    def _run(self, task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:  # it is raised in the thread that waits
            self._error = error
