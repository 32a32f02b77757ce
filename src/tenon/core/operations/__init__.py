"""The table of operations: how a row becomes TensorFlow's function, and the rows of arithmetic and arrays.

>>> add([1, 2], 3).numpy().tolist()
[4, 5]
"""

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
from tenon.core.operations._elementwise import add, multiply, reduce_sum, sqrt, square, subtract
from tenon.core.operations._row import (
    BOOLEAN,
    FLOATS,
    INEXACT,
    INTEGERS,
    NUMBERS,
    NUMERIC,
    OPERATIONS,
    REALS,
    STRINGS,
    Operation,
    Parameter,
    operation,
    signature_of,
)

__all__ = [
    "BOOLEAN",
    "FLOATS",
    "INEXACT",
    "INTEGERS",
    "NUMBERS",
    "NUMERIC",
    "OPERATIONS",
    "REALS",
    "STRINGS",
    "Operation",
    "Parameter",
    "add",
    "eye",
    "fill",
    "linspace",
    "meshgrid",
    "multiply",
    "one_hot",
    "ones",
    "ones_like",
    "operation",
    "range",
    "reduce_sum",
    "sequence_mask",
    "signature_of",
    "sqrt",
    "square",
    "subtract",
    "zeros",
    "zeros_like",
]
