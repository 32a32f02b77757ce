"""What ``tf.compat.v1`` has, what of 2.x builds graphs, and what is there no more."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from tenon.compat import (
    _accepted,
    _arithmetic,
    _averages,
    _classes,
    _dimension,
    _global_state,
    _gradients,
    _graph,
    _initializers,
    _logging,
    _losses,
    _metrics,
    _mode,
    _operation,
    _optimizer,
    _optimizer_rules,
    _random,
    _sampled,
    _saver,
    _scatter,
    _schedules,
    _session,
    _spellings,
    _steps,
    _structure,
    _summaries,
    _variable_scope,
    _variables,
)
from tenon.compat._moved import MOVED
from tenon.compat._ops import op
from tenon.core import NAMES as CORE


def _named(module: Any, *names: str, under: str = "") -> dict[str, Any]:
    return {f"{under}{name}": getattr(module, name) for name in names}


_INITIALIZERS: Final = {
    name: getattr(_initializers, f"{name}_initializer")
    for name in (
        *("zeros", "ones", "constant", "random_uniform", "random_normal", "truncated_normal", "variance_scaling"),
        *("glorot_uniform", "glorot_normal", "orthogonal", "identity", "uniform_unit_scaling"),
    )
}

_RANDOM: Final = {
    "random.normal": _random.random_normal,
    "random.uniform": _random.random_uniform,
    "random.truncated_normal": _random.truncated_normal,
    "random.gamma": _random.random_gamma,
    "random.poisson": _random.poisson,
    "random.categorical": _random.categorical,
    "random.shuffle": _random.random_shuffle,
    "image.random_crop": _random.random_crop,
}

GRAPH_AWARE: Final[Mapping[str, Any]] = {
    **_RANDOM,
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


def _v1() -> dict[str, Any]:
    state = _named(
        _global_state,
        *("add_to_collection", "add_to_collections", "get_collection", "get_collection_ref", "global_variables"),
        *("local_variables", "model_variables", "moving_average_variables", "trainable_variables"),
        *("variables_initializer", "global_variables_initializer", "local_variables_initializer", "tables_initializer"),
        *("report_uninitialized_variables", "assign", "assign_add", "assign_sub", "executing_eagerly"),
        *("executing_eagerly_outside_functions", "disable_eager_execution", "enable_eager_execution"),
        *("disable_v2_behavior", "enable_v2_behavior", "disable_v2_tensorshape", "enable_v2_tensorshape"),
        "resource_variables_enabled",
    )
    switches = (
        *("enable_resource_variables", "disable_resource_variables", "enable_control_flow_v2"),
        *("disable_control_flow_v2", "enable_tensor_equality", "disable_tensor_equality"),
    )
    return {
        **{path: graph_aware_name(moved) for path, moved in MOVED.items()},
        **{path: _spellings.spelled(path) for path in _spellings.SPELLINGS},
        **state,
        **dict.fromkeys(switches, _global_state.does_nothing),
        "control_flow_v2_enabled": _global_state.resource_variables_enabled,
        "all_variables": _global_state.global_variables,
        "initialize_all_variables": _global_state.global_variables_initializer,
        "initialize_local_variables": _global_state.local_variables_initializer,
        "initialize_variables": _global_state.variables_initializer,
        "initialize_all_tables": _global_state.tables_initializer,
        **_named(_graph, "Graph", "GraphKeys", "get_default_graph", "reset_default_graph"),
        **_named(_session, "Session", "InteractiveSession"),
        **_named(_mode, "get_default_session"),
        **_named(_structure, "placeholder", "placeholder_with_default", "group", "no_op", "name_scope"),
        **_named(_structure, "control_dependencies"),
        "tuple": _structure.tuple_,
        "Variable": _classes.VariableV1,
        "is_variable_initialized": _variables.is_variable_initialized,
        **_named(_variable_scope, "AUTO_REUSE", "VariableScope", "get_variable", "get_local_variable"),
        **_named(_variable_scope, "get_variable_scope", "variable_scope"),
        **_named(_gradients, "gradients", "hessians"),
        **_named(_dimension, "Dimension", "dimension_value", "dimension_at_index"),
        **_named(_accepted, "ConfigProto", "GPUOptions", "GraphOptions", "OptimizerOptions", "RunOptions"),
        **_named(_accepted, "RunMetadata", "AggregationMethod"),
        **{f"{name}_initializer": value for name, value in _INITIALIZERS.items() if name != "identity"},
        **{f"initializers.{name}": value for name, value in _INITIALIZERS.items()},
        **_named(_initializers, "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", under="initializers."),
        "initializers.global_variables": _global_state.global_variables_initializer,
        "initializers.local_variables": _global_state.local_variables_initializer,
        "initializers.variables": _global_state.variables_initializer,
        "initializers.tables_initializer": _global_state.tables_initializer,
        **_RANDOM,
        **_named(_random, "random_normal", "random_uniform", "truncated_normal", "random_gamma", "random_poisson"),
        **_named(_random, "multinomial", "random_shuffle", "random_crop", "set_random_seed", "get_seed"),
        "random.poisson": _random.random_poisson,
        "random.multinomial": _random.multinomial,
        "random.set_random_seed": _random.set_random_seed,
        "random.get_seed": _random.get_seed,
        **{
            f"to_{name}": _arithmetic.cast_to(dtype)
            for name, dtype in {
                "float": "float32",
                "double": "float64",
                "int32": "int32",
                "int64": "int64",
                "bfloat16": "bfloat16",
                "complex64": "complex64",
                "complex128": "complex128",
            }.items()
        },
        **_named(_arithmetic, "div", "where", "batch_to_space_nd", "clip_by_average_norm", "constant", "py_func"),
        "floor_div": op("math.floordiv"),
        "Print": _arithmetic.print_when_run,
        **_named(
            _arithmetic, "dropout", "embedding_lookup", "xw_plus_b", "relu_layer", "fused_batch_norm", under="nn."
        ),
        **_named(_arithmetic, "softmax_cross_entropy_with_logits", "sigmoid_cross_entropy_with_logits", under="nn."),
        **_named(
            _losses,
            *("Reduction", "absolute_difference", "add_loss", "compute_weighted_loss", "cosine_distance", "get_losses"),
            *("get_regularization_loss", "get_regularization_losses", "get_total_loss", "hinge_loss", "huber_loss"),
            *("log_loss", "mean_pairwise_squared_error", "mean_squared_error", "sigmoid_cross_entropy"),
            *("softmax_cross_entropy", "sparse_softmax_cross_entropy"),
            under="losses.",
        ),
        **_named(
            _metrics,
            *("accuracy", "mean", "mean_absolute_error", "mean_squared_error", "precision", "recall"),
            "root_mean_squared_error",
            under="metrics.",
        ),
        **_named(
            _summaries,
            *("FileWriter", "histogram", "image", "merge", "merge_all", "scalar", "text"),
            under="summary.",
        ),
        **_named(_sampled, "nce_loss", "sampled_softmax_loss", "log_uniform_candidate_sampler", under="nn."),
        "random.log_uniform_candidate_sampler": _sampled.log_uniform_candidate_sampler,
        **{f"scatter_{how}": _scatter.scatter(how) for how in ("add", "sub", "update", "mul", "div", "min", "max")},
        "make_template": _scatter.make_template,
        "train.ExponentialMovingAverage": _averages.ExponentialMovingAverage,
        **_named(
            _logging,
            *("DEBUG", "ERROR", "FATAL", "INFO", "WARN", "debug", "error", "fatal", "get_verbosity", "info", "log"),
            *("set_verbosity", "warn", "warning"),
            under="logging.",
        ),
        **_named(_optimizer, "Optimizer", under="train."),
        **_named(
            _optimizer_rules,
            *("GradientDescentOptimizer", "MomentumOptimizer", "AdamOptimizer", "AdagradOptimizer"),
            *("RMSPropOptimizer", "AdadeltaOptimizer", "FtrlOptimizer"),
            under="train.",
        ),
        **_named(_saver, "Saver", "checkpoint_exists", "remove_checkpoint", "get_checkpoint_mtimes", under="train."),
        **_named(_saver, "update_checkpoint_state", under="train."),
        **_named(
            _schedules,
            *("exponential_decay", "natural_exp_decay", "inverse_time_decay", "polynomial_decay"),
            *("piecewise_constant", "cosine_decay", "cosine_decay_restarts", "linear_cosine_decay"),
            under="train.",
        ),
        "train.piecewise_constant_decay": _schedules.piecewise_constant,
        **_named(
            _steps, "get_global_step", "create_global_step", "get_or_create_global_step", "global_step", under="train."
        ),
    }


V1: Final[Mapping[str, Any]] = _v1()
"""What ``tf.compat.v1`` has for itself, by the path below it; all else there is what 2.x has under the same path."""
