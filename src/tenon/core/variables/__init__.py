"""What changes: variables, the modules that hold them, and the scopes in which they live and are named.

>>> counter = Variable(0)
>>> counter.assign_add(2).numpy()
np.int32(2)
"""

from tenon.core.variables._module import Module
from tenon.core.variables._naming import full_name, name_scope
from tenon.core.variables._observers import Observer, attribute_was_set, observers, variable_is_used
from tenon.core.variables._scope import StateScope, current_scope, read_array, state_scope, written_array
from tenon.core.variables._variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
    is_variable,
)

__all__ = [
    "Module",
    "Observer",
    "StateScope",
    "Variable",
    "VariableAggregation",
    "VariableSynchronization",
    "attribute_was_set",
    "current_scope",
    "full_name",
    "is_variable",
    "name_scope",
    "observers",
    "read_array",
    "state_scope",
    "variable_is_used",
    "written_array",
]
