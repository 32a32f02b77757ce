"""NumPy's functions on tensors, with gradients and in functions: ``tf.experimental.numpy``.

>>> array([1, 2]).dtype
tf.int64
"""

from tenon.core.numpy_api._behavior import experimental_enable_numpy_behavior
from tenon.core.numpy_api._more import arange, array, asarray, einsum, nonzero, result_type, where
from tenon.core.numpy_api._random import rand, randint, randn, uniform

__all__ = [
    "arange",
    "array",
    "asarray",
    "einsum",
    "experimental_enable_numpy_behavior",
    "nonzero",
    "rand",
    "randint",
    "randn",
    "result_type",
    "uniform",
    "where",
]
