"""What changes: variables, the modules that hold them, and the scopes in which they live and are named.

>>> counter = Variable(0)
>>> counter.assign_add(2).numpy()
np.int32(2)
"""

from tenon.core.variables._module import Module
from tenon.core.variables._naming import full_name, name_scope
from tenon.core.variables._observers import Observer, attribute_was_set, observers, variable_is_used
from tenon.core.variables._scope import (
    StateScope,
    assign_array,
    current_scope,
    held_array,
    hold_array,
    read_array,
    scoped_array,
    state_scope,
    tell_tapes,
    written_array,
)
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
    "assign_array",
    "attribute_was_set",
    "current_scope",
    "full_name",
    "held_array",
    "hold_array",
    "is_variable",
    "name_scope",
    "observers",
    "read_array",
    "scoped_array",
    "state_scope",
    "tell_tapes",
    "variable_is_used",
    "written_array",
]
