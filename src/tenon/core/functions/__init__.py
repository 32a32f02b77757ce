"""``tf.function``: Python is traced once for each kind of arguments and runs as one compiled program.

    call -> key -> program (traced, compiled) -> outputs
                      ^  reads variables, writes variables

>>> from tenon.core.variables import Variable
>>> total = Variable(0)
>>> @function
... def add(x):
...     total.assign_add(x)
...     return total.value()
>>> add(2).numpy(), add(3).numpy(), total.numpy()
(np.int32(2), np.int32(5), np.int32(5))
"""

from tenon.core.functions._autograph import to_code, to_graph
from tenon.core.functions._concrete import ConcreteFunction
from tenon.core.functions._function import Function, function
from tenon.core.functions._pure import PureForm
from tenon.core.functions._types import SupportsTracingProtocol, TraceType, control_dependencies

__all__ = [
    "ConcreteFunction",
    "Function",
    "PureForm",
    "SupportsTracingProtocol",
    "TraceType",
    "control_dependencies",
    "function",
    "to_code",
    "to_graph",
]
