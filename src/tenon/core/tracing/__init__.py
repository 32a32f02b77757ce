"""Python that runs once on symbols becomes a pure function of arrays, with the variables that it read and assigned.

>>> import numpy as np
>>> traced = trace(lambda x: ([x + 1], None), [np.zeros(2)], "plus_one")
>>> traced.sources, traced.written
((), ())
"""

from tenon.core.tracing._context import executing_eagerly, init_scope, inside_function, is_symbolic_tensor
from tenon.core.tracing._scope import FunctionScope
from tenon.core.tracing._trace import Access, Traced, trace

__all__ = [
    "Access",
    "FunctionScope",
    "Traced",
    "executing_eagerly",
    "init_scope",
    "inside_function",
    "is_symbolic_tensor",
    "trace",
]
