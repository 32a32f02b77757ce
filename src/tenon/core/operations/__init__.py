"""The table of operations: how a row becomes TensorFlow's function, and the rows of arithmetic and arrays.

>>> add([1, 2], 3).numpy().tolist()
[4, 5]
"""

from tenon.core.operations import _operators, _unary
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
from tenon.core.operations._operation import Operation, Parameter, signature_of
from tenon.core.operations._row import OPERATIONS, operation
from tenon.core.operations._types import BOOLEAN, FLOATS, INEXACT, INTEGERS, NUMBERS, NUMERIC, REALS, SIGNED, STRINGS
from tenon.core.operations._unary import exp, log, sqrt

__all__ = [
    "add",
    "divide",
    "floordiv",
    "floormod",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "square",
    "subtract",
    "truediv",
    "cast",
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "not_equal",
    "eye",
    "fill",
    "linspace",
    "meshgrid",
    "one_hot",
    "ones",
    "ones_like",
    "range",
    "sequence_mask",
    "zeros",
    "zeros_like",
    "install_binary",
    "install_operator",
    "reduce_all",
    "reduce_any",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "Operation",
    "Parameter",
    "signature_of",
    "OPERATIONS",
    "operation",
    "BOOLEAN",
    "FLOATS",
    "INEXACT",
    "INTEGERS",
    "NUMBERS",
    "NUMERIC",
    "REALS",
    "SIGNED",
    "STRINGS",
    "exp",
    "log",
    "sqrt",
]
