"""The table of operations: how a row becomes TensorFlow's function, and the rows of arithmetic and arrays.

>>> add([1, 2], 3).numpy().tolist()
[4, 5]
"""

from tenon.core.operations._arithmetic import (
    add,
    divide,
    floordiv,
    floormod,
    maximum,
    minimum,
    multiply,
    negative,
    square,
    subtract,
    truediv,
)
from tenon.core.operations._casting import cast
from tenon.core.operations._comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
)
from tenon.core.operations._creation import (
    eye,
    fill,
    linspace,
    meshgrid,
    one_hot,
    ones,
    ones_like,
    range,
    sequence_mask,
    zeros,
    zeros_like,
)
from tenon.core.operations._operators import install_binary, install_operator
from tenon.core.operations._reductions import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from tenon.core.operations._row import Operation, Parameter, signature_of
from tenon.core.operations._table import OPERATIONS, operation
from tenon.core.operations._types import BOOLEAN, FLOATS, INEXACT, INTEGERS, NUMBERS, NUMERIC, REALS, SIGNED, STRINGS
from tenon.core.operations._unary import exp, log, sqrt

__all__ = [
    "BOOLEAN",
    "FLOATS",
    "INEXACT",
    "INTEGERS",
    "NUMBERS",
    "NUMERIC",
    "OPERATIONS",
    "Operation",
    "Parameter",
    "REALS",
    "SIGNED",
    "STRINGS",
    "add",
    "cast",
    "divide",
    "equal",
    "exp",
    "eye",
    "fill",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "install_binary",
    "install_operator",
    "less",
    "less_equal",
    "linspace",
    "log",
    "logical_and",
    "logical_not",
    "logical_or",
    "maximum",
    "meshgrid",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "operation",
    "range",
    "reduce_all",
    "reduce_any",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "sequence_mask",
    "signature_of",
    "sqrt",
    "square",
    "subtract",
    "truediv",
    "zeros",
    "zeros_like",
]
