"""Linear algebra, as ``tf.linalg``.

>>> matmul([[1.0, 2.0]], [[3.0], [4.0]]).numpy().tolist()
[[11.0]]
"""

from tenon.core.linalg._products import matmul

__all__ = ["matmul"]
