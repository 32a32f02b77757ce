"""The types of operations, which are also their names where the user gives none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TYPES: Final[Mapping[str, str]] = {
    "math.add": "Add",
    "math.multiply": "Mul",
    "math.subtract": "Sub",
    "math.truediv": "truediv",
    "math.divide": "truediv",
    "math.negative": "Neg",
    "math.pow": "Pow",
    "math.reduce_mean": "Mean",
    "math.reduce_sum": "Sum",
    "math.reduce_max": "Max",
    "math.reduce_min": "Min",
    "math.reduce_prod": "Prod",
    "math.reduce_all": "All",
    "math.reduce_any": "Any",
    "linalg.matmul": "MatMul",
    "math.argmax": "ArgMax",
    "math.argmin": "ArgMin",
    "constant": "Const",
    "concat": "concat",
    "stack": "stack",
    "unstack": "unstack",
    "split": "split",
    "transpose": "transpose",
    "random.normal": "random_normal",
    "random.uniform": "random_uniform",
    "random.truncated_normal": "truncated_normal",
    "zeros": "zeros",
    "ones": "ones",
    "one_hot": "one_hot",
    "range": "range",
    "cond": "cond",
    "while_loop": "while",
    "case": "case",
    "strided_slice": "strided_slice",
    "nn.dropout": "dropout",
    "nn.bias_add": "BiasAdd",
    "expand_dims": "ExpandDims",
}


def op_type(path: str) -> str:
    """Return the type of the operation that a public function makes.

    Example:
        >>> op_type("math.reduce_sum"), op_type("nn.relu"), op_type("math.squared_difference")
        ('Sum', 'Relu', 'SquaredDifference')
    """
    found = _TYPES.get(path)
    if found is None:
        found = "".join([part[:1].upper() + part[1:] for part in path.rpartition(".")[2].split("_")])
    return found
