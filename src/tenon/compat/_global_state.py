"""Functions of the default graph: collections, variables, initializers, assignments, switches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenon.compat._graph import GraphKeys, get_default_graph, graph_to_build
from tenon.compat._mode import PROCESS, THREAD, building
from tenon.compat._samples import samples_of
from tenon.compat._structure import group
from tenon.core.tensors import Tensor, TensorShape, as_dtype
from tenon.core.tracing import executing_eagerly as core_executing_eagerly


def add_to_collection(name: str, value: Any) -> None:
    """Add a value to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Add a value to several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: str, scope: str | None = None) -> list[Any]:
    """Return the values of a collection of the default graph."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: str) -> list[Any]:
    """Return the list that a collection of the default graph is."""
    return get_default_graph().get_collection_ref(key)


def global_variables(scope: str | None = None) -> list[Any]:
    """Return the variables of the default graph whose names begin with ``scope``."""
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def local_variables(scope: str | None = None) -> list[Any]:
    """Return the local variables of the default graph."""
    return get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """Return the model variables of the default graph."""
    return get_collection(GraphKeys.MODEL_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """Return the variables of which averages are kept."""
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Any]:
    """Return the trainable variables of the default graph."""
    return get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Any], name: str = "init") -> Any:
    """Return an operation that gives variables their first values."""
    return group(*[variable.initializer for variable in var_list], name=name)


def global_variables_initializer() -> Any:
    """Return an operation that gives all variables of the default graph their first values."""
    return variables_initializer(global_variables())


def local_variables_initializer() -> Any:
    """Return an operation that gives all local variables their first values."""
    return variables_initializer(local_variables())


def tables_initializer(name: str = "init_all_tables") -> Any:
    """Return an operation that does nothing: tables are ready when they are made."""
    return group(name=name)


def report_uninitialized_variables(var_list: Any = None, name: str = "report_uninitialized_variables") -> Any:
    """Return the names of variables that have no value when the session runs, a vector of strings."""
    graph = graph_to_build("tf.compat.v1.report_uninitialized_variables")
    variables = list(global_variables() + local_variables() if var_list is None else var_list)

    def compute(environment: Any, values: Any) -> list[Tensor]:
        del values
        missing = [one.op.name.encode() for one in variables if not environment.state.is_initialized(one)]
        return [Tensor(np.array(missing, object).reshape(len(missing)))]

    string = as_dtype("string")
    described = [(string, samples_of(TensorShape([None]), string))]
    return graph.add("ReportUninitialized", name, [], compute, described, role="host").outputs[0]


def assign(ref: Any, value: Any, validate_shape: Any = None, use_locking: Any = None, name: str | None = None) -> Any:
    """Give a variable a new value, ``tf.compat.v1.assign``."""
    del validate_shape, use_locking
    return ref.assign(value, name=name)


def assign_add(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Any:
    """Add to a variable, ``tf.compat.v1.assign_add``."""
    del use_locking
    return ref.assign_add(value, name=name)


def assign_sub(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Any:
    """Subtract from a variable, ``tf.compat.v1.assign_sub``."""
    del use_locking
    return ref.assign_sub(value, name=name)


def executing_eagerly() -> bool:
    """Tell whether code computes at once: false while a graph is built or a function traced."""
    return core_executing_eagerly() and not building() and not THREAD.environments


def executing_eagerly_outside_functions() -> bool:
    """Tell whether code outside of functions computes at once."""
    return not building()


def disable_eager_execution() -> None:
    """Let all code build the default graph, from now on."""
    PROCESS.eager = False


def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """Let code compute at once again."""
    del config, device_policy, execution_mode
    PROCESS.eager = True


def disable_v2_behavior() -> None:
    """Behave as 1.x: code builds graphs, and sizes are ``Dimension`` objects."""
    disable_eager_execution()
    PROCESS.dimensions = True


def enable_v2_behavior() -> None:
    """Behave as 2.x again."""
    enable_eager_execution()
    PROCESS.dimensions = False


def disable_v2_tensorshape() -> None:
    """Let sizes be ``Dimension`` objects."""
    PROCESS.dimensions = True


def enable_v2_tensorshape() -> None:
    """Let sizes be integers or ``None``."""
    PROCESS.dimensions = False


def does_nothing() -> None:
    """Accept a switch of something that is always as it should be."""


def resource_variables_enabled() -> bool:
    """Tell that reading and assigning a variable has a certain order."""
    return True
