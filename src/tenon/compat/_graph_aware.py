"""What of 2.x builds graphs, from the moment when graphs are used."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from tenon.compat import (
    _accepted,
    _arithmetic,
    _classes,
    _global_state,
    _gradients,
    _graph,
    _operation,
    _random,
    _structure,
)
from tenon.compat._ops import op
from tenon.core import NAMES as CORE

RANDOM: Final[Mapping[str, Any]] = {
    "random.normal": _random.random_normal,
    "random.uniform": _random.random_uniform,
    "random.truncated_normal": _random.truncated_normal,
    "random.gamma": _random.random_gamma,
    "random.poisson": _random.poisson,
    "random.categorical": _random.categorical,
    "random.shuffle": _random.random_shuffle,
    "image.random_crop": _random.random_crop,
}
"""The random numbers that 1.x and 2.x have under the same paths."""

GRAPH_AWARE: Final[Mapping[str, Any]] = {
    **RANDOM,
    "Graph": _graph.Graph,
    "Operation": _operation.Operation,
    "Variable": _classes.Variable,
    "Tensor": _classes.Tensor,
    "TensorArray": _classes.TensorArray,
    "SparseTensor": _classes.SparseTensor,
    "sparse.SparseTensor": _classes.SparseTensor,
    "IndexedSlices": _classes.IndexedSlices,
    "AggregationMethod": _accepted.AggregationMethod,
    "gradients": _gradients.gradients,
    "hessians": _gradients.hessians,
    "group": _structure.group,
    "no_op": _structure.no_op,
    "control_dependencies": _structure.control_dependencies,
    "name_scope": _classes.name_scope,
    "init_scope": _classes.init_scope,
    "executing_eagerly": _global_state.executing_eagerly,
    "function": _classes.function,
    "nn.dropout": _arithmetic.dropout_v2,
    "get_static_value": _arithmetic.get_static_value,
    "tuple": lambda tensors, control_inputs=None, name=None: _structure.tuple_(tensors, name, control_inputs),
}
"""What stands under a path of 2.x from the moment when graphs are used, where it is no function of ``core``."""

_AS_THEY_ARE: Final = (
    *("config.", "nest.", "io.gfile.", "test.", "sysconfig.", "debugging.enable", "debugging.disable", "debugging.get"),
    *("debugging.set", "debugging.is_", "types.", "random.set_", "random.get_", "random.create", "dtypes."),
)
_ALSO: Final = frozenset(
    {
        *("as_dtype", "is_tensor", "device", "custom_gradient", "recompute_grad", "grad_pass_through", "get_logger"),
        *("is_symbolic_tensor", "inside_function", "broadcast_static_shape"),
    }
)


@cache
def graph_aware_name(path: str) -> Any:
    """Return what stands under a path of 2.x when graphs are used: it builds where a graph is built.

    Args:
        path: a path below ``tf``.

    Raises:
        KeyError: ``core`` has no such name, and graphs have none.

    Example:
        >>> graph_aware_name("math.add")(1, 2).numpy()
        np.int32(3)
    """
    if path in GRAPH_AWARE:
        return GRAPH_AWARE[path]
    value = CORE[path]
    if not isinstance(value, types.FunctionType) or path in _ALSO or path.startswith(_AS_THEY_ARE):
        return value
    return op(path)
