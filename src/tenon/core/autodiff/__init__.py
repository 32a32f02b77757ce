"""Derivatives as TensorFlow takes them: the tape.

>>> from tenon.core.variables import Variable
>>> from tenon.core.operations import square
>>> x = Variable(3.0)
>>> with GradientTape() as tape:
...     y = square(x)
>>> tape.gradient(y, x).numpy()
np.float32(6.0)
"""

from tenon.core.autodiff._tape import GradientTape, UnconnectedGradients

__all__ = ["GradientTape", "UnconnectedGradients"]
