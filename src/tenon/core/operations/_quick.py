"""The short way through the call of a row of one or two tensors: nearly every call of arithmetic takes it.

Where the arguments are tensors, variables, numbers of Python or arrays of NumPy whose dtypes fit, nothing is done but
to run the kernel. Everything else, errors included, goes the long way of ``_call``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from tenon.core.operations._call import caller, kernel_function
from tenon.core.operations._conversion import is_number, number_beside
from tenon.core.operations._row import Operation
from tenon.core.operations._types import NUMERIC
from tenon.core.recording import kernel, run, run_unrecorded
from tenon.core.tensors import DTYPES, Tensor
from tenon.core.variables import Variable


def is_quick(row: Operation) -> bool:
    """Tell whether ``quick_caller`` may be used: what it returns must be one tensor that nothing is done to."""
    tensors = row.tensors
    plain = all(p.kind == tensors[0].kind and not p.many and p.default is None for p in tensors)
    alone = len(tensors) in (1, 2) and not row.attributes and tensors[0].kind not in ("any", "index")
    return plain and alone and row.result is None and not row.host and not row.composed


def quick_caller(row: Operation) -> Callable[..., Any]:
    """Return what does the same as ``caller`` and takes the tensors one by one."""
    call = caller(row)
    kind = row.tensors[0].kind
    names = (row.types or NUMERIC) if kind == "T" else frozenset({str(kind)})
    allowed = frozenset([DTYPES[name].dtype for name in names])
    found, check = kernel(kernel_function(row)), row.check
    run_kernel = run if row.differentiable else run_unrecorded

    def of_one(x: Any) -> Any:
        array = _own_array(x)
        if array is not None and array.dtype in allowed and check is None:
            try:
                return Tensor(run_kernel(found, (array,)))
            except (TypeError, ValueError):
                pass  # told properly below
        return call((x,), ())

    def of_two(x: Any, y: Any) -> Any:
        left, right = _beside(x, y)
        if left is not None and right is not None and left.dtype is right.dtype and left.dtype in allowed:
            if check is not None and not isinstance(left, jax.core.Tracer) and not isinstance(right, jax.core.Tracer):
                check(left, right)
            try:
                return Tensor(run_kernel(found, (left, right)))
            except (TypeError, ValueError):
                pass  # told properly below
        return call((x, y), ())

    return of_one if len(row.tensors) == 1 else of_two


def _beside(x: Any, y: Any) -> tuple[Any, Any]:
    """Return the arrays of two values of which at least one is a tensor; ``None`` for what needs a closer look."""
    left, right = _own_array(x), _own_array(y)
    if left is None:
        return (None, None) if right is None else (_array_beside(x, right.dtype), right)
    return left, _array_beside(y, left.dtype) if right is None else right


def _own_array(value: Any) -> Any | None:
    kind = type(value)
    return value.value if kind is Tensor else value.value().value if kind is Variable else None


def _array_beside(value: Any, dtype: np.dtype) -> Any | None:
    """Return a number or an array of NumPy, that stands beside a tensor of ``dtype``, as an array of that dtype."""
    if is_number(value):
        return number_beside(value, dtype)
    return value if type(value) is np.ndarray and value.dtype is dtype else None
