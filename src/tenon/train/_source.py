"""Where restored values come from: a bundle, or anything else that reads a tensor by its key."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
from google.protobuf.message import DecodeError

from tenon.base import DataLossError
from tenon.formats import message_class
from tenon.train._keys import OBJECT_GRAPH


class TensorSource(Protocol):
    """Reads the tensors of a checkpoint."""

    def keys(self) -> Collection[str]:
        """Return the keys of all tensors."""

    def read(self, key: str) -> np.ndarray:
        """Return a tensor; strings are an object array of ``bytes``.

        Raises:
            DataLossError: the stored bytes are missing or damaged.
        """


def object_graph(source: TensorSource, path: str) -> Any | None:
    """Return the ``TrackableObjectGraph`` of a checkpoint; ``None`` where it goes by the names of variables.

    Raises:
        DataLossError: it is damaged.
    """
    keys = source.keys()
    if OBJECT_GRAPH not in keys:
        return None
    try:
        return message_class("tensorflow.TrackableObjectGraph").FromString(source.read(OBJECT_GRAPH)[()])
    except DecodeError as error:
        raise DataLossError(
            f"{path}: the object graph of the checkpoint is damaged. Restore it from a copy."
        ) from error
