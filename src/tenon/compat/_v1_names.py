"""What ``tf.compat.v1`` has for itself: tables of its names, by the module that has them or by what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
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
from tenon.compat._graph_aware import RANDOM, graph_aware_name
from tenon.compat._moved import MOVED
from tenon.compat._ops import op

_OF_MODULES: Final[tuple[tuple[str, ModuleType, str], ...]] = (
    (
        "",
        _global_state,
        (
            "add_to_collection add_to_collections get_collection get_collection_ref global_variables local_variables "
            "model_variables moving_average_variables trainable_variables variables_initializer "
            "global_variables_initializer local_variables_initializer tables_initializer "
            "report_uninitialized_variables assign assign_add assign_sub executing_eagerly "
            "executing_eagerly_outside_functions disable_eager_execution enable_eager_execution disable_v2_behavior "
            "enable_v2_behavior disable_v2_tensorshape enable_v2_tensorshape resource_variables_enabled"
        ),
    ),
    ("", _graph, "Graph GraphKeys get_default_graph reset_default_graph"),
    ("", _session, "Session InteractiveSession"),
    ("", _mode, "get_default_session"),
    ("", _structure, "placeholder placeholder_with_default group no_op name_scope control_dependencies"),
    ("", _variables, "is_variable_initialized"),
    ("", _variable_scope, "AUTO_REUSE VariableScope get_variable get_local_variable get_variable_scope variable_scope"),
    ("", _gradients, "gradients hessians"),
    ("", _dimension, "Dimension dimension_value dimension_at_index"),
    ("", _accepted, "ConfigProto GPUOptions GraphOptions OptimizerOptions RunOptions RunMetadata AggregationMethod"),
    ("initializers.", _initializers, "he_normal he_uniform lecun_normal lecun_uniform"),
    ("", _random, "random_normal random_uniform truncated_normal random_gamma random_poisson multinomial"),
    ("", _random, "random_shuffle random_crop set_random_seed get_seed"),
    ("random.", _random, "multinomial set_random_seed get_seed"),
    ("", _arithmetic, "div where batch_to_space_nd clip_by_average_norm constant py_func"),
    ("nn.", _arithmetic, "dropout embedding_lookup xw_plus_b relu_layer fused_batch_norm"),
    ("nn.", _arithmetic, "softmax_cross_entropy_with_logits sigmoid_cross_entropy_with_logits"),
    (
        "losses.",
        _losses,
        (
            "Reduction absolute_difference add_loss compute_weighted_loss cosine_distance get_losses "
            "get_regularization_loss get_regularization_losses get_total_loss hinge_loss huber_loss log_loss "
            "mean_pairwise_squared_error mean_squared_error sigmoid_cross_entropy softmax_cross_entropy "
            "sparse_softmax_cross_entropy"
        ),
    ),
    ("metrics.", _metrics, "accuracy mean mean_absolute_error mean_squared_error precision recall"),
    ("metrics.", _metrics, "root_mean_squared_error"),
    ("summary.", _summaries, "FileWriter histogram image merge merge_all scalar text"),
    ("nn.", _sampled, "nce_loss sampled_softmax_loss log_uniform_candidate_sampler"),
    ("random.", _sampled, "log_uniform_candidate_sampler"),
    ("", _scatter, "make_template"),
    ("train.", _averages, "ExponentialMovingAverage"),
    ("logging.", _logging, "DEBUG ERROR FATAL INFO WARN debug error fatal get_verbosity info log set_verbosity warn"),
    ("logging.", _logging, "warning"),
    ("train.", _optimizer, "Optimizer"),
    ("train.", _optimizer_rules, "GradientDescentOptimizer MomentumOptimizer AdamOptimizer AdagradOptimizer"),
    ("train.", _optimizer_rules, "RMSPropOptimizer AdadeltaOptimizer FtrlOptimizer"),
    ("train.", _saver, "Saver checkpoint_exists remove_checkpoint get_checkpoint_mtimes update_checkpoint_state"),
    ("train.", _schedules, "exponential_decay natural_exp_decay inverse_time_decay polynomial_decay"),
    ("train.", _schedules, "piecewise_constant cosine_decay cosine_decay_restarts linear_cosine_decay"),
    ("train.", _steps, "get_global_step create_global_step get_or_create_global_step global_step"),
)
"""Where names stand, the module that has them, and they."""

_INITIALIZERS: Final = {
    name: getattr(_initializers, f"{name}_initializer")
    for name in (
        *("zeros", "ones", "constant", "random_uniform", "random_normal", "truncated_normal", "variance_scaling"),
        *("glorot_uniform", "glorot_normal", "orthogonal", "identity", "uniform_unit_scaling"),
    )
}

_WITHOUT_EFFECT: Final = (
    *("enable_resource_variables", "disable_resource_variables", "enable_control_flow_v2"),
    *("disable_control_flow_v2", "enable_tensor_equality", "disable_tensor_equality"),
)

_CASTS: Final[Mapping[str, str]] = {
    **{name: name for name in ("int32", "int64", "bfloat16", "complex64", "complex128")},
    "float": "float32",
    "double": "float64",
}

_UNDER_OTHER_NAMES: Final[Mapping[str, Any]] = {
    "control_flow_v2_enabled": _global_state.resource_variables_enabled,
    "all_variables": _global_state.global_variables,
    "initialize_all_variables": _global_state.global_variables_initializer,
    "initialize_local_variables": _global_state.local_variables_initializer,
    "initialize_variables": _global_state.variables_initializer,
    "initialize_all_tables": _global_state.tables_initializer,
    "initializers.global_variables": _global_state.global_variables_initializer,
    "initializers.local_variables": _global_state.local_variables_initializer,
    "initializers.variables": _global_state.variables_initializer,
    "initializers.tables_initializer": _global_state.tables_initializer,
    "tuple": _structure.tuple_,
    "Variable": _classes.VariableV1,
    "random.poisson": _random.random_poisson,
    "floor_div": op("math.floordiv"),
    "Print": _arithmetic.print_when_run,
    "train.piecewise_constant_decay": _schedules.piecewise_constant,
}

V1: Final[Mapping[str, Any]] = {
    **{path: graph_aware_name(moved) for path, moved in MOVED.items()},
    **{path: _spellings.spelled(path) for path in _spellings.SPELLINGS},
    **RANDOM,
    **{f"{under}{name}": getattr(module, name) for under, module, names in _OF_MODULES for name in names.split()},
    **{f"{name}_initializer": value for name, value in _INITIALIZERS.items() if name != "identity"},
    **{f"initializers.{name}": value for name, value in _INITIALIZERS.items()},
    **dict.fromkeys(_WITHOUT_EFFECT, _global_state.does_nothing),
    **{f"to_{name}": _arithmetic.cast_to(dtype) for name, dtype in _CASTS.items()},
    **{f"scatter_{how}": _scatter.scatter(how) for how in ("add", "sub", "update", "mul", "div", "min", "max")},
    **_UNDER_OTHER_NAMES,
}
"""What ``tf.compat.v1`` has for itself, by the path below it; all else there is what 2.x has under the same path."""
