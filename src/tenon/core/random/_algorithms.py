"""TensorFlow's names of algorithms that make random bits. Tenon has one generator; the names set the form of states."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

import numpy as np

from tenon.core._names import export
from tenon.core.tensors import array_of, is_tensor_like


@export("random.Algorithm", "random.experimental.Algorithm")
class Algorithm(Enum):
    """How random bits are made, ``tf.random.Algorithm``. Whichever is asked for, the bits are Tenon's own."""

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


_NAMES: Final = {"philox": Algorithm.PHILOX, "threefry": Algorithm.THREEFRY, "auto_select": Algorithm.AUTO_SELECT}
_STATE_SIZES: Final = {Algorithm.PHILOX: 3, Algorithm.THREEFRY: 2, Algorithm.AUTO_SELECT: 3}


def as_algorithm(alg: Any) -> Algorithm:
    """Return the algorithm that an ``alg`` argument means.

    Raises:
        ValueError: there is no such algorithm.

    Example:
        >>> as_algorithm("philox"), as_algorithm(2)
        (<Algorithm.PHILOX: 1>, <Algorithm.THREEFRY: 2>)
    """
    if is_tensor_like(alg) or isinstance(alg, np.generic):
        alg = int(np.asarray(array_of(alg)))
    try:
        return _NAMES[alg] if isinstance(alg, str) else Algorithm(alg)
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"Argument `alg` got unsupported value {alg!r}. Supported values are philox, threefry and auto_select."
        ) from error


def state_size(algorithm: Algorithm) -> int:
    """Return how many 64-bit integers a state has: the counter's, then one of the key.

    Example:
        >>> state_size(Algorithm.PHILOX)
        3
    """
    return _STATE_SIZES[algorithm]
