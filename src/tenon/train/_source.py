"""Where restored values come from: a bundle, or anything else that has tensors by key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from google.protobuf.message import DecodeError

from tenon.base import DataLossError
from tenon.formats import BundleReader, message_class
from tenon.train._keys import OBJECT_GRAPH


class TensorSource(Protocol):
    """Has the tensors of a checkpoint."""

    def keys(self) -> Collection[str]:
        """Return the keys of all tensors."""

    def fetch(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return tensors by key: NumPy arrays, or arrays that lie already where JAX was told to put them.

        Args:
            wanted: by key, the object that will get the tensor.

        Raises:
            DataLossError: the stored bytes are missing or damaged.
        """


class BundleSource:
    """The tensors of a bundle, each of which is read when it is looked up.

    Args:
        path: the bundle, without ``.index``.

    Raises:
        NotFoundError: there is no such bundle.
        DataLossError: its index is damaged.
    """

    def __init__(self, path: str) -> None:
        self._reader = BundleReader(path)

    def keys(self) -> Collection[str]:
        """Return the keys of all tensors."""
        return self._reader.keys()

    def fetch(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return tensors by key, to be read one by one."""
        return _Lookup(self._reader, wanted)


class _Lookup(Mapping[str, Any]):
    def __init__(self, reader: BundleReader, keys: Collection[str]) -> None:
        self._reader = reader
        self._keys = keys

    def __getitem__(self, key: str) -> Any:
        return self._reader.read(key)

    def __iter__(self) -> Any:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def object_graph(source: TensorSource, path: str) -> Any | None:
    """Return the ``TrackableObjectGraph`` of a checkpoint; ``None`` where it goes by the names of variables.

    Raises:
        DataLossError: it is damaged.
    """
    keys = source.keys()
    if OBJECT_GRAPH not in keys:
        return None
    serialized = source.fetch({OBJECT_GRAPH: None})[OBJECT_GRAPH][()]
    try:
        return message_class("tensorflow.TrackableObjectGraph").FromString(serialized)
    except DecodeError as error:
        raise DataLossError(
            f"{path}: the object graph of the checkpoint is damaged. Restore it from a copy."
        ) from error
