"""Moving averages of variables and tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tenon.compat._global_state import moving_average_variables, trainable_variables
from tenon.compat._graph import GraphKeys, get_default_graph
from tenon.compat._ops import op, tensor_of
from tenon.compat._structure import group
from tenon.compat._variables import GraphVariable, new_graph_variable


class ExponentialMovingAverage:
    """Keeps averages that forget exponentially, ``tf.train.ExponentialMovingAverage``.

    Args:
        decay: how much of the average is kept at each update.
        num_updates: a count of updates, with which the decay begins smaller; ``None`` for none.
        zero_debias: accepted; averages of tensors begin with zero and are corrected.
        name: the end of the averages' names.
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        del zero_debias
        self._decay = decay
        self._num_updates = num_updates
        self._name = name
        self._averages: dict[Any, GraphVariable] = {}

    @property
    def name(self) -> str:
        """The end of the averages' names."""
        return self._name

    def apply(self, var_list: Iterable[Any] | None = None) -> Any:
        """Return an operation that updates the averages of variables or tensors.

        Args:
            var_list: what to average; ``None`` for the trainable variables.
        """
        values = list(trainable_variables() if var_list is None else var_list)
        for value in values:
            if value not in self._averages:
                self._averages[value] = self._new(value)
        decay = tensor_of(self._decay)
        if self._num_updates is not None:
            count = op("cast")(self._num_updates, "float32")
            decay = op("math.minimum")(decay, (1.0 + count) / (10.0 + count))
        return group(*[self._update(value, decay) for value in values], name=self._name)

    def _new(self, value: Any) -> GraphVariable:
        graph = get_default_graph()
        graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, value)
        with graph.name_scope(None), graph.outside():
            first = value.initialized_value() if isinstance(value, GraphVariable) else op("zeros_like")(value)
            return new_graph_variable(first, False, None, True, f"{value.op.name}/{self._name}")

    def _update(self, value: Any, decay: Any) -> Any:
        average = self._averages[value]
        rest = op("cast")(1.0 - decay, average.dtype)
        return average.assign_sub((average.snapshot - tensor_of(value)) * rest)

    def average(self, var: Any) -> GraphVariable | None:
        """Return the variable that holds an average, ``None`` where there is none."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """Return the name of the variable that holds an average."""
        return f"{var.op.name}/{self._name}"

    def variables_to_restore(self, moving_avg_variables: Iterable[Any] | None = None) -> dict[str, Any]:
        """Return the variables by the names that a checkpoint with averages has for them."""
        averaged = (
            list(trainable_variables() + moving_average_variables())
            if moving_avg_variables is None
            else list(moving_avg_variables)
        )
        found: dict[str, Any] = {self.average_name(one): one for one in averaged if isinstance(one, GraphVariable)}
        others = get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES)
        known = set(found.values())
        found.update({one.op.name: one for one in others if one not in known})
        return found
