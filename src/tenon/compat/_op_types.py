"""The types of operations, which are also their names where the user gives none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TYPES: Final[Mapping[str, str]] = {
    "add": "Add",
    "multiply": "Mul",
    "subtract": "Sub",
    "truediv": "truediv",
    "divide": "truediv",
    "negative": "Neg",
    "pow": "Pow",
    "reduce_mean": "Mean",
    "reduce_sum": "Sum",
    "reduce_max": "Max",
    "reduce_min": "Min",
    "reduce_prod": "Prod",
    "reduce_all": "All",
    "reduce_any": "Any",
    "matmul": "MatMul",
    "argmax": "ArgMax",
    "argmin": "ArgMin",
    "constant": "Const",
    "concat": "concat",
    "stack": "stack",
    "unstack": "unstack",
    "split": "split",
    "transpose": "transpose",
    "normal": "random_normal",
    "uniform": "random_uniform",
    "truncated_normal": "truncated_normal",
    "zeros": "zeros",
    "ones": "ones",
    "one_hot": "one_hot",
    "range": "range",
    "cond": "cond",
    "while_loop": "while",
    "case": "case",
    "strided_slice": "strided_slice",
    "dropout": "dropout",
    "bias_add": "BiasAdd",
    "expand_dims": "ExpandDims",
}


def op_type(path: str) -> str:
    """Return the type of the operation that a public function makes.

    Example:
        >>> op_type("math.reduce_sum"), op_type("nn.relu"), op_type("math.squared_difference")
        ('Sum', 'Relu', 'SquaredDifference')
    """
    name = path.rpartition(".")[2]
    return _TYPES.get(name) or "".join([part[:1].upper() + part[1:] for part in name.split("_")])
