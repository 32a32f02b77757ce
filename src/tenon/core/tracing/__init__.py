"""Python that runs once on symbols becomes a pure function of arrays, with the variables that it read and assigned.

>>> import numpy as np
>>> traced = trace(lambda x: ([x + 1], None), [np.zeros(2, np.float32)], "plus_one")
>>> traced.sources, traced.written
((), ())
"""

from tenon.core.tracing._context import executing_eagerly, init_scope, inside_function, is_symbolic_tensor
from tenon.core.tracing._form import Form, taken_apart
from tenon.core.tracing._linked import linked
from tenon.core.tracing._scope import Access, Creations
from tenon.core.tracing._trace import Traced, source_array, trace

__all__ = [
    "Access",
    "Creations",
    "Form",
    "Traced",
    "executing_eagerly",
    "init_scope",
    "inside_function",
    "is_symbolic_tensor",
    "linked",
    "source_array",
    "taken_apart",
    "trace",
]
