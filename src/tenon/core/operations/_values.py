"""What is known of values without computing: static values, fingerprints."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations._gather import EVERY
from tenon.core.operations._table import operation
from tenon.core.tensors import Tensor
from tenon.formats import fingerprint64


@export("get_static_value")
def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """Return the value of a tensor as NumPy's, if it is known without running anything, as ``tf.get_static_value``.

    Args:
        tensor: a tensor, or a value of Python or NumPy, which is returned as it is.
        partial: ignored: where only some elements of a tensor are known, ``None`` is returned.

    Returns:
        The value; ``None`` for a variable, and for a tensor that is computed in a function while it is traced.

    Example:
        >>> get_static_value(Tensor(np.array(b"a", object)))
        b'a'
    """
    del partial
    if isinstance(tensor, Tensor):
        return None if tensor.is_symbolic else tensor.numpy()
    return None if hasattr(tensor, "assign") else tensor


_METHODS: Final = ("farmhash64",)


def _fingerprint(data: np.ndarray, method: str) -> np.ndarray:
    if method not in _METHODS:
        raise InvalidArgumentError(f"method: Unsupported fingerprint method: {method}; use {_METHODS[0]}.")
    if not data.ndim:
        raise InvalidArgumentError("tf.fingerprint: data should have at least one dimension; received a scalar.")
    rows = [_row_bytes(row) for row in data.reshape(len(data), -1)]
    numbers = np.array([fingerprint64(row) for row in rows], "<u8")
    return numbers.view(np.uint8).reshape(len(data), 8)


def _row_bytes(row: np.ndarray) -> bytes:
    """Return what is hashed of a row: its memory; of strings the string, or the fingerprints of several."""
    if row.dtype != np.dtype(object):
        return row.tobytes()
    if len(row) == 1:
        return bytes(row[0])
    return np.array([fingerprint64(item) for item in row], "<u8").tobytes()


fingerprint = operation(
    "fingerprint",
    'data: T, method="farmhash64"',
    _fingerprint,
    "Returns, of each row, a hash of its bytes: 8 numbers of uint8.",
    '["abc", "def"]',
    types=EVERY,
    differentiable=False,
    host=True,
)
