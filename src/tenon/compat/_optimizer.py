"""What all optimizers of 1.x share: gradients, slots, one operation that changes every variable."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from tenon.compat._calls import recorded
from tenon.compat._global_state import trainable_variables
from tenon.compat._gradients import gradients
from tenon.compat._graph import GraphKeys, graph_to_build
from tenon.compat._operation import GraphTensor, Operation
from tenon.compat._ops import op
from tenon.compat._structure import control_dependencies, group
from tenon.compat._variable_scope import get_variable_scope
from tenon.compat._variables import GraphVariable, new_graph_variable
from tenon.core import NAMES
from tenon.core.tensors import Tensor, convert_to_tensor


class Optimizer(ABC):
    """Changes variables by gradients, ``tf.compat.v1.train.Optimizer``.

    An optimizer states its slots and its rule; everything else is here.

    Args:
        use_locking: accepted and ignored.
        name: the name of slots and operations.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[GraphVariable, GraphVariable]] = {}
        self._shared: dict[str, GraphVariable] = {}

    def _slot_values(self) -> dict[str, Any]:
        """Return what the slots of a variable begin with, by name: a number for each."""
        return {}

    def _shared_values(self) -> dict[str, Any]:
        """Return what variables begin with that there is one of, by name."""
        return {}

    @abstractmethod
    def _hyperparameters(self) -> dict[str, Any]:
        """Return numbers or tensors that the rule takes, by name."""

    @abstractmethod
    def _updated(self, value: Any, gradient: Any, slots: dict[str, Any], hyper: dict[str, Any]) -> Any:
        """Return the new value of a variable; change ``slots`` in place."""

    def _finish(self, updates: list[Any]) -> list[Any]:
        """Return what has to run when all variables have changed, beside that."""
        return updates

    def get_name(self) -> str:
        """Return the name."""
        return self._name

    def get_slot_names(self) -> list[str]:
        """Return the names of the slots, sorted."""
        return sorted(self._slots)

    def get_slot(self, var: GraphVariable, name: str) -> GraphVariable | None:
        """Return the slot of a variable, ``None`` where there is none."""
        return self._slots.get(name, {}).get(var)

    def variables(self) -> list[GraphVariable]:
        """Return all variables of the optimizer, sorted by name."""
        slots = [slot for named in self._slots.values() for slot in named.values()]
        return sorted([*self._shared.values(), *slots], key=lambda one: one.name)

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = 1,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """Return an operation that makes a step down the gradient.

        Args:
            loss: a tensor of the graph.
            global_step: a variable that counts steps, or ``None``.
            var_list: the variables to change; ``None`` for all that are trainable.
            gate_gradients: accepted and ignored.
            aggregation_method: accepted and ignored.
            colocate_gradients_with_ops: accepted and ignored.
            name: the operation's name.
            grad_loss: the gradient of the loss to start from, or ``None`` for one.

        Raises:
            ValueError: no variable has a gradient.
        """
        pairs = self.compute_gradients(
            loss, var_list, gate_gradients, aggregation_method, colocate_gradients_with_ops, grad_loss
        )
        if all(gradient is None for gradient, _ in pairs):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support gradients, "
                f"between variables {[str(variable) for _, variable in pairs]} and loss {loss}."
            )
        return self.apply_gradients(pairs, global_step, name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = 1,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """Return pairs of gradient and variable; arguments as of ``minimize``.

        Raises:
            ValueError: there is no variable.
        """
        del gate_gradients, aggregation_method, colocate_gradients_with_ops
        if callable(loss):
            loss = loss()
        variables = list(trainable_variables() if var_list is None else _flat(var_list))
        if not variables:
            raise ValueError("No variables to optimize.")
        found = gradients(loss, variables, grad_loss)
        return list(zip(found, variables, strict=True))

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Operation:
        """Return an operation that changes variables by gradients.

        Args:
            grads_and_vars: pairs of gradient and variable.
            global_step: a variable that counts steps, or ``None``.
            name: the operation's name.

        Raises:
            ValueError: there is no gradient.
        """
        graph = graph_to_build(f"{type(self).__name__}.apply_gradients")
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError("No variables provided.")
        pairs = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable: every gradient is None.")
        self._create_slots([variable for _, variable in pairs])
        with graph.name_scope(name or self._name) as scope:
            hyper = self._hyperparameters()
            updates = [self._update(gradient, variable, hyper) for gradient, variable in pairs]
            finished = self._finish(updates)
            if global_step is None:
                done = group(*finished, name=scope)
            else:
                with control_dependencies([group(*finished, name="update")]):
                    done = global_step.assign_add(1, name=scope, read_value=False)
        collected = graph.get_collection_ref(GraphKeys.TRAIN_OP)
        if done not in collected:
            collected.append(done)
        operation: Operation = done
        return operation

    def _create_slots(self, variables: Sequence[GraphVariable]) -> None:
        for name, value in self._shared_values().items():
            if name not in self._shared:
                self._shared[name] = new_graph_variable(value, False, None, True, name)
        for variable in variables:
            for name, value in self._slot_values().items():
                named = self._slots.setdefault(name, {})
                if variable not in named:
                    named[variable] = self._new_slot(variable, value)

    def _new_slot(self, variable: GraphVariable, value: float) -> GraphVariable:
        around = get_variable_scope().name
        stem = f"{around}/{variable.op.name}" if around else variable.op.name
        sizes, dtype = variable.static_shape.as_list(), variable.dtype
        with variable.graph.name_scope(None):
            return new_graph_variable(_filled(sizes, value, dtype), False, None, True, f"{stem}/{self._name}")

    def _update(self, gradient: Any, variable: GraphVariable, hyper: dict[str, Any]) -> GraphTensor:
        slots = {name: named[variable] for name, named in self._slots.items()}

        def change(given: Tensor, numbers: dict[str, Any], state: Any) -> Any:
            values = {name: state.read(slot) for name, slot in slots.items()}
            cast = {name: _number(number, variable.dtype) for name, number in numbers.items()}
            new = self._updated(state.read(variable), given, values, cast)
            new = new if variable.constraint is None else variable.constraint(new)
            for name, slot in slots.items():
                state.assign(slot, values[name])
            state.assign(variable, new)
            return new

        found: GraphTensor = recorded(
            f"Apply{self._name}", f"update_{variable.op.name}", change, (gradient, hyper), {}, stage=False,
            stateful=True, role="assign", differentiable=False,
        )  # fmt: skip
        return found


def _flat(values: Any) -> list[Any]:
    return (
        [one for item in values for one in (_flat(item) if isinstance(item, list | tuple) else [item])]
        if isinstance(values, list | tuple)
        else [values]
    )


def _filled(sizes: Sequence[Any], value: float, dtype: Any) -> Any:
    return op("fill")(sizes, op("constant")(value, dtype))


def _number(value: Any, dtype: Any) -> Tensor:
    found: Tensor = NAMES["cast"](convert_to_tensor(value), dtype)
    return found
