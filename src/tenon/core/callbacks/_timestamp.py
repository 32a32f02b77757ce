"""The time on the host: ``tf.timestamp``."""

from __future__ import annotations

import time

import jax
import numpy as np

from tenon.core._names import export
from tenon.core.callbacks._host import ask
from tenon.core.tensors import Tensor, as_tensor


@export("timestamp")
def timestamp(name: str | None = None) -> Tensor:
    """Return the seconds since 1970 as a float64 scalar, ``tf.timestamp``; in a traced function, whenever it runs.

    Args:
        name: ignored.

    Example:
        >>> timestamp().dtype
        tf.float64
    """
    del name
    (seconds,) = ask(lambda: [np.asarray(time.time())], [], [jax.ShapeDtypeStruct((), np.float64)])
    return as_tensor(seconds)
