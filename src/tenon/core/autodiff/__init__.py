"""Derivatives as TensorFlow takes them: backward with tapes, forward with accumulators, or as the user says.

>>> from tenon.core.variables import Variable
>>> from tenon.core.operations import square
>>> x = Variable(3.0)
>>> with GradientTape() as tape:
...     y = square(x)
>>> tape.gradient(y, x).numpy()
np.float32(6.0)
"""

from tenon.core.autodiff._custom import custom_gradient, grad_pass_through, recompute_grad
from tenon.core.autodiff._forward import ForwardAccumulator
from tenon.core.autodiff._tape import GradientTape, UnconnectedGradients

__all__ = [
    "ForwardAccumulator",
    "GradientTape",
    "UnconnectedGradients",
    "custom_gradient",
    "grad_pass_through",
    "recompute_grad",
]
